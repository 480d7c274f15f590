"""Comparing the index with the store, and putting right what differs."""

import threading
from dataclasses import replace

import pytest

from directory.search.engine import Document, IndexedVersion, Tombstone
from directory.store import outbox, profiles
from indexer.document import DocumentBuilder
from tests.dialects import both
from tests.world import World, again, record, records


def compare(world: World, *, repair: bool = False) -> tuple[int, int, int, int, int, int]:
    found = world.parts.verifier.compare(world.parts.engine, repair=repair)
    return found.compared, found.missing, found.stale, found.lingering, found.waiting, found.repaired


def forget_outbox(world: World) -> None:
    """Changes get lost, as when a database is restored."""
    with world.store.write() as conn:
        outbox.done(conn, [row[0] for row in world.table("outbox")])


@both
def test_a_drained_index_does_not_differ(world: World) -> None:
    world.harvest([*records(20), record("silent", consent=None)])
    world.withdraw("p003")
    world.drain()
    assert compare(world) == (21, 0, 0, 0, 0, 0)


@both
def test_what_waits_is_told_from_what_is_wrong(world: World) -> None:
    world.harvest(records(20))
    found = world.parts.verifier.compare(world.parts.engine, repair=False)
    assert (found.missing, found.waiting, found.unexplained) == (20, 20, 0)
    world.drain()
    world.harvest([record("p000", headline="New words"), *records(19, start=1)])
    world.withdraw("p001")
    found = world.parts.verifier.compare(world.parts.engine, repair=False)
    assert (found.stale, found.lingering, found.waiting, found.unexplained) == (1, 1, 2, 0)


@pytest.mark.parametrize("page", [1, 3, 2000])
def test_every_kind_of_difference_is_found_and_repaired(world: World, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.verify.PAGE", page)
    monkeypatch.setattr("indexer.verify.REPAIR", 2)
    world.harvest(records(9))
    world.drain()
    world.harvest([record("p000", headline="New words"), *records(8, start=1), record("new")])
    world.withdraw("p001")
    forget_outbox(world)
    assert compare(world) == (10, 1, 1, 1, 0, 0)
    found = world.parts.verifier.compare(world.parts.engine, repair=False)
    assert found.ids == {"missing": [world.person("new")], "stale": [world.person("p000")], "lingering": [world.person("p001")]}
    assert (found.total, found.unexplained) == (3, 3)
    assert compare(world, repair=True) == (10, 1, 1, 1, 0, 3)
    assert compare(world) == (10, 0, 0, 0, 0, 0)
    assert world.shown() == ["new", "p000", *(f"p{number:03}" for number in range(2, 9))]


@pytest.mark.parametrize("stranger", ["m00000000000", "mzzzzzzzzzzz"])
def test_somebody_whom_the_store_never_had_is_taken_out(world: World, stranger: str) -> None:
    """The database was replaced by one that does not know everybody in the index, before or behind its own people."""
    world.harvest(records(3))
    world.drain()
    row = next(iter(world.parts.engine.versions("", 1)))
    with world.store.read() as conn:
        known = profiles.by_ids(conn, [row.id])[row.id]
    document = DocumentBuilder(world.parts.vocabularies, lapse_days=90).build(known, world.clock().date())
    assert isinstance(document, Document)
    world.parts.engine.apply([replace(document, id=stranger, version=7)])
    assert compare(world, repair=True) == (3, 0, 0, 1, 0, 1)
    assert compare(world) == (3, 0, 0, 0, 0, 0)
    world.parts.engine.apply([Tombstone(stranger, 1)])
    assert len(world.shown()) == 3


def test_an_older_version_of_the_store_counts_as_a_difference(world: World) -> None:
    """A restored database is older than the index; versions leap, so the store's word wins."""
    world.harvest([record("a")])
    world.drain()
    row = next(iter(world.parts.engine.versions("", 1)))
    world.parts.engine.apply([Tombstone(row.id, row.version + 5)])
    assert compare(world) == (1, 1, 0, 0, 0, 0)
    assert compare(world, repair=True)[-1] == 0  # the index holds something newer: it takes a rebuild


def test_what_a_worker_has_open_is_left_to_it(world: World) -> None:
    """A worker of the embedded engine keeps its files open while it has nothing to do."""
    world.harvest([*records(3), record("gone")])
    world.drain()
    world.harvest([record("p000", headline="New words"), *records(2, start=1), record("gone")])
    person = world.withdraw("gone")
    forget_outbox(world)
    assert world.parts.indexer.drain().taken == 0
    with again(world) as other:
        found = other.parts.repairer.repair(lambda _done: None)
        assert (found.total, found.waiting, found.repaired, found.unexplained) == (2, 2, 0, 0)
    with world.store.read() as conn:
        assert outbox.pending_hidden(conn, 9) == [person]
    assert world.shown() == ["p000", "p001", "p002"]
    assert (world.drain(), world.differences()) == (2, 0)


def test_a_repair_keeps_the_right_to_write_while_it_compares(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    world.drain()
    parts, kept = world.parts, threading.Event()
    real = parts.engine.versions

    def slow(after: str, limit: int) -> list[IndexedVersion]:
        assert kept.wait(20)
        return real(after, limit)

    with again(world, lambda environment: environment.update(MENTORS_WORKER_LEASE_SECONDS="5")) as other:
        renew = other.parts.indexer.keep

        def keep() -> None:
            renew()
            kept.set()

        monkeypatch.setattr(other.parts.engine, "versions", slow)
        monkeypatch.setattr(other.parts.indexer, "keep", keep)
        assert other.parts.repairer.repair(lambda _done: None).total == 0
    parts.indexer.hold()
