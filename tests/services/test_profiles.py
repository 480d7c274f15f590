"""A profile follows from records and consents alone, and only a change of it is written and reported."""

from datetime import UTC, datetime, timedelta

from directory.core.merge import merge
from directory.core.profile import facts_to_json
from directory.services.profiles import refresh
from directory.store import institutions, outbox, people, profiles, records
from directory.store.profiles import ProfileRow
from tests.dialects import both
from tests.world import CONSENT, DAY, World, orcid, record

DAYS_OF_CONSENT = timedelta(days=365)


def row(world: World, external_id: str = "a") -> ProfileRow:
    person = world.person(external_id)
    with world.store.read() as conn:
        return profiles.by_ids(conn, [person])[person]


def reported(world: World) -> list[tuple[str, bool]]:
    """Person and `hides` of every change that waits."""
    return [(row[1], row[2]) for row in world.table("outbox")]


@both
def test_a_refresh_without_news_writes_nothing_but_the_version(world: World) -> None:
    world.harvest([record("a"), record("b")])
    before = world.written()
    ids = [world.person("a"), world.person("b")]
    with world.store.write() as conn:
        assert refresh(conn, ids, world.parts.policy.listing, world.clock()) == 0
        assert refresh(conn, [], world.parts.policy.listing, world.clock()) == 0
    after = world.written()
    assert {name for name in before if before[name] != after[name]} == {"person"}
    assert world.differences() == 0


def test_a_change_is_reported_once_and_leaving_is_marked(world: World) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    assert reported(world) == [(person, False)]
    world.drain()
    world.harvest([record("a", headline="New words")])
    assert reported(world) == [(person, False)]
    world.harvest([record("a", headline="New words", consent=None)])
    assert reported(world)[-1] == (person, True)
    world.drain()
    world.harvest([record("a", headline="Nobody sees this", consent=None)])
    assert reported(world) == []
    assert world.differences() == 0


def test_what_was_never_listed_is_not_reported(world: World) -> None:
    world.harvest([record("a", consent=None)])
    assert (row(world).listed, reported(world)) == (False, [])
    assert (row(world).next_change, row(world).listed_until, row(world).scopes) == (None, None, ())


def test_versions_only_grow(world: World) -> None:
    seen = []
    for number in range(3):
        world.harvest([record("a", headline=f"Version {number}")])
        seen.append(row(world).version)
    world.withdraw("a")
    seen.append(row(world).version)
    assert seen == sorted(set(seen))


@both
def test_a_profile_is_the_merge_of_its_live_records(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1), headline="From plains", keywords=["one"])])
    world.harvest([record("x", orcid=orcid(1), headline="From harbor", department="Surgery")], "harbor")
    world.harvest([record("l", orcid=orcid(1), headline="From lakes", bio="Words")], "lakes")
    world.harvest([{"id": "l", "withdrawn": True}], "lakes")
    person = world.person("a")
    with world.store.read() as conn:
        stored = records.of_people(conn, [person])[person]
    wanted = merge([each.record for each in stored if each.state == "live"], world.parts.policy.listing.ranks)
    found = row(world)
    assert found.facts == facts_to_json(wanted.facts)
    assert (found.profile.facts.department, found.profile.facts.bio) == ("Surgery", "")
    assert found.name_sort == "inventedx, ada"  # of two that employ the person, the one that spoke last
    with world.store.read() as conn:
        places = institutions.get(conn, [found.institution_id or ""])
    assert [place.name for place in places.values()] == ["Example Harbor University"]


def test_the_listing_ends_with_the_consent(world: World) -> None:
    world.harvest([record("a", consent=[CONSENT | {"at": "2026-01-05"}])])
    ends = datetime(2026, 1, 5, tzinfo=UTC) + DAYS_OF_CONSENT
    assert row(world).listed_until == ends
    assert row(world).visible("public", ends - timedelta(seconds=1))
    assert not row(world).visible("public", ends)


def test_the_next_change_is_the_first_of_all_that_the_calendar_brings(world: World) -> None:
    offer = {"arena": "research-skills", "capacity": 2, "taken": 0, "confirmed_on": "2026-11-20"}
    world.harvest([record("a", offers=[offer])])
    assert row(world).next_change == datetime(2027, 2, 19, tzinfo=UTC)  # 91 days after the confirmation
    world.harvest([record("a", offers=[offer | {"paused_until": "2026-12-24"}])])
    assert row(world).next_change == datetime(2026, 12, 24, tzinfo=UTC)


@both
def test_the_consent_for_one_audience_can_end_before_the_listing(world: World) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    world.parts.consent.grant(person, ["listing", "widgets"], evidence="letter")
    ends = world.clock.now + DAYS_OF_CONSENT
    world.clock.now += 200 * DAY
    world.parts.consent.grant(person, ["listing", "federation"], evidence="letter")
    world.parts.sweeper.sweep()
    assert row(world).scopes == ("public", "widgets", "federation")
    assert row(world).next_change is not None
    assert abs(row(world).next_change - ends) < timedelta(seconds=5)  # type: ignore[operator]
    world.clock.now = ends + DAY
    world.parts.sweeper.sweep()
    assert row(world).scopes == ("public", "federation")
    assert world.visible() == ["a"]
    assert world.differences() == 0


def test_a_person_whose_record_moved_away_has_no_listing(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(2))])
    first = world.person("a")
    world.harvest([record("a", orcid=orcid(2)), record("b", orcid=orcid(2))])
    with world.store.read() as conn:
        left = profiles.by_ids(conn, [first])[first]
        assert people.get(conn, [first])[first].erased_at is None
    assert (left.listed, left.facts, left.institution_id) == (False, {}, None)
    assert (first, True) in reported(world)
    with world.store.read() as conn:
        assert first in outbox.pending_hidden(conn, 9)
