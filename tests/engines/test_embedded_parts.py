"""The parts of the embedded engine that save time, against what they replace."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tantivy import Searcher

from directory.search.engine import OfferKeys, SearchRequest
from directory.search.fields import FACETS, MISSING, SORTS
from indexer.engines.asked import accepted
from indexer.engines.embedded import EmbeddedEngine, leaders
from indexer.engines.embedded.everybody import Everybody, count_everybody
from indexer.engines.embedded.facets import facet_passes
from indexer.engines.embedded.generations import Folder, Spec
from indexer.engines.embedded.ids import HEAD, TAIL, head, numbers
from indexer.engines.embedded.joint import countable_together
from indexer.engines.embedded.pairs import PAIRED, Values, pair_field, pair_of, pairs_of
from indexer.engines.embedded.question import Question, compile_request
from indexer.engines.embedded.schema import schema
from indexer.engines.embedded.sets import by_member, keys_of, members, sets_of
from indexer.engines.embedded.terms import Terms
from indexer.engines.offers import ARENA, AVAILABILITY
from tests.corpus import KEYS, SIZE, mentor, mentors, person
from tests.engines.asking import ALL, document, found, ids

any_id = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=24)
sets = st.dictionaries(st.sets(st.sampled_from("abcd")), st.integers(1, 9))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    opened = EmbeddedEngine(tmp_path / "index", vocabularies_fingerprint="corpus", values=KEYS)
    yield opened
    opened.close()


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("kept", [0, 1, 7, 20, 113, 114, 115])
@pytest.mark.parametrize("absent", [0, 1, 30])
def test_the_first_hits_that_are_kept_are_those_that_would_be_read(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, sort: str, kept: int, absent: int
) -> None:
    engine.apply(mentors())
    request = SearchRequest("public", sort=sort, limit=7, facets=ALL)
    request = replace(request, exclude=tuple(found(engine, sort=sort, limit=40)[:: 40 // absent]) if absent else ())
    whole = engine.search(replace(request, limit=200))
    engine.apply([document("other", texts={"name": "Other"}, scopes=("widgets",))])  # a new view, which keeps nothing yet
    monkeypatch.setattr(leaders, "KEPT", kept)
    pages = [engine.search(request)]
    while pages[-1].cursor:
        pages.append(engine.search(replace(request, cursor=pages[-1].cursor)))
    assert [hit for page in pages for hit in page.hits] == list(whole.hits)
    assert {page.total for page in pages} == {114 - len(set(request.exclude))}
    assert [page.facets for page in pages] == [whole.facets] * len(pages)


def values_of_corpus() -> Values:
    return {facet: (*KEYS[facet], MISSING) for facet in PAIRED}


@given(number=st.integers(0, SIZE - 1), data=st.data())
def test_a_pair_says_that_a_mentor_has_either(number: int, data: st.DataObject) -> None:
    values = values_of_corpus()
    for facet, known in values.items():
        chosen = data.draw(st.sets(st.sampled_from(known), min_size=2, max_size=2))
        has = not chosen.isdisjoint(keys_of(mentor(number), facet))
        assert (pair_of(chosen) in pairs_of(mentor(number), values)[pair_field(facet)]) == has


def test_a_key_that_came_after_the_index_was_made_is_found(tmp_path: Path) -> None:
    """Its generation does not know the key, whoever writes to it and whoever asks."""
    folder = tmp_path / "index"
    before = EmbeddedEngine(folder, vocabularies_fingerprint="old", values={"stage": ("early", "mid"), "mode": ("video",)})
    before.apply([document("a", keys={"stage": ("early",), "mode": ("video",)}), document("b", keys={"stage": ("mid",)})])
    before.close()
    later = EmbeddedEngine(folder, vocabularies_fingerprint="new", values={"stage": ("early", "mid", "late"), "mode": ("video", "phone")})
    later.apply([document("c", keys={"stage": ("late",), "mode": ("phone",)}), document("d", keys={"stage": ("early",)})])

    def either(*keys: str, facet: str = "stage", **more: object) -> list[str]:
        return sorted(found(later, filters={facet: keys}, **more))

    assert either("early", "mid") == ["a", "b", "d"]
    assert either("early", "late") == ["a", "c", "d"]
    assert either("mid", "late") == ["b", "c"]
    assert either("video", "phone", facet="mode") == ["a", "c"]
    assert either("video", facet="mode", include=frozenset({"mode"})) == ["a", "b", "d"]
    later.close()


def test_a_choice_of_two_keys_is_one_term(engine: EmbeddedEngine) -> None:
    engine.apply(mentors())
    filters = {"stage": KEYS["stage"][:2], "mode": KEYS["mode"][:2], "arena": KEYS["arena"][:2]}
    question = compile_request(schema(), engine._view().terms, SearchRequest("public", filters=filters))
    assert repr(question.matching()).count("TermQuery") == len((*filters, "scope"))


def test_the_first_index_of_another_process_stays_though_it_removed_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our making a generation and letting it serve another process does both, and takes ours for a remnant."""
    folder = tmp_path / "index"
    real = Folder.create

    def create(self: Folder, spec: Spec) -> str:
        name = real(self, spec)
        monkeypatch.setattr(Folder, "create", real)
        quicker = EmbeddedEngine(folder, vocabularies_fingerprint="corpus")
        quicker.apply([document("a")])
        quicker.close()
        assert not (folder / name).exists()
        return name

    monkeypatch.setattr(Folder, "create", create)
    late = EmbeddedEngine(folder, vocabularies_fingerprint="corpus")
    late.apply([document("b")])
    assert sorted(found(late)) == ["a", "b"]
    late.close()


def terms(**counted: dict[str, int]) -> Terms:
    return Terms((), counted)


@given(first=any_id, second=any_id)
def test_heads_and_tails_are_in_the_order_of_ids(first: str, second: str) -> None:
    assert (head(first) <= head(second)) or first > second
    pairs = [(row[HEAD], row[TAIL]) for row in map(numbers, (first, second))]
    if max(len(first.encode()), len(second.encode())) <= 16:
        assert (pairs[0] < pairs[1]) == (first < second)
        assert (pairs[0] == pairs[1]) == (first == second)


def test_ids_of_any_length_come_back(engine: EmbeddedEngine) -> None:
    names = sorted(
        [
            "a",
            "exactly16bytes--",
            "exactly17bytes---",
            "é" * 8,
            "é" * 9,
            "\U0001d4b3" * 4,
            "same-head-and-same-tail-1",
            "same-head-and-same-tail-2",
        ]
    )
    engine.apply([document(name) for name in names])
    assert found(engine, sort="name") == names
    assert [row.id for row in engine.versions("", 100)] == names
    assert [outcome.outcome for outcome in engine.apply([document(name) for name in names])] == ["stale"] * len(names)


def test_sets_say_what_is_stated_and_what_is_not() -> None:
    made = sets_of(
        document("a", keys={"mode": ("video", "phone")}, offers=(OfferKeys("x", (), (), "open"), OfferKeys("x", (), (), "paused")))
    )
    assert {facet: members(joined) for facet, joined in made.items()} == {
        "arena": ["x"],
        "availability": ["open", "paused"],
        "mode": ["phone", "video"],
        "state": ["-"],
        "stage": ["-"],
    }
    nothing = sets_of(document("b"))
    assert (members(nothing[ARENA]), members(nothing[AVAILABILITY])) == ([""], [""])
    assert by_member({made["mode"]: 3, nothing["mode"]: 2, made["arena"]: 4, nothing[ARENA]: 7}) == {"video": 3, "phone": 3, "-": 2, "x": 4}


@given(mentors=st.lists(st.frozensets(st.sampled_from("abcd")), min_size=1), wanted=st.frozensets(st.sampled_from("abcde"), min_size=1))
def test_leaving_out_is_the_same_as_gathering(mentors: list[frozenset[str]], wanted: frozenset[str]) -> None:
    joined = ["\x1d" + "\x1d".join(sorted(one)) for one in mentors]
    refused = terms(mode={one: joined.count(one) for one in joined}).refused("mode", wanted)
    if refused is not None:
        assert [one in refused for one in joined] == [wanted.isdisjoint(one) for one in mentors]


def test_the_shorter_way_is_taken() -> None:
    known = terms(mode={"\x1da": 100, "\x1da\x1db": 500, "\x1dc": 90, "\x1d-": 10})
    assert known.refused("mode", frozenset("ab")) == ["\x1dc", "\x1d-"]
    assert known.refused("mode", frozenset("bc")) == ["\x1da", "\x1d-"]
    assert known.refused("mode", frozenset("cd")) is None
    assert known.refused("mode", frozenset("a")) is None
    assert known.refused("level", frozenset("ab")) is None


def test_facets_are_counted_together_while_that_is_small_and_offers_are_alone() -> None:
    def together(facets: str, **sizes: int) -> tuple[str, ...]:
        known = terms(**{facet: dict.fromkeys(map(str, range(size)), 1) for facet, size in sizes.items()})
        filters = dict.fromkeys(facets.split(), ("x",))
        question = compile_request(schema(), known, SearchRequest("public", filters=filters))
        return countable_together(question, facets.split())

    every = {"arena": 7, "availability": 14, "mode": 32, "state": 52, "stage": 5}
    assert together("mode arena stage", **every) == ("stage", "arena", "mode")
    assert together("mode", **every) == ()
    assert together("mode language", **every) == ()
    assert together("mode state stage", **every) == ("stage", "mode")
    assert together("arena level stage mode", **every) == ("stage", "mode")
    assert together("arena availability stage", **every) == ()
    assert together("mode stage", mode=1000, stage=3) == ()


def shared_out(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("indexer.engines.embedded.joint.MOST_COMBINATIONS", most)


@pytest.mark.parametrize("include", [frozenset(), frozenset({"stage", "arena"})])
def test_together_or_each_by_itself_is_the_same(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, include: frozenset[str]) -> None:
    engine.apply(mentors())
    filters = {"arena": ("research-skills",), "mode": ("video", "phone"), "stage": ("mid", "early"), "state": ("midwest",)}
    request = SearchRequest("public", filters=filters, include=include, facets=ALL)
    question = compile_request(schema(), engine._view().terms, request)
    assert len(countable_together(question, list(accepted(request)))) == 4
    assert len(facet_passes(engine._view(), question, ALL)) == 3
    joint = engine.search(request)
    shared_out(monkeypatch, 0)
    assert len(facet_passes(engine._view(), question, ALL)) == 6
    assert engine.search(request).facets == joint.facets
    assert all(joint.facets[facet] for facet in filters)


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One audience for every time everybody is counted."""
    seen: list[str] = []

    def count(searcher: Searcher, question: Question) -> Everybody:
        seen.append(question.scope)
        return count_everybody(searcher, question)

    monkeypatch.setattr("indexer.engines.embedded.views.count_everybody", count)
    return seen


def test_everybody_is_counted_once_for_each_view_and_audience(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = counting(monkeypatch)
    engine.apply(mentors())
    for _ in range(3):
        page = engine.search(SearchRequest("public", facets=ALL))
        engine.search(SearchRequest("public", facets=("mode",), filters={"mode": ("video",)}))
    assert counted == ["public"]
    engine.search(SearchRequest("widgets", facets=ALL))
    assert counted == ["public", "widgets"]
    engine.apply([document("more", keys={"mode": ("video",)})])
    after = engine.search(SearchRequest("public", facets=ALL))
    assert counted == ["public", "widgets", "public"]
    assert (after.total, after.facets["mode"]["video"]) == (page.total + 1, page.facets["mode"]["video"] + 1)


def test_who_is_excluded_is_taken_off_what_is_kept(engine: EmbeddedEngine) -> None:
    engine.apply(mentors())
    before = engine.search(SearchRequest("public", facets=ALL))
    gone = (person(3), person(19), person(44), "unknown")
    page = engine.search(SearchRequest("public", facets=ALL, exclude=gone, limit=200))
    assert page.total == before.total - 2
    assert not set(gone) & set(ids(page))
    for facet in FACETS:
        lost = {key: count - page.facets[facet].get(key, 0) for key, count in before.facets[facet].items()}
        assert all(0 <= count <= 2 for count in lost.values())
        assert page.facets[facet].keys() <= before.facets[facet].keys()
    assert engine.search(SearchRequest("public", facets=ALL)).facets == before.facets
