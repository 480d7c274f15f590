"""What the index holds of a mentor: the consented public view, and nothing else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from directory.search.engine import Document, Tombstone
from directory.store import profiles
from directory.store.profiles import ProfileRow
from indexer.document import DocumentBuilder
from tests.world import World, record

TODAY = date(2026, 11, 24)
FULL: dict[str, Any] = {
    "credentials": ["MD"],
    "department": "Emergency Medicine",
    "headline": "Canaryheadline",
    "bio": "<p>Canarybio &amp; more</p>",
    "keywords": ["canarykeyword"],
    "specialties": ["emergency-ultrasound"],
    "languages": ["no"],
    "modes": ["video"],
    "offers": [
        {"arena": "research-skills", "topics": ["study-design"], "levels": ["resident"], "capacity": 3, "taken": 1,
         "note": "Canarynote", "confirmed_on": "2026-11-10"},
        {"arena": "career-development", "capacity": 1, "taken": 1, "confirmed_on": "2026-11-12"},
    ],
}  # fmt: skip


def stored(world: World, **changed: Any) -> ProfileRow:
    world.harvest([record("a", **FULL | changed)])
    person = world.person("a")
    with world.store.read() as conn:
        return profiles.by_ids(conn, [person])[person]


def builder(world: World) -> DocumentBuilder:
    return DocumentBuilder(world.parts.vocabularies, lapse_days=90)


def document(world: World, **changed: Any) -> Document:
    built = builder(world).build(stored(world, **changed), TODAY)
    assert isinstance(built, Document)
    return built


def test_what_is_in_it(world: World) -> None:
    found = document(world)
    assert (found.id, found.version, found.scopes) == (world.person("a"), 1, ("public",))
    assert found.name_sort == "inventeda, ada"
    assert (found.confirmed, found.factor) == (date(2026, 11, 12).toordinal(), 1.8)
    assert [(offer.arena, offer.topics, offer.levels, offer.availability) for offer in found.offers] == [
        ("research-skills", ("study-design",), ("resident",), "open"),
        ("career-development", (), (), "waitlist"),
    ]
    assert set(found.keys["specialty"]) >= {"emergency-ultrasound", "emergency-medicine"}
    assert (found.keys["language"], found.keys["mode"]) == (("no",), ("video",))
    assert found.texts["name"] == "Ada Inventeda"
    assert found.texts["bio"] == "Canarybio & more"
    assert "Nebraska" in found.texts["place"]
    assert "Canarynote" in found.texts["topics"]


@pytest.mark.parametrize("audience", ["hidden", "members"])
@pytest.mark.parametrize(
    ("field", "canary"),
    [("bio", "canarybio"), ("headline", "canaryheadline"), ("keywords", "canarykeyword"), ("offers", "canarynote"), ("languages", "'no'"),
     ("institution", "nebraska"), ("department", "emergency medicine, md"), ("specialties", "emergency-ultrasound"), ("modes", "video")],
)  # fmt: skip
def test_a_field_that_not_everybody_may_see_leaves_no_trace(world: World, field: str, canary: str, audience: str) -> None:
    assert canary in repr(document(world)).casefold()
    assert canary not in repr(document(world, visibility={field: audience})).casefold()


def test_who_is_not_listed_is_a_tombstone_with_the_version(world: World) -> None:
    row = stored(world)
    assert builder(world).build(replace(row, listed=False), TODAY) == Tombstone(row.person_id, row.version)


def test_the_day_decides_what_is_open(world: World) -> None:
    row = stored(world)
    later = builder(world).build(row, date(2027, 3, 1))
    assert isinstance(later, Document)
    assert {offer.availability for offer in later.offers} == {"unconfirmed"}
    assert later.factor == 1.0


def test_one_that_cannot_be_built_does_not_stop_the_others(world: World) -> None:
    row = stored(world)
    broken = replace(row, person_id="m-broken", facts={"name": {"nonsense": 1}})
    changes, failed = builder(world).build_all([broken, row], TODAY)
    assert ([change.id for change in changes], failed) == ([row.person_id], {"m-broken": "TypeError"})
