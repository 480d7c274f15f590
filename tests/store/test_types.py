from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, func, select
from sqlalchemy.exc import StatementError

from directory.core.errors import Invalid
from directory.store.session import Store
from directory.store.types import Json, Line, Utc, Words

TABLE = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("line", Line(5)),
    Column("at", Utc),
    Column("json", Json),
    Column("words", Words),
)


@pytest.fixture
def sample(empty_store: Store) -> Store:
    with empty_store.write() as conn:
        TABLE.create(conn)
    return empty_store


def stored(store: Store, **row: object) -> dict[str, object]:
    with store.write() as conn:
        conn.execute(TABLE.delete())
        conn.execute(TABLE.insert().values(row))
    with store.read() as conn:
        found = conn.execute(select(TABLE)).one()
    return {name: found._mapping[name] for name in row}


def test_times_come_back_aware_in_utc_with_microseconds(sample: Store) -> None:
    eastern = datetime(2026, 11, 2, 7, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    at = stored(sample, at=eastern)["at"]
    assert isinstance(at, datetime)
    assert (at, at.tzinfo) == (datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC), UTC)


def test_a_naive_time_is_refused(sample: Store) -> None:
    with pytest.raises(StatementError, match="a time without a zone"):
        stored(sample, at=datetime(2026, 11, 2))  # noqa: DTZ001 (that is the subject)


def test_empty_values_stay_null(sample: Store) -> None:
    assert stored(sample, line=None, at=None, json=None, words=None) == {"line": None, "at": None, "json": None, "words": None}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
        max_leaves=8,
    ).filter(lambda value: value is not None)
)
def test_json_comes_back_as_it_was(sample: Store, value: object) -> None:
    assert stored(sample, json=value) == {"json": value}


def test_json_keeps_the_order_of_keys(sample: Store) -> None:
    assert list(stored(sample, json={"b": 1, "a": "\0"})["json"]) == ["b", "a"]  # type: ignore[call-overload]


def test_words_are_a_tuple(sample: Store) -> None:
    assert stored(sample, words=("listing", "contact")) == {"words": ("listing", "contact")}
    assert stored(sample, words=()) == {"words": ()}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("123456", "a text of 6 characters does not fit"),
        ("a\0b", "a text holds the NUL character"),
        ("\ud800", "a text holds a lone surrogate"),
    ],
)
def test_a_line_refuses_what_one_of_the_databases_would(sample: Store, value: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        stored(sample, line=value)
    assert str(caught.value) == message
    assert stored(sample, line="12 \u00e95") == {"line": "12 \u00e95"}


def test_text_sorts_by_code_point(sample: Store) -> None:
    words = ["b", "B", "a", "\u00e9", "a-", "aa", "Z", "\U0001f642", "\uffee", "_"]
    with sample.write() as conn:
        conn.execute(TABLE.insert(), [{"line": word} for word in words])
    with sample.read() as conn:
        assert conn.scalars(select(TABLE.c.line).order_by(TABLE.c.line)).all() == sorted(words)
        assert conn.scalar(select(func.count()).where(TABLE.c.line > "Z")) == sum(word > "Z" for word in words)
