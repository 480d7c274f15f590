"""How every engine is walked through page by page while the index changes."""

from dataclasses import replace
from itertools import count
from unittest.mock import ANY

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.core.errors import InvalidCursor
from directory.search.engine import (
    Group,
    SearchEngine,
    SearchRequest,
    Tombstone,
)
from directory.search.fields import SORTS
from tests.corpus import SIZE, mentor, mentors
from tests.engines.asking import ALL, document, ids, walk, words
from tests.engines.conftest import Kit


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", [(), words("medicine")])
def test_every_mentor_once_while_documents_change(kit: Kit, sort: str, query: tuple[Group, ...]) -> None:
    engine = kit.open()
    engine.apply(mentors())
    request = SearchRequest(scope="public", query=query, sort=sort, limit=9)
    expected = walk(engine, request)
    seen: list[str] = []
    cursor = ""
    for step in count(2):
        page = engine.search(replace(request, cursor=cursor))
        seen += ids(page)
        cursor = page.cursor
        if not cursor:
            break
        changed = [
            replace(mentor(number, version=step), factor=1 + (number + step) % 7 / 7, name_sort=f"{(number * step) % 97:02d}")
            for number in range(0, SIZE, 3)
        ]
        engine.apply([*changed, document(f"new-{step}", texts={"bio": "medicine"}, factor=2.0, name_sort="m", confirmed=738_015)])
    assert seen == expected


def test_a_walk_goes_on_when_the_engine_was_restarted(kit: Kit) -> None:
    first = kit.open()
    first.apply(mentors())
    for sort in SORTS:
        request = SearchRequest(scope="public", query=words("medicine"), sort=sort, limit=10)
        expected = walk(first, request)
        page = first.search(request)
        first.close()
        first = kit.open()
        assert ids(page) + walk(first, replace(request, cursor=page.cursor)) == expected


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_goes_on_when_the_last_shown_withdrew_and_the_engine_was_restarted(kit: Kit, sort: str) -> None:
    first = kit.open()
    first.apply(mentors())
    request = SearchRequest(scope="public", sort=sort, limit=10)
    expected = walk(first, request)
    page = first.search(request)
    first.apply([Tombstone(expected[9], 2)])
    first.close()
    assert ids(page) + walk(kit.open(), replace(request, cursor=page.cursor)) == expected


def test_excluded_mentors_do_not_shift_a_walk(kit: Kit) -> None:
    engine = kit.open()
    engine.apply(mentors())
    for sort in SORTS:
        request = SearchRequest(scope="public", sort=sort, limit=10)
        expected = walk(engine, request)
        page = engine.search(request)
        gone = (expected[2], expected[9], expected[15])
        rest = walk(engine, replace(request, cursor=page.cursor, exclude=gone))
        assert ids(page) + rest == [name for name in expected if name != expected[15]]


def test_a_walk_never_shows_who_withdrew_on_the_way(kit: Kit) -> None:
    engine = kit.open()
    engine.apply([document(f"d{place}", texts={"bio": f"sepsis old{place}"}) for place in range(6)])
    request = SearchRequest(scope="public", query=words("sepsis"), sort="name", limit=2, highlight=True)
    page = engine.search(request)
    engine.apply(
        [
            Tombstone("d2", 2),
            document("d3", version=2, scopes=("widgets",)),
            document("d4", version=2, texts={"bio": "new"}),
            Tombstone("d0", 2),
        ]
    )
    second = engine.search(replace(request, cursor=page.cursor))
    third = engine.search(replace(request, cursor=second.cursor))
    assert (ids(page), ids(second), ids(third)) == (["d0", "d1"], [], ["d4", "d5"])
    assert [(hit.version, "bio" in hit.highlights) for hit in third.hits] == [(2, False), (1, True)]
    assert third.cursor == ""


@pytest.mark.parametrize("query", [(), words("medicine")])
def test_the_numbers_of_a_walk_are_of_now(kit: Kit, query: tuple[Group, ...]) -> None:
    engine = kit.open()
    engine.apply(mentors())
    asked = {"mode": ("video", "phone"), "level": ("resident", "fellow"), "availability": ("open", "waitlist")}
    for filters in ({}, {"mode": ("video",)}, asked):
        request = SearchRequest(scope="public", query=query, filters=filters, facets=ALL, limit=3)
        page = engine.search(request)
        engine.apply([Tombstone(name, 2) for name in (page.hits[0].id, *walk(engine, request)[4:6])])
        following, now = engine.search(replace(request, cursor=page.cursor)), engine.search(request)
        assert (following.total, following.facets, following.not_stated) == (now.total, now.facets, now.not_stated)
        assert now.total == page.total - 3


def test_equal_scores_are_in_the_order_of_ids_across_pages(kit: Kit) -> None:
    """Factors of 2 and the ids' own shares still meet in 32 bits now and then: the order must be total all the same."""
    engine = kit.open()
    made = [document(f"d{place:04d}", factor=1.0) for place in range(1200)]
    for start in range(0, 1200, 300):
        engine.apply(made[start : start + 300])
    whole = engine.search(SearchRequest(scope="public", limit=1000))
    pairs = [(-hit.score, hit.id) for hit in whole.hits]
    assert pairs == sorted(pairs)
    assert walk(engine, SearchRequest(scope="public", limit=77))[:1000] == ids(whole)


def test_a_cursor_belongs_to_one_question(corpus_engine: SearchEngine) -> None:
    request = SearchRequest(scope="public", query=words("medicine"), filters={"mode": ("video", "phone")}, limit=5)
    cursor = corpus_engine.search(request).cursor
    page = corpus_engine.search(
        replace(request, cursor=cursor, limit=7, facets=("mode",), highlight=True, filters={"mode": ("phone", "video")})
    )
    assert len(page.hits) == 7
    others = [
        replace(request, scope="widgets"),
        replace(request, query=()),
        replace(request, filters={"mode": ("video",)}),
        replace(request, include=frozenset({"mode"})),
        replace(request, sort="name"),
    ]
    for other in others:
        with pytest.raises(InvalidCursor):
            corpus_engine.search(replace(other, cursor=cursor))


@pytest.mark.parametrize("cursor", ["x", "é", "W10", "bnVsbA", "[]", "A" * 5000, "\ud800", "W1tbW1tbW1tbW10"])
def test_a_damaged_cursor_is_refused(corpus_engine: SearchEngine, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        corpus_engine.search(SearchRequest(scope="public", cursor=cursor))


@given(place=st.integers(0, 400), char=st.sampled_from("AZaz09-_"))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tampered_cursor_is_refused_or_harmless(corpus_engine: SearchEngine, place: int, char: str) -> None:
    request = SearchRequest(scope="public", limit=5)
    cursor = corpus_engine.search(request).cursor
    place %= len(cursor)
    try:
        page = corpus_engine.search(replace(request, cursor=cursor[:place] + char + cursor[place + 1 :]))
    except InvalidCursor:
        return
    assert page.total == 114


def test_limits_are_clamped(corpus_engine: SearchEngine) -> None:
    for limit in (0, -5, 10**9):
        page = corpus_engine.search(SearchRequest(scope="public", limit=limit))
        assert (len(page.hits), page.total, page.cursor) == (0 if limit < 1 else 114, 114, "")
    assert corpus_engine.suggest("o", scope="public", exclude=(), limit=0) == []
    assert corpus_engine.corrections("ultrasuond", scope="public", exclude=(), limit=0) == []


@pytest.mark.parametrize("text", ["", "ultrasound", "the"])
@pytest.mark.parametrize("filters", [{}, {"mode": ("video",)}, {"arena": ("research-skills",), "level": ("resident", "fellow")}])
@pytest.mark.parametrize("exclude", [(), tuple(one.id for one in mentors()[:30])])
def test_a_limit_of_0_gives_the_same_numbers(
    corpus_engine: SearchEngine, text: str, filters: dict[str, tuple[str, ...]], exclude: tuple[str, ...]
) -> None:
    request = SearchRequest("public", query=words(text) if text else (), filters=filters, exclude=exclude, facets=ALL)
    page = corpus_engine.search(request)
    assert page.total or page.not_stated
    assert corpus_engine.search(replace(request, limit=0)) == replace(page, hits=(), cursor="", generation=ANY)


def test_an_empty_index_answers(engine: SearchEngine) -> None:
    page = engine.search(SearchRequest(scope="public", query=words("a", "b"), filters={"mode": ("video",), "level": ("x",)}, facets=ALL))
    assert (page.hits, page.total, page.facets, page.not_stated, page.cursor) == ((), 0, {facet: {} for facet in ALL}, {}, "")
    assert (engine.count(), engine.versions("", 10), engine.matches("a", scope="public", exclude=())) == (0, [], 0)
