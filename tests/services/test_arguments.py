"""Arguments become a checked question, or a refusal that names the argument, the value and what is allowed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.errors import Invalid, UnknownArgument
from directory.core.vocabulary_files import load_vocabularies
from directory.search.fields import FACETS, SORTS
from directory.services.arguments import ARGUMENTS, INCLUDABLE, ArgumentReader, Limits, SearchArguments

VOCABULARIES = load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies")


class Known:
    """Three institutions, one of them without a listed mentor."""

    def known(self, ids: Sequence[str]) -> set[str]:
        return {"example-plains", "example-harbor", "example-empty"} & set(ids)

    def listed_ids(self) -> Sequence[str]:
        return ["example-plains", "example-harbor"]


READER = ArgumentReader(VOCABULARIES, Limits(page=20, most=100, query_length=300, values=5), Known())


def read(*pairs: tuple[str, str]) -> SearchArguments:
    return READER.read(pairs)


def refusal(*pairs: tuple[str, str]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read(*pairs)
    return caught.value


def test_nothing_is_the_first_page_of_everybody() -> None:
    assert read() == SearchArguments(q="", filters={}, include=(), sort="fit", limit=20, cursor="")


def test_everything_at_once() -> None:
    arguments = read(
        ("mode", "video"), ("q", "  EM\tultra\x00sound\n "), ("arena", "research-skills"), ("mode", "phone"), ("mode", "video"),
        ("institution", "example-empty"), ("include", "mode"), ("include", "stage"), ("include", "mode"), ("sort", "name"), ("limit", "7"),
        ("cursor", "abc"),
    )  # fmt: skip
    assert arguments == SearchArguments(
        q="EM ultra sound",
        filters={"arena": ("research-skills",), "mode": ("video", "phone"), "institution": ("example-empty",)},
        include=("mode", "stage"),
        sort="name",
        limit=7,
        cursor="abc",
    )
    assert list(arguments.filters) == ["arena", "mode", "institution"]
    assert arguments.count == 4


def test_empty_values_count_as_not_given() -> None:
    assert read(*((name, value) for name in ARGUMENTS for value in ("", "  "))) == read()


def test_white_space_around_a_key_does_not_matter() -> None:
    assert read(("state", " NE ")).filters == {"state": ("NE",)}


@pytest.mark.parametrize("name", ["Q", "page", "q ", "", "specialty[]", "x" * 500])
def test_unknown_arguments(name: str) -> None:
    problem = refusal(("q", "a"), (name, "1"))
    assert isinstance(problem, UnknownArgument)
    assert (problem.where, problem.allowed) == (name[:60], ARGUMENTS)


@pytest.mark.parametrize("facet", [name for name, row in FACETS.items() if row.vocabulary])
def test_unknown_keys(facet: str) -> None:
    active = tuple(term.id for term in VOCABULARIES[FACETS[facet].vocabulary].active())
    problem = refusal((facet, active[0]), (facet, "nobody" * 100))
    assert (problem.where, problem.value, problem.allowed) == (facet, ("nobody" * 100)[:80], active)
    assert f"/api/v1/vocabularies/{FACETS[facet].vocabulary} lists what is" in str(problem)
    assert len(str(problem)) < 300


def test_unknown_institutions() -> None:
    problem = refusal(("institution", "example-plain"))
    assert (problem.where, problem.value, problem.allowed) == ("institution", "example-plain", ("example-plains", "example-harbor"))
    assert "Did you mean example-plains" in str(problem)
    assert "/api/v1/institutions lists what is" in str(problem)


def test_an_unknown_institution_is_compared_with_the_large_ones_only() -> None:
    class Many(Known):
        def listed_ids(self) -> Sequence[str]:
            return [f"example-campus-{number:05}" for number in range(20_000)]

    reader = ArgumentReader(VOCABULARIES, Limits(), Many())
    for key, hint in (("example-campuss-00007", True), ("example-campuss-19999", False)):
        with pytest.raises(Invalid) as caught:
            reader.read([("institution", key)])
        assert (key.replace("ss", "s") in str(caught.value)) is hint
        assert len(caught.value.allowed) == 20_000


def test_too_many_values_and_too_many_times() -> None:
    problem = refusal(*[("mode", "video")] * 6)
    assert (problem.where, problem.allowed) == ("mode", ("at most 5 values",))
    for name in ("q", "sort", "limit", "cursor"):
        problem = refusal((name, "fit"), (name, "fit"))
        assert (problem.where, problem.value, problem.allowed) == (name, "fit", ("one value",))


def test_limits_and_sorts() -> None:
    assert [read(("limit", value)).limit for value in ("1", "100", "007")] == [1, 100, 7]
    for value in ("0", "101", "-1", "1.0", "ten", "²", "٣", "1" * 5000):
        problem = refusal(("limit", value))
        assert (problem.where, problem.value, problem.allowed) == ("limit", value[:40], ("a whole number from 1 to 100",))
    assert [read(("sort", name)).sort for name in SORTS] == list(SORTS)
    assert refusal(("sort", "relevance")).allowed == tuple(SORTS)
    assert refusal(("include", "availability")).allowed == INCLUDABLE


def test_the_usual_page_is_never_longer_than_the_longest() -> None:
    assert ArgumentReader(VOCABULARIES, Limits(page=80, most=30), Known()).read([]).limit == 30


def test_long_texts() -> None:
    assert read(("q", "a" * 300)).q == "a" * 300
    problem = refusal(("q", "a" * 301))
    assert (problem.where, problem.value, problem.allowed) == ("q", "a" * 80, ("at most 300 characters",))


def test_the_beginning_for_suggestions() -> None:
    assert READER.read_prefix([("q", " Oko ")]) == "Oko"
    for pairs in ([], [("q", "")], [("q", " ")], [("q", "a" * 101)], [("q", "a"), ("q", "b")]):
        with pytest.raises(Invalid) as caught:
            READER.read_prefix(pairs)
        assert (caught.value.where, bool(caught.value.allowed)) == ("q", True)
    with pytest.raises(UnknownArgument) as unknown:
        READER.read_prefix([("q", "a"), ("limit", "3")])
    assert (unknown.value.where, unknown.value.allowed) == ("limit", ("q",))


def test_one_filter_more_or_less() -> None:
    start = read(("q", "sepsis"), ("mode", "video"), ("include", "mode"), ("cursor", "abc"), ("limit", "5"))
    more = start.with_filter("arena", "research-skills")
    assert (list(more.filters.items()), more.cursor, more.limit) == ([("arena", ("research-skills",)), ("mode", ("video",))], "", 5)
    assert more.with_filter("mode", "video") == more
    assert more.with_filter("mode", "phone").filters["mode"] == ("video", "phone")
    less = more.without_filter("mode", "video")
    assert (less.filters, less.include) == ({"arena": ("research-skills",)}, ())
    assert more.with_filter("mode", "phone").without_filter("mode", "video").include == ("mode",)
    assert more.with_filter("mode", "phone").without_filter("mode").filters == {"arena": ("research-skills",)}
    assert start.without_filter("stage", "mid") == SearchArguments("sepsis", {"mode": ("video",)}, ("mode",), "fit", 5, "")


@given(
    q=st.text(max_size=300),
    modes=st.lists(st.sampled_from(["video", "phone", "in-person"]), max_size=3),
    states=st.lists(st.sampled_from(["NE", "IA", "midwest"]), max_size=3),
    include=st.lists(st.sampled_from(INCLUDABLE), max_size=3),
    sort=st.sampled_from(list(SORTS)),
)
def test_a_question_survives_its_own_link(q: str, modes: list[str], states: list[str], include: list[str], sort: str) -> None:
    pairs = [("q", q), *(("mode", key) for key in modes), *(("state", key) for key in states), *(("include", key) for key in include)]
    arguments = read(*pairs, ("sort", sort))
    assert read(*arguments.pairs()) == arguments
    assert arguments.q == arguments.q.strip()
    assert all(char.isprintable() for char in arguments.q)


@given(st.lists(st.tuples(st.one_of(st.sampled_from(ARGUMENTS), st.text(max_size=10)), st.text(max_size=50)), max_size=5))
def test_whatever_is_sent_is_read_or_refused_with_a_name(pairs: list[tuple[str, str]]) -> None:
    try:
        arguments = READER.read(pairs)
    except Invalid as problem:
        named = (problem.where in {name[:60] for name, _ in pairs}, bool(problem.allowed))
        assert named == (True, True)
    else:
        assert set(arguments.filters) <= set(FACETS)
