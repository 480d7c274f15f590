"""How every engine takes changes: versions, tombstones, bad documents, generations."""

from dataclasses import replace

import pytest

from directory.core.errors import Conflict
from directory.search.engine import (
    IndexedVersion,
    OfferKeys,
    SearchEngine,
    SearchRequest,
    Tombstone,
)
from tests.corpus import SIZE, mentor, mentors
from tests.engines.asking import ALL, document, found, ids, walk, words
from tests.engines.conftest import Kit


def test_the_highest_version_wins_whatever_the_order(engine: SearchEngine) -> None:
    outcomes = engine.apply(
        [document("a", version=3), document("a", version=2), Tombstone("a", 3), document("a", version=4, scopes=("widgets",))]
    )
    assert [outcome.outcome for outcome in outcomes] == ["applied", "stale", "stale", "applied"]
    assert [outcome.outcome for outcome in engine.apply([document("a", version=4), document("a", version=1)])] == ["stale", "stale"]
    assert found(engine) == []
    assert engine.count() == 1


def test_a_tombstone_holds_until_a_higher_version(engine: SearchEngine) -> None:
    assert [outcome.outcome for outcome in engine.apply([Tombstone("a", 5), document("a", version=5), document("b")])] == [
        "applied",
        "stale",
        "applied",
    ]
    assert engine.apply([document("a", version=4)])[0].outcome == "stale"
    assert (found(engine), engine.count(), engine.status().tombstones) == (["b"], 1, 1)
    assert engine.apply([document("a", version=6)])[0].outcome == "applied"
    assert (set(found(engine)), engine.count(), engine.status().tombstones) == ({"a", "b"}, 2, 0)
    assert engine.apply([Tombstone("a", 6)])[0].outcome == "stale"


def test_a_changed_document_leaves_nothing_of_the_old_one(engine: SearchEngine) -> None:
    old = {"name": "Amara Quispe", "bio": "sonography"}
    engine.apply([document("a", texts=old, keys={"mode": ("video",)}, offers=(OfferKeys("x", (), (), "open"),))])
    engine.apply([document("a", version=2, texts={"name": "Amara Tanaka"})])
    page = engine.search(SearchRequest(scope="public", facets=ALL))
    assert page.hits[0].version == 2
    assert page.facets == {facet: {} for facet in ALL}
    assert found(engine, query=words("sonography")) == []
    assert engine.suggest("quispe", scope="public", exclude=(), limit=5) == []
    assert engine.corrections("sonograhpy", scope="public", exclude=(), limit=5) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"keys": {"color": ("red",)}}, "keys: no field 'color'"),
        ({"keys": {"mode": ("",)}}, "mode: not a usable key"),
        ({"keys": {"mode": ("-",)}}, "mode: not a usable key"),
        ({"keys": {"mode": ("a\x1eb",)}}, "mode: not a usable key"),
        ({"texts": {"secret": "red"}}, "texts: no field 'secret'"),
        ({"texts": {"bio": 7}}, "texts: not text"),
        ({"texts": {"bio": "lone \ud800"}}, "a text or key can't be encoded"),
        ({"factor": float("nan")}, "factor: not a number from 1 to 2"),
        ({"factor": 2.5}, "factor: not a number from 1 to 2"),
        ({"confirmed": -1}, "confirmed: not the ordinal of a day"),
        ({"version": -1}, "version: not a whole number from 0 to 2^63-1"),
        ({"version": 2**63}, "version: not a whole number from 0 to 2^63-1"),
        ({"version": True}, "version: not a whole number from 0 to 2^63-1"),
        ({"id": ""}, "id: not a usable key"),
        ({"offers": (OfferKeys("", (), (), "open"),)}, "offers: not a usable key"),
    ],
)
def test_a_bad_document_is_rejected_without_harm_to_the_others(engine: SearchEngine, changed: dict[str, object], reason: str) -> None:
    outcomes = engine.apply([document("a"), document("bad", **changed), document("b")])
    assert [(outcome.outcome, outcome.reason) for outcome in outcomes] == [("applied", ""), ("rejected", reason), ("applied", "")]
    assert set(found(engine)) == {"a", "b"}


def test_changes_survive_closing(kit: Kit) -> None:
    first = kit.open()
    first.apply([document("a"), Tombstone("b", 4)])
    first.close()
    second = kit.open()
    assert found(second) == ["a"]
    assert [outcome.outcome for outcome in second.apply([document("b", version=4), document("c")])] == ["stale", "applied"]


def test_versions_are_listed_in_the_order_of_ids(engine: SearchEngine) -> None:
    names = sorted(["a", "é", "zz", "same-first-8-bytes-1", "same-first-8-bytes-2", "same-first-8-bytes-3", "m0001", "M0001", "\U0001d4b3"])
    engine.apply([Tombstone(name, 9) if place % 2 else document(name, version=place) for place, name in enumerate(reversed(names))])
    expected = [IndexedVersion(name, 9 if place % 2 else place, bool(place % 2)) for place, name in enumerate(reversed(names))][::-1]
    for limit in (1, 2, 4, 100):
        listed: list[IndexedVersion] = []
        while step := engine.versions(listed[-1].id if listed else "", limit):
            assert len(step) <= limit
            listed += step
        assert listed == expected
    assert engine.versions("same-first-8-bytes", 1)[0].id == "same-first-8-bytes-1"
    assert engine.count() == 5


def test_the_old_generation_serves_until_the_swap(engine: SearchEngine) -> None:
    engine.apply([document("a"), document("b")])
    generation = engine.start_generation()
    outcomes = generation.apply([document("b", version=2), document("c"), document("bad", factor=9.0), document("c"), Tombstone("d", 1)])
    assert [outcome.outcome for outcome in outcomes] == ["applied", "applied", "rejected", "stale", "applied"]
    assert [outcome.outcome for outcome in generation.apply([document("c"), document("d"), document("e", version=2)])] == [
        "stale",
        "stale",
        "applied",
    ]
    assert [outcome.outcome for outcome in generation.apply([Tombstone("e", 3), Tombstone("e", 2)])] == ["applied", "stale"]
    assert (set(found(engine)), engine.count(), generation.count()) == ({"a", "b"}, 2, 2)
    assert generation.versions("b", 10) == [IndexedVersion("c", 1, False), IndexedVersion("d", 1, True), IndexedVersion("e", 3, True)]
    engine.apply([document("e")])
    assert generation.apply([document("e", version=4), document("c", version=3)])[0].outcome == "applied"
    before = engine.status().generation
    engine.swap(generation)
    assert set(found(engine)) == {"b", "c", "e"}
    status = engine.status()
    assert (status.documents, status.tombstones, status.generation == before) == (3, 1, False)
    assert engine.search(SearchRequest(scope="public")).generation == status.generation == generation.name
    assert [outcome.outcome for outcome in engine.apply([document("c", version=3), document("f")])] == ["stale", "applied"]
    with pytest.raises(Conflict):
        generation.apply([document("g")])


def test_an_abandoned_generation_leaves_no_trace(engine: SearchEngine) -> None:
    engine.apply([document("a")])
    generation = engine.start_generation()
    generation.apply([document("b")])
    generation.abandon()
    assert found(engine) == ["a"]
    again = engine.start_generation()
    assert again.count() == 0
    engine.swap(again)
    assert found(engine) == []


def test_a_walk_goes_on_over_a_swap(kit: Kit) -> None:
    engine = kit.open()
    engine.apply(mentors())
    request = SearchRequest(scope="public", limit=50)
    expected = walk(engine, request)
    page = engine.search(request)
    generation = engine.start_generation()
    generation.apply([mentor(number) for number in reversed(range(SIZE))])
    engine.swap(generation)
    assert ids(page) + walk(engine, replace(request, cursor=page.cursor)) == expected
