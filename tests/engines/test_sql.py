"""The SQL way of the benchmarks against the engine, over mentors of the demo: the same totals and counts, so that times compare."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.profiles import Profiles, person_id
from benchmarks.sql import SqlWay
from benchmarks.sql_tables import fill, mark_of
from directory.search.engine import Group, Key, Phrase, SearchRequest, Word
from directory.search.fields import FACETS
from indexer.engines.embedded import EmbeddedEngine

SIZE = 900
KEYS = {
    "arena": ("research-skills", "career-development", "personal-goals"),
    "topic": ("first-paper", "statistics", "burnout"),
    "availability": ("open", "waitlist", "paused", "unconfirmed"),
    "specialty": ("anesthesiology", "radiology", "internal-medicine", "unheard-of"),
    "level": ("resident", "fellow", "student"),
    "mode": ("video", "phone", "text"),
    "state": ("northeast", "south", "NE", "TX"),
    "stage": ("early", "mid", "senior", "emeritus"),
    "language": ("en", "es"),
    "institution": ("institution-1", "institution-7"),
}
Both = tuple[EmbeddedEngine, SqlWay]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("sql")
    documents = list(Profiles().documents(SIZE))
    engine = EmbeddedEngine(folder / "index", vocabularies_fingerprint="sql")
    engine.apply(documents)
    fill(folder / "sql.sqlite", documents, "made for a test")
    way = SqlWay(folder / "sql.sqlite")
    yield engine, way
    way.close()
    engine.close()


@st.composite
def filtered(draw: st.DrawFn) -> SearchRequest:
    chosen = draw(st.lists(st.sampled_from(tuple(FACETS)), max_size=4, unique=True))
    return SearchRequest(
        scope=draw(st.sampled_from(["public", "widgets", "nobody"])),
        filters={facet: tuple(draw(st.lists(st.sampled_from(KEYS[facet]), max_size=3, unique=True))) for facet in chosen},
        include=frozenset(draw(st.lists(st.sampled_from(["level", "topic", "mode", "stage"]), max_size=2))),
        exclude=tuple(draw(st.lists(st.integers(0, SIZE).map(person_id), max_size=3))),
        facets=draw(st.sampled_from([tuple(FACETS), ("mode", "arena"), ()])),
        limit=7,
    )


@given(request=filtered())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_counts_for_filters(both: Both, request: SearchRequest) -> None:
    engine, way = both
    page, answer = engine.search(request), way.search(request)
    assert (answer.total, answer.facets) == (page.total, page.facets)
    assert len(answer.ids) == len(page.hits)


@pytest.mark.parametrize(
    "query",
    [
        (Group("grant writing", (Word("grant"),)), Group("residents", (Word("residents"),))),
        (Group("first paper", (Phrase(("first", "paper")),)), Group("the", (Word("the"),))),
        (Group("radiology", (Word("radiology"), Key("specialty", "radiology"))), Group("writing", (Word("writing"),))),
        (Group("video", (Key("mode", "video"),)),),
    ],
)
def test_the_same_counts_for_words_with_the_same_stem(both: Both, query: tuple[Group, ...]) -> None:
    engine, way = both
    request = SearchRequest("public", query=query, filters={"stage": ("mid", "senior")}, facets=tuple(FACETS), highlight=True)
    page, answer = engine.search(request), way.search(request)
    assert page.total
    assert (answer.total, answer.facets) == (page.total, page.facets)


def test_fragments_are_made_for_words(both: Both) -> None:
    request = SearchRequest("public", query=(Group("residents", (Word("residents"),)),), limit=5, highlight=True)
    answer = both[1].search(request)
    assert len(answer.ids) == 5
    assert answer.highlights >= 5


def test_suggestions_are_people_whose_names_begin_so(both: Both) -> None:
    engine, way = both
    ours = engine.suggest("al", scope="widgets", exclude=(), limit=50)
    assert ours
    assert {row[0] for row in way.suggest("al", scope="widgets", limit=50)} == {hit.id for hit in ours}
    assert way.suggest('"', scope="widgets", limit=50) == []


def test_a_file_is_there_when_it_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "sql.sqlite"

    def broken() -> Iterator[object]:
        yield from Profiles().documents(3)
        raise RuntimeError("the store is gone")

    with pytest.raises(RuntimeError, match="the store is gone"):
        fill(file, broken(), "first")  # type: ignore[arg-type]
    assert mark_of(file) == ""
    fill(file, Profiles().documents(3), "second")
    assert mark_of(file) == "second"
