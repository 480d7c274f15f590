"""From outbox to engine: nothing is lost, nobody blocks, one at a time writes."""

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from connectors.source_lease import SourceLease
from directory.core.errors import Conflict, Unavailable
from directory.search.engine import Applied, Change
from directory.services.health import EMPTY_INDEX, LOST_INDEX
from directory.store import leases, outbox
from directory.store.holders import holder_name
from directory.store.outbox import Backlog
from directory.work import Worker
from indexer.worker import LEASE, Drained
from tests.dialects import both, both_engines
from tests.world import World, again, record, records

HOUR = timedelta(hours=1)
Apply = Callable[[Sequence[Change]], list[Applied]]


def backlog(world: World) -> Backlog:
    with world.store.read() as conn:
        return outbox.stats(conn)


def attempts(world: World) -> list[int]:
    return [row[7] for row in world.table("outbox")]


@both
def test_batches_until_nothing_is_due(world: World) -> None:
    world.harvest(records(120))
    drain = world.parts.indexer.drain
    assert [drain().taken for _ in range(4)] == [50, 50, 20, 0]
    assert (len(world.shown()), world.differences(), backlog(world).count) == (120, 0, 0)


def test_several_changes_of_a_person_are_one(world: World) -> None:
    world.harvest([record("a")])
    world.harvest([record("a", headline="New words")])
    world.withdraw("a")
    assert len(world.table("outbox")) == 3
    assert world.parts.indexer.drain() == Drained(taken=1, applied=1)
    assert world.parts.engine.status().tombstones == 1
    assert backlog(world).count == 0


def test_who_leaves_goes_first(world: World) -> None:
    world.harvest(records(120))
    world.drain()
    world.harvest([record(row["id"], headline="New words") for row in records(120)])
    person = world.withdraw("p119")
    world.parts.indexer.drain()
    held = {row.id: row for row in world.parts.engine.versions("", 1000)}
    assert held[person].withdrawn


@both_engines
def test_who_is_erased_leaves_the_index_too(world: World) -> None:
    """The store has no profile any more that could say so."""
    world.harvest(records(3))
    world.drain()
    person = world.person("p001")
    world.parts.consent.erase(person)
    assert world.drain() == 1
    assert {row.id: row.withdrawn for row in world.parts.engine.versions("", 9)}[person]
    assert (world.parts.engine.count(), world.shown(), world.differences()) == (2, ["p000", "p002"], 0)


def test_idle_it_only_reads_and_lets_others_write(world: World) -> None:
    world.harvest([record("a")])
    world.drain()
    before = world.table("lease")
    for _ in range(3):
        assert world.parts.indexer.drain() == Drained()
    assert world.table("lease") == before
    with world.store.write() as conn:
        assert leases.acquire(conn, LEASE, "somebody", world.clock(), HOUR) is not None


@both
def test_one_at_a_time(world: World) -> None:
    world.harvest(records(3))
    with world.store.write() as conn:
        assert leases.acquire(conn, LEASE, holder_name(LEASE), world.clock(), HOUR) is not None
    with pytest.raises(Conflict, match="Another indexer is at work"):
        world.drain()
    assert (backlog(world).pending, attempts(world)) == (3, [0, 0, 0])
    world.clock.now += 2 * HOUR
    assert world.drain() == 3


@both
def test_a_right_to_write_that_was_rolled_back_is_nobodys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one gets the same token."""
    world.harvest(records(3))

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "claim", fail)
        with pytest.raises(Unavailable):
            world.drain()
    with again(world) as other:
        other.parts.indexer.hold()
        with pytest.raises(Conflict, match="Another indexer is at work"):
            world.drain()
        world.parts.indexer.release()
        other.parts.indexer.keep()
        assert other.drain() == 3


def test_what_a_dead_indexer_claimed_is_free_at_once(world: World) -> None:
    world.harvest(records(3))
    dead = "/".join([*holder_name(LEASE).split("/")[:3], "999999999", "00"])
    with world.store.write() as conn:
        leases.acquire(conn, LEASE, dead, world.clock(), HOUR)
        assert len(outbox.claim(conn, dead, now=world.clock(), limit=9, lease=HOUR)) == 3
    world.harvest([*records(3), record("new")])
    assert world.drain() == 4
    assert world.differences() == 0


def test_an_engine_that_is_down_costs_no_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))

    def down(_changes: Sequence[Change]) -> list[Applied]:
        raise Unavailable("the engine does not answer")

    monkeypatch.setattr(world.parts.engine, "apply", down)
    for _ in range(10):  # more often than a change may fail
        with pytest.raises(Unavailable):
            world.drain()
        waiting = backlog(world)
        assert (waiting.pending, waiting.parked, waiting.failing, attempts(world)) == (3, 0, 3, [0, 0, 0])
        assert waiting.trouble == "the engine does not answer"
        assert world.parts.indexer.drain() == Drained()  # not again at once
        world.clock.now += timedelta(seconds=3)
    monkeypatch.undo()
    assert world.drain() == 3
    assert (len(world.shown()), world.differences()) == (3, 0)


def poison(world: World, monkeypatch: pytest.MonkeyPatch, person: str, react: Callable[[Change], Applied]) -> None:
    """The engine can't take this person."""
    real = world.parts.engine.apply

    def apply(changes: Sequence[Change]) -> list[Applied]:
        good = [change for change in changes if change.id != person]
        return [*real(good), *(react(change) for change in changes if change.id == person)]

    monkeypatch.setattr(world.parts.engine, "apply", apply)


def explode(_change: Change) -> Applied:
    raise OverflowError("secret payload")


def refuse(change: Change) -> Applied:
    return Applied(change.id, "rejected", "a text can't be encoded")


@pytest.mark.parametrize(("react", "reason"), [(explode, "OverflowError"), (refuse, "a text can't be encoded")])
def test_a_poisoned_change_is_parked_and_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch, react: Callable[[Change], Applied], reason: str
) -> None:
    world.harvest(records(6))
    person = world.person("p003")
    poison(world, monkeypatch, person, react)
    delays = []
    for attempt in range(1, 4):
        done = world.parts.indexer.drain()
        assert (done.taken, done.retried, done.parked) == (6 if attempt == 1 else 1, int(attempt < 3), int(attempt == 3))
        assert len(world.shown()) == 5
        due = world.table("outbox")[0][4]
        delays.append(round((due - world.clock.now).total_seconds()))
        world.clock.now = max(world.clock.now, due)
    assert delays[:2] == [4, 8]
    with world.store.read() as conn:
        (parked,) = outbox.parked(conn, 9)
    assert (parked.person_id, parked.attempts, parked.error) == (person, 3, reason)
    assert world.parts.indexer.drain() == Drained()
    world.harvest([*records(6), record("new")])
    assert len(world.visible()) == 6  # a parked change blocks nobody
    monkeypatch.undo()
    with world.store.write() as conn:
        outbox.release_parked(conn)
    assert world.drain() == 1
    assert (len(world.shown()), world.differences()) == (7, 0)


def test_a_profile_that_cannot_be_built_is_parked_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    person = world.person("p001")
    real = world.parts.indexer._builder.build

    def build(row: Any, today: Any) -> Change:
        if row.person_id == person:
            raise KeyError("secret payload")
        return real(row, today)

    monkeypatch.setattr(world.parts.indexer._builder, "build", build)
    for _ in range(3):
        world.parts.indexer.drain()
        world.clock.now += timedelta(minutes=10)
    assert (len(world.shown()), backlog(world).parked) == (2, 1)


def test_a_parked_withdrawal_still_hides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    world.drain()
    person = world.withdraw("p001")
    poison(world, monkeypatch, person, refuse)
    for _ in range(3):
        world.parts.indexer.drain()
        world.clock.now += timedelta(minutes=10)
    assert backlog(world).parked == 1
    assert world.shown() == ["p000", "p002"]


def test_late_writes_lose(world: World) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    world.drain()
    world.withdraw("a")
    world.drain()
    version = next(row.version for row in world.parts.engine.versions("", 9) if row.id == person)
    with world.store.write() as conn:
        outbox.add(conn, [(person, False)], world.clock())  # a row that is delivered twice
    assert world.parts.indexer.drain().stale == 1
    assert [(row.version, row.withdrawn) for row in world.parts.engine.versions("", 9)] == [(version, True)]


def test_a_change_during_the_write_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest([record("a")])
    real = world.parts.engine.apply

    def apply(changes: Sequence[Change]) -> list[Applied]:
        monkeypatch.undo()
        world.withdraw("a")
        return real(changes)

    monkeypatch.setattr(world.parts.engine, "apply", apply)
    world.parts.indexer.drain()
    assert (backlog(world).pending, world.shown()) == (2, [])  # what was written is outdated, so its change stays too
    world.drain()
    assert (backlog(world).pending, world.differences()) == (0, 0)


def test_two_processes_share_the_work(world: World) -> None:
    """Two indexers over one store and one index folder: whoever comes second is told so, and later does its part."""
    world.harvest(records(60))
    with again(world) as other:
        world.parts.indexer.drain()
        with pytest.raises(Conflict):
            other.parts.indexer.drain()
        while world.parts.indexer.drain().taken:
            pass
        world.parts.engine.close()
        world.withdraw("p000")
        assert other.parts.indexer.drain().taken == 1
        assert len(other.shown()) == 59


def test_threads_of_a_worker_end_when_asked(world: World) -> None:
    world.publish(records(30))
    worker = Worker(world.parts)
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = threading.Event()
    for _ in range(200):
        if world.table("source_run") and world.table("source_run")[0][2] == "complete" and backlog(world).count == 0:
            break
        deadline.wait(0.1)
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert len(world.shown()) == 30


def test_a_source_that_somebody_else_runs_is_left_alone_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("directory.work.SOURCE_POLL", 0.01)
    worker = Worker(world.parts, ["sources"])
    looked: list[bool] = []
    look = worker._sources

    def count() -> bool:
        looked.append(look())
        if len(looked) == 20:
            worker.stop()
        return False

    monkeypatch.setattr(worker, "_sources", count)
    with SourceLease(world.store, "plains", world.clock, timedelta(seconds=60)), caplog.at_level(logging.INFO):
        worker.run()
    assert [row.message for row in caplog.records if row.name == "directory.work"] == [
        "source plains: plains is being run by somebody else; try again when that run has ended."
    ]


def test_what_a_loop_or_a_source_stumbled_over_is_logged_without_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(world.parts, ["sources", "sweep"])
    text = " ".join(["Okonjo-Vale", "secret"])  # in parts, or the line of code would hold it
    met = threading.Barrier(2, action=worker.stop)

    def fail(*_: object, **__: object) -> None:
        met.wait(10)
        raise KeyError(text)

    monkeypatch.setattr(world.parts.runner, "run", fail)
    monkeypatch.setattr(world.parts.sweeper, "sweep", fail)
    with caplog.at_level(logging.ERROR):
        worker.run()
    assert {row.message.splitlines()[0] for row in caplog.records} == {
        "source plains: unforeseen KeyError; the other sources go on",
        "sweep: unforeseen KeyError; the loop goes on",
    }
    assert "Okonjo" not in caplog.text
    assert "directory/work.py" in caplog.text


def test_an_index_that_was_lost_is_not_begun_anew(world: World) -> None:
    """An empty one would look like the whole directory, and the changes of now like all its people."""
    world.harvest(records(3))
    world.drain()
    world.parts.close()
    shutil.rmtree(world.data / "index")
    with again(world) as restarted:
        restarted.harvest([record("p000", headline="New words"), *records(2, start=1)])
        for ask in (restarted.drain, restarted.shown, restarted.parts.engine.count):
            with pytest.raises(Unavailable, match="mentors index rebuild"):
                ask()
        assert restarted.parts.health.readiness().checks["engine"] == LOST_INDEX
        restarted.parts.rebuilder.rebuild(lambda _done, _total: None)
        restarted.clock.now += timedelta(seconds=3)
        assert restarted.drain() == 1
        assert (len(restarted.shown()), restarted.differences()) == (3, 0)
        assert restarted.parts.health.readiness().ready


def test_an_empty_index_beside_listed_people_is_not_ready(world: World) -> None:
    world.harvest(records(3))
    world.drain()
    assert world.parts.health.readiness().ready
    world.parts.engine.swap(world.parts.engine.start_generation())
    found = world.parts.health.readiness()
    assert (found.ready, found.checks["engine"]) == (False, EMPTY_INDEX)
    world.harvest(records(4))  # a change is on its way to it
    assert world.parts.health.readiness().ready
