"""What the calendar does by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from directory.services.arguments import SearchArguments
from directory.store import ledger, profiles
from directory.store.tables import profile
from indexer.sweep import Sweeper, Swept
from tests.dialects import both
from tests.world import CONSENT, DAY, World, record, records


def availability(world: World) -> dict[str, int]:
    """Mentors by availability, as the search counts them."""
    page = world.parts.search.counts(("availability",))
    return dict(page.facets["availability"])


@both
def test_expired_consents_leave_list_and_index(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sweep.BATCH", 2)
    old = [record(f"o{number}", consent=[CONSENT | {"at": "2025-11-26"}]) for number in range(5)]
    world.harvest([*old, record("a")])
    assert len(world.visible()) == 6
    assert world.parts.sweeper.sweep().expired == 0
    world.clock.now += 3 * DAY
    assert world.shown() == ["a"]  # the read gate knows at once
    assert world.parts.search.search(SearchArguments()).total == 1
    assert world.parts.sweeper.sweep() == Swept(expired=5, changed=0, purged=0)
    with world.store.read() as conn:
        events = ledger.of_people(conn, [world.person("o0")])[world.person("o0")]
        assert ledger.verify(conn) == 11
    assert [(event.state, event.at.date().isoformat(), event.evidence) for event in events] == [
        ("granted", "2025-11-26", "form 12"),
        ("expired", "2026-11-26", "not reaffirmed"),
    ]
    assert world.drain() == 5
    assert (world.shown(), world.differences(), world.parts.engine.count()) == (["a"], 0, 1)
    assert world.parts.sweeper.sweep() == Swept(0, 0, 0)
    before = world.written()
    assert world.harvest([*old, record("a")]).counts["unchanged"] == 6
    assert world.written() == before


def test_a_new_statement_brings_the_listing_back(world: World) -> None:
    world.harvest([record("a", consent=[CONSENT | {"at": "2025-11-26"}])])
    world.clock.now += 3 * DAY
    world.parts.sweeper.sweep()
    world.harvest([record("a", consent=[CONSENT | {"at": world.clock.now.date().isoformat()}])])
    assert world.visible() == ["a"]


@both
def test_confirmations_that_lapse_turn_to_unconfirmed_in_the_index(world: World) -> None:
    offer = {"arena": "research-skills", "capacity": 3, "taken": 0}
    world.harvest([
        record("a", offers=[offer | {"confirmed_on": "2026-09-01"}]),
        record("b", offers=[offer | {"confirmed_on": "2026-11-20"}]),
        record("c", offers=[offer | {"confirmed_on": "2026-11-20", "paused_until": "2026-12-05"}]),
    ])  # fmt: skip
    world.drain()
    assert availability(world) == {"open": 2, "paused": 1}
    world.clock.now += 7 * DAY  # Dec 1: the confirmation of `a` is 91 days old
    assert world.parts.sweeper.sweep() == Swept(expired=0, changed=1, purged=0)
    world.drain()
    assert availability(world) == {"open": 1, "paused": 1, "unconfirmed": 1}
    world.clock.now += 5 * DAY
    assert world.parts.sweeper.sweep().changed == 1
    world.drain()
    assert availability(world) == {"open": 2, "unconfirmed": 1}
    assert world.parts.sweeper.sweep().changed == 0
    assert world.differences() == 0


def test_after_a_long_sleep_everything_is_caught_up_in_one_sweep(world: World) -> None:
    world.harvest(records(20))
    world.clock.now += 200 * DAY
    assert world.parts.sweeper.sweep().changed == 20
    assert world.parts.sweeper.sweep() == Swept(0, 0, 0)
    world.clock.now += 200 * DAY
    assert world.parts.sweeper.sweep().expired == 20
    assert world.visible() == []


@pytest.mark.parametrize("column", ["next_change", "listed_until"])
def test_a_row_that_stays_due_does_not_loop_for_ever(world: World, column: str, caplog: pytest.LogCaptureFixture) -> None:
    """A profile whose version is larger than the person's can't be saved: something is wrong with it, and the sweep goes on."""
    world.harvest(records(3))
    with world.store.write() as conn:
        stuck = {column: world.clock.now - DAY, "version": 10**9}
        conn.execute(update(profile).where(profile.c.person_id == world.person("p001")).values(stuck))
    world.parts.sweeper.sweep()
    assert f"the first is {world.person('p001')}" in caplog.text


def test_who_withdrew_meanwhile_is_not_brought_back(world: World) -> None:
    world.harvest(records(2))
    world.withdraw("p000")
    world.clock.now += 100 * DAY
    world.parts.sweeper.sweep()
    assert world.visible() == ["p001"]
    with world.store.read() as conn:
        row = profiles.by_ids(conn, [world.person("p000")])[world.person("p000")]
    assert (row.listed, row.next_change) == (False, None)


def test_rejected_items_are_kept_for_thirty_days(world: World) -> None:
    world.harvest([{"id": "bad", "name": {"given": "Ada"}}])
    world.clock.now += timedelta(days=29)
    assert world.parts.sweeper.sweep().purged == 0
    world.clock.now += timedelta(days=2)
    assert world.parts.sweeper.sweep().purged == 1
    assert world.table("quarantine") == []


@both
def test_a_shorter_life_of_consents_takes_people_off_the_list(world: World) -> None:
    world.harvest([record("a", consent=[CONSENT | {"at": "2026-09-01"}]), record("b", consent=[CONSENT | {"at": "2026-11-20"}])])
    world.drain()
    assert world.parts.sweeper.sweep() == Swept(0, 0, 0)
    stricter = replace(world.parts.policy, listing=replace(world.parts.policy.listing, consent_lifetime=30 * DAY))
    sweeper = Sweeper(world.store, stricter, lambda: world.clock.now, 30 * DAY)
    assert sweeper.sweep() == Swept(expired=0, changed=2, purged=0)
    assert world.visible() == ["b"]
    assert sweeper.sweep() == Swept(0, 0, 0)


@both
def test_everybody_is_looked_at_anew_however_many_ranges_that_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sweep.RANGE", 3)
    world.harvest([record(f"r{number}", consent=[CONSENT | {"at": "2026-09-01"}]) for number in range(7)])
    assert world.parts.sweeper.sweep() == Swept(0, 0, 0)
    stricter = replace(world.parts.policy, listing=replace(world.parts.policy.listing, consent_lifetime=30 * DAY))
    assert Sweeper(world.store, stricter, lambda: world.clock.now, 30 * DAY).sweep() == Swept(expired=0, changed=7, purged=0)
    assert world.visible() == []
