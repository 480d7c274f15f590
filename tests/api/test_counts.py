"""Every number of the search, recounted from the items of the API."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.search.fields import FACETS
from directory.services.arguments import INCLUDABLE
from tests.api import recount
from tests.api.people import Directory, record

QUERIES = ("", "medicine", "research career")


@pytest.fixture(scope="session")
def everybody(directory: Directory) -> dict[str, list[dict[str, Any]]]:
    """All items per query, without any filter."""
    return {q: [plain(item) for item in directory.items(q=q, limit=100)] for q in QUERIES}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """The item without what depends on the words."""
    return {name: value for name, value in item.items() if name != "highlights"}


@st.composite
def selections(draw: st.DrawFn, directory: Directory, queries: tuple[str, ...] = QUERIES) -> dict[str, Any]:
    """A query, up to four filters on keys that somebody has or nobody, and facets whose "not stated" passes."""
    offered = {view["name"]: [row["key"] for row in view["buckets"]] for view in directory.search(limit=1)["facets"]}
    facets = draw(st.lists(st.sampled_from(list(FACETS)), max_size=4, unique=True))
    if draw(st.booleans()):
        facets = list(dict.fromkeys(["arena", "availability", *facets]))[:4]
    chosen = {facet: draw(st.lists(st.sampled_from(offered[facet]), min_size=1, max_size=3, unique=True)) for facet in facets}
    include = draw(st.lists(st.sampled_from(INCLUDABLE), max_size=2, unique=True))
    return {"q": draw(st.sampled_from(queries)), "include": include, **chosen}


@settings(max_examples=60)
@given(data=st.data())
def test_recounting_all_items_gives_the_served_counts(directory: Directory, everybody: dict[str, Any], data: st.DataObject) -> None:
    arguments = data.draw(selections(directory))
    chosen = {facet: arguments[facet] for facet in FACETS if facet in arguments}
    include = arguments["include"]
    people = everybody[arguments["q"]]

    page = directory.search(**arguments, limit=1)
    served = {view["name"]: {row["key"]: row["count"] for row in view["buckets"]} for view in page["facets"]}

    assert list(served) == list(FACETS)
    for facet in FACETS:
        expected = dict.fromkeys(chosen.get(facet, ()), 0) | recount.counts(people, facet, chosen, include)
        assert served[facet] == expected, facet
    assert page["total"] == recount.total(people, chosen, include)
    assert page["not_stated"] == recount.not_stated(people, chosen, include, INCLUDABLE)
    selected = {(view["name"], row["key"]) for view in page["facets"] for row in view["buckets"] if row["selected"]}
    assert selected == {(facet, key) for facet, keys in chosen.items() for key in keys}


@settings(max_examples=25)
@given(data=st.data())
def test_walking_a_selection_shows_exactly_those_who_pass(directory: Directory, everybody: dict[str, Any], data: st.DataObject) -> None:
    arguments = data.draw(selections(directory))
    chosen = {facet: arguments[facet] for facet in FACETS if facet in arguments}
    expected = {item["id"]: item for item in everybody[arguments["q"]] if recount.passes(item, chosen, arguments["include"])}

    walked = [plain(item) for item in directory.items(**arguments, limit=data.draw(st.sampled_from([7, 40, 100])))]

    assert len(walked) == len(expected)
    assert {item["id"]: item for item in walked} == expected


def test_the_recount_is_over_people_who_differ(everybody: dict[str, Any]) -> None:
    people = everybody[""]
    assert len(people) > 200
    assert all(len({tuple(item[facet]) for item in people}) > 2 for facet in FACETS)
    assert all(any(not item[facet] for item in people) for facet in ("topic", "level", "mode", "stage"))
    assert any(len({offer["availability"] for offer in item["offers"]}) > 1 for item in people)


def test_not_stated_is_what_including_them_adds(directory: Directory) -> None:
    asked = {"mode": "video", "stage": "early"}
    page = directory.search(**asked, limit=1)
    assert set(page["not_stated"]) == {"mode", "stage"}
    for facet, count in page["not_stated"].items():
        assert directory.search(**asked, include=facet, limit=1)["total"] - page["total"] == count


def test_an_offer_has_to_satisfy_everything_at_once(fresh: Directory) -> None:
    today = fresh.time().date().isoformat()
    offers = [
        {"arena": "research-skills", "levels": ["resident"], "capacity": 1, "taken": 1, "confirmed_on": today},
        {"arena": "career-development", "levels": ["fellow"], "capacity": 2, "taken": 1, "confirmed_on": today},
    ]
    fresh.harvest([record("a-1", "Achterberg", offers=offers)])
    fresh.index()
    full = fresh.search(arena="research-skills", availability="open")
    assert (full["total"], full["items"]) == (0, [])
    shown = {
        view["name"]: {row["key"]: row["count"] for row in view["buckets"]} for view in fresh.search(arena="research-skills")["facets"]
    }
    assert (shown["availability"], shown["level"]) == ({"waitlist": 1}, {"resident": 1})
    assert fresh.search(arena="career-development", availability="open", level="fellow")["total"] == 1
    assert fresh.search(arena="career-development", level="resident")["total"] == 0


def test_a_parent_counts_everybody_below_it(fresh: Directory) -> None:
    fresh.harvest(
        [
            record("a-1", "Achterberg", specialties=["emergency-medicine"]),
            record("a-2", "Brightwater", specialties=["emergency-ultrasound"]),
            record("a-3", "Quenneville", specialties=["emergency-ultrasound", "medical-toxicology"]),
        ]
    )
    fresh.index()
    views = {view["name"]: view["buckets"] for view in fresh.search()["facets"]}
    assert [(row["key"], row["count"], row["parent"]) for row in views["specialty"]] == [
        ("emergency-medicine", 3, None),
        ("emergency-ultrasound", 2, "emergency-medicine"),
        ("medical-toxicology", 1, "emergency-medicine"),
    ]
    assert [(row["key"], row["count"]) for row in views["state"]] == [("midwest", 3), ("NE", 3)]
    assert fresh.search(specialty="emergency-medicine")["total"] == 3
    assert fresh.search(specialty=["medical-toxicology", "emergency-ultrasound"])["total"] == 2
