from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select

from directory.core.errors import Conflict, Invalid
from directory.store.many import insert_many
from directory.store.session import Store
from directory.store.types import Json, Line, Utc, Words

TABLE = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("line", Line(5)),
    Column("at", Utc),
    Column("json", Json),
    Column("words", Words),
)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EARLIER = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=2)))
ALL = ("id", "line", "at", "json", "words")
FIRST = (1, "one", NOON, {"b": 1, "a": [None]}, ("x", "y"))
SECOND = (2, None, None, None, None)


@pytest.fixture
def sample(empty_store: Store) -> Store:
    with empty_store.write() as conn:
        TABLE.create(conn)
    return empty_store


def rows(store: Store) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(select(TABLE).order_by(TABLE.c.id))]


def test_values_come_back_as_with_sqlalchemy(sample: Store) -> None:
    with sample.write() as conn:
        assert insert_many(conn, TABLE, ALL, [FIRST, SECOND]) == 2
        assert insert_many(conn, TABLE, ALL, []) == 0
        conn.execute(TABLE.insert(), [dict(zip(ALL, (3, *FIRST[1:]), strict=True))])
    assert rows(sample) == [FIRST, SECOND, (3, *FIRST[1:])]


def test_columns_in_any_order_and_times_of_any_zone(sample: Store) -> None:
    with sample.write() as conn:
        insert_many(conn, TABLE, ("words", "at", "id"), [((), EARLIER, 1), (("a",), NOON, 2), ((), NOON, 3)])
    assert rows(sample) == [
        (1, None, NOON - timedelta(hours=2), None, ()),
        (2, None, NOON, None, ("a",)),
        (3, None, NOON, None, ()),
    ]


def test_a_row_that_exists_is_refused_left_or_replaced(sample: Store) -> None:
    with sample.write() as conn:
        insert_many(conn, TABLE, ALL, [FIRST])
    with pytest.raises(Conflict), sample.write() as conn:
        insert_many(conn, TABLE, ALL, [SECOND, FIRST])
    assert rows(sample) == [FIRST]
    with sample.write() as conn:
        assert insert_many(conn, TABLE, ("id", "line"), [(1, "other"), (2, "two")], on_conflict="leave") == 1
    assert rows(sample) == [FIRST, (2, "two", None, None, None)]
    with sample.write() as conn:
        assert insert_many(conn, TABLE, ("id", "line", "at"), [(1, "other", None), (2, "two", NOON)], on_conflict="replace") == 2
    assert rows(sample) == [(1, "other", None, *FIRST[3:]), (2, "two", NOON, None, None)]


def test_a_column_that_must_not_become_smaller(sample: Store) -> None:
    names = ("id", "line", "at")
    with sample.write() as conn:
        insert_many(conn, TABLE, names, [(1, "a", NOON), (2, "a", NOON), (3, "a", NOON)])
        newer = [(1, "b", EARLIER), (2, "b", NOON), (3, "b", NOON + timedelta(seconds=1))]
        assert insert_many(conn, TABLE, names, newer, on_conflict="replace", newest="at") == 2
    assert [row[1] for row in rows(sample)] == ["a", "b", "b"]


@pytest.mark.parametrize("value", ["sixsix", "lo\ud800", "nul\0"])
def test_a_value_that_a_type_refuses_leaves_nothing(sample: Store, value: str) -> None:
    with pytest.raises(Invalid), sample.write() as conn:
        insert_many(conn, TABLE, ("id", "line"), [(1, "fine"), (2, value)])
    assert rows(sample) == []


def test_a_time_without_a_zone_is_a_bug(sample: Store) -> None:
    with pytest.raises(ValueError, match="without a zone"), sample.write() as conn:
        insert_many(conn, TABLE, ("id", "at"), [(1, NOON), (2, datetime(2026, 1, 1))])  # noqa: DTZ001 that is the point
    assert rows(sample) == []
