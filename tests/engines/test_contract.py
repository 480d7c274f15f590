"""What every engine must answer: the corpus against the oracle, and the rules of filters, counts and order."""

from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.search.engine import (
    Key,
    OfferKeys,
    Phrase,
    SearchEngine,
    SearchRequest,
    Word,
)
from directory.search.fields import FACETS, MENTOR_FACETS, SORTS
from tests.corpus import KEYS, SIZE, mentor, mentors, person
from tests.engines.asking import ALL, WORDS, check, document, found, group, ids, walk, words


@st.composite
def requests(draw: st.DrawFn) -> SearchRequest:
    facets = draw(st.lists(st.sampled_from(ALL), max_size=4, unique=True))
    filters = {facet: tuple(draw(st.lists(st.sampled_from((*KEYS[facet], "nobody")), max_size=4, unique=True))) for facet in facets}
    alternatives = st.one_of(
        st.sampled_from(WORDS).map(Word),
        st.sampled_from([("first", "r01"), ("emergency", "medicine"), ("at", "the", "bedside"), ("point", "care")]).map(Phrase),
        st.sampled_from([("specialty", "medicine"), ("mode", "video")]).map(lambda pair: Key(*pair)),
    )
    groups = st.lists(st.lists(alternatives, min_size=1, max_size=3).map(lambda some: group(*some)), max_size=2)
    return SearchRequest(
        scope=draw(st.sampled_from(["public", "widgets", "federation", "nobody"])),
        query=tuple(draw(groups)) if draw(st.booleans()) else (),
        filters=filters,
        include=frozenset(draw(st.lists(st.sampled_from(ALL), max_size=2))),
        exclude=tuple(draw(st.lists(st.integers(0, SIZE + 5).map(person), max_size=5))),
        facets=draw(st.sampled_from([ALL, ALL[:3], ()])),
        sort=draw(st.sampled_from(list(SORTS))),
        limit=draw(st.sampled_from([7, 20, 200])),
    )


@given(request=requests())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_request_is_answered_as_by_definition(corpus_engine: SearchEngine, request: SearchRequest) -> None:
    check(corpus_engine, mentors(), request)


offers_of_anybody = st.builds(
    OfferKeys,
    arena=st.sampled_from("ab"),
    topics=st.lists(st.sampled_from("tu"), unique=True).map(tuple),
    levels=st.lists(st.sampled_from("lm"), unique=True).map(tuple),
    availability=st.sampled_from(["open", "paused"]),
)
offer_filters = st.fixed_dictionaries(
    {},
    optional={
        "arena": st.sampled_from([("a",), ("a", "b")]),
        "topic": st.sampled_from([("t",), ("t", "u")]),
        "level": st.sampled_from([("l",), ("l", "m")]),
        "availability": st.sampled_from([("open",), ("open", "paused")]),
    },
)
example = count()


@given(
    people=st.lists(st.lists(offers_of_anybody, max_size=3), max_size=5),
    filters=offer_filters,
    include=st.sets(st.sampled_from(["topic", "level"])),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_selections_hold_for_one_offer_whatever_the_offers(
    corpus_engine: SearchEngine, people: list[list[OfferKeys]], filters: dict[str, tuple[str, ...]], include: set[str]
) -> None:
    """A topic may stand in two arenas here, which the vocabularies never say."""
    scope = f"example-{next(example)}"
    made = [document(f"{scope}-{place}", scopes=(scope,), offers=tuple(offers)) for place, offers in enumerate(people)]
    corpus_engine.apply(made)
    check(corpus_engine, made, SearchRequest(scope=scope, filters=filters, include=frozenset(include), facets=ALL))


def test_the_corpus_has_the_counts_that_follow_from_its_numbers(corpus_engine: SearchEngine) -> None:
    page = corpus_engine.search(SearchRequest(scope="public", facets=("institution", "stage", "mode", "arena", "state")))
    public = [number for number in range(SIZE) if number % 20 != 19]
    assert page.total == 114
    assert page.facets["institution"] == {
        "example-0": 20,
        "example-1": 18,
        "example-2": 20,
        "example-3": 18,
        "example-4": 20,
        "example-5": 18,
    }
    assert page.facets["stage"] == {"early": 24, "mid": 24, "senior": 24, "emeritus": 24}
    assert page.facets["mode"] == {"video": 54, "phone": 54, "in-person": 57}
    assert page.facets["state"]["midwest"] == page.facets["state"]["NE"] + page.facets["state"]["IA"] == 56
    assert sum(page.facets["arena"].values()) == sum(number % 4 for number in public)
    assert len(page.hits) == 20


def test_a_facet_is_counted_without_its_own_selection(corpus_engine: SearchEngine) -> None:
    page = corpus_engine.search(SearchRequest(scope="public", filters={"stage": ("early",)}, facets=("stage", "mode")))
    assert page.facets["stage"] == {"early": 24, "mid": 24, "senior": 24, "emeritus": 24}
    assert page.total == 24
    assert page.not_stated == {"stage": 18}


def test_a_parent_finds_and_counts_its_descendants(engine: SearchEngine) -> None:
    engine.apply([document("a", keys={"specialty": ("cardiology", "medicine")}), document("b", keys={"specialty": ("medicine",)})])
    page = engine.search(SearchRequest(scope="public", filters={"specialty": ("medicine",)}, facets=("specialty",)))
    assert (page.total, page.facets["specialty"]) == (2, {"medicine": 2, "cardiology": 1})


def test_open_for_one_thing_is_not_open_for_another(engine: SearchEngine) -> None:
    career = OfferKeys("career", (), ("resident",), "open")
    research = OfferKeys("research", ("r01",), (), "waitlist")
    engine.apply([document("a", offers=(career, research))])
    asked = {"arena": ("research",), "availability": ("open",)}
    page = engine.search(SearchRequest(scope="public", filters=asked, facets=("arena", "availability", "level")))
    assert (page.total, page.facets) == (0, {"arena": {"career": 1}, "availability": {"waitlist": 1}, "level": {}})
    assert found(engine, filters={"arena": ("research",), "level": ("resident",)}) == []
    assert found(engine, filters={"arena": ("research",), "level": ("resident",)}, include=frozenset({"level"})) == ["a"]
    assert found(engine, filters={"arena": ("career",), "topic": ("r01",)}) == []
    assert found(engine, filters={"arena": ("career",), "topic": ("r01",)}, include=frozenset({"topic"})) == ["a"]


def test_not_stated_passes_when_it_is_included(engine: SearchEngine) -> None:
    engine.apply([document("a", keys={"mode": ("video",)}), document("b"), document("c", keys={"mode": ("phone",)})])
    request = SearchRequest(scope="public", filters={"mode": ("video",)}, facets=("mode",), sort="name")
    assert engine.search(request).not_stated == {"mode": 1}
    page = engine.search(replace(request, include=frozenset({"mode"})))
    assert (ids(page), page.not_stated, page.facets["mode"]) == (["a", "b"], {}, {"video": 1, "phone": 1})


def test_scope_and_exclude_bind_everything(engine: SearchEngine) -> None:
    shown = {"name": "Amara Okonjo", "bio": "sonography"}
    engine.apply([document("a", texts=shown), document("b", texts=shown, scopes=("widgets",)), document("c", texts=shown)])
    request = SearchRequest(scope="public", exclude=("c", "unknown"), facets=("mode",))
    assert ids(engine.search(request)) == ["a"]
    visible = {"scope": "public", "exclude": ("c",)}
    assert [hit.id for hit in engine.suggest("oko", limit=9, **visible)] == ["a"]  # type: ignore[arg-type]
    assert engine.matches("sonography", **visible) == 1  # type: ignore[arg-type]
    nobody = {"scope": "public", "exclude": ("a", "c")}
    assert engine.corrections("sonograhpy", limit=5, **visible) == ["sonography"]  # type: ignore[arg-type]
    assert engine.corrections("sonograhpy", limit=5, **nobody) == []  # type: ignore[arg-type]
    assert engine.corrections("sonograhpy", scope="federation", exclude=(), limit=5) == []


def test_a_weightier_field_comes_first(engine: SearchEngine) -> None:
    texts = ({"bio": "sepsis"}, {"headline": "sepsis"}, {"specialties": "sepsis"}, {"name": "sepsis"})
    engine.apply([document(f"d{place}", texts=text) for place, text in enumerate(texts)])
    assert found(engine, query=words("sepsis")) == ["d3", "d2", "d1", "d0"]


def test_the_factor_multiplies_the_score(engine: SearchEngine) -> None:
    engine.apply([document("a", texts={"bio": "sepsis"}), document("b", texts={"bio": "sepsis"}, factor=1.5), document("c", factor=1.9)])
    assert found(engine, query=words("sepsis")) == ["b", "a"]
    assert found(engine) == ["c", "b", "a"]


def test_an_open_offer_that_fits_comes_first(engine: SearchEngine) -> None:
    def offers(research: str, career: str) -> tuple[OfferKeys, ...]:
        return OfferKeys("research", (), ("resident",), research), OfferKeys("career", (), (), career)

    engine.apply(
        [
            document("a", offers=offers("waitlist", "open"), factor=2.0),
            document("b", offers=offers("open", "waitlist"), factor=1.0),
            document("c", offers=offers("paused", "paused"), factor=1.5),
        ]
    )
    assert found(engine, filters={"arena": ("research",)}) == ["b", "a", "c"]
    assert found(engine, filters={"arena": ("career",)}) == ["a", "c", "b"]
    assert found(engine, filters={"arena": ("career",), "availability": ("waitlist", "paused")}) == ["c", "b"]
    assert found(engine, filters={"level": ("resident",)}) == ["b", "a", "c"]
    assert found(engine, filters={"arena": ("research",)}, sort="name") == ["a", "b", "c"]


def test_confirmed_and_name_are_total_orders(engine: SearchEngine) -> None:
    made = [document(f"d{place}", confirmed=place % 3, name_sort=("li", "li bo", "")[place % 3]) for place in range(9)]
    engine.apply(made)
    newest = sorted(made, key=lambda one: (-one.confirmed, one.id))
    named = sorted(made, key=lambda one: (one.name_sort, one.id))
    assert found(engine, sort="confirmed") == [one.id for one in newest]
    assert found(engine, sort="name") == [one.id for one in named]


def test_best_fit_without_words_is_by_factor(corpus_engine: SearchEngine) -> None:
    order = walk(corpus_engine, SearchRequest(scope="public", limit=13))
    factors = [mentor(int(name[-4:])).factor for name in order]
    assert len(order) == 114
    assert factors == sorted(factors, reverse=True)


def test_every_facet_of_the_table_is_tested() -> None:
    assert set(KEYS) == set(FACETS)
    assert set(mentor(1).keys) <= set(MENTOR_FACETS)
