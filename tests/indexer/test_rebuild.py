"""A rebuild while the world goes on: nobody who left comes back, nothing that changed is lost, the old index serves until the swap."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from directory.core.errors import Conflict, DirectoryError, Unavailable
from directory.search.engine import Change, Generation
from directory.store import leases, outbox
from directory.store.holders import holder_name
from directory.store.profiles import ProfileRow
from indexer.document import DocumentBuilder
from indexer.rebuild import Rebuilder, Rebuilt
from indexer.rebuild_lease import LEASE as REBUILD
from indexer.verify import Difference, Verifier
from indexer.worker import LEASE
from tests.dialects import both, both_engines, everywhere
from tests.world import World, again, record, records

HOUR = timedelta(hours=1)


def nothing(_done: int, _total: int) -> None:
    """No progress is watched."""


def rebuild(world: World, watch: Callable[[int, int], None] = nothing) -> Rebuilt:
    return world.parts.rebuilder.rebuild(watch, wait_seconds=5)


def once(action: Callable[[], object]) -> Callable[..., None]:
    """A callback that acts the first time."""
    left = [action]

    def act(*_arguments: object) -> None:
        while left:
            left.pop()()

    return act


def generations(world: World) -> int:
    return len(world.generations())


@everywhere
def test_everybody_who_is_listed_and_nobody_else(world: World) -> None:
    world.harvest([*records(30), record("silent", consent=None)])
    world.withdraw("p003")
    done = rebuild(world)
    assert (done.loaded, done.caught_up, done.refused) == (29, 0, 0)
    assert world.parts.engine.status().generation == done.generation
    assert (len(world.shown()), world.parts.engine.count(), world.differences()) == (29, 29, 0)
    assert generations(world) == 1
    assert world.drain() == 30  # what waited is stale by now
    assert (len(world.shown()), world.differences()) == (29, 0)


@both
@pytest.mark.parametrize("decide", ["withdraw", "erase"])
def test_who_leaves_between_load_and_swap_is_not_in_it(world: World, decide: str) -> None:
    world.harvest(records(10))
    world.drain()
    person = world.person("p004")
    verbs: dict[str, Callable[[], object]] = {
        "withdraw": lambda: world.parts.consent.withdraw(person, evidence="letter"),
        "erase": lambda: world.parts.consent.erase(person),
    }
    done = rebuild(world, once(verbs[decide]))
    assert done.caught_up == 1
    assert "p004" not in world.shown()
    held = {row.id: row.withdrawn for row in world.parts.engine.versions("", 99)}
    assert held[person]
    assert world.drain() == 1
    assert (len(world.shown()), world.differences()) == (9, 0)


@pytest.mark.parametrize("moment", ["swap", "check"])
def test_who_leaves_at_the_very_last_moment_follows_behind_the_swap(world: World, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(10))
    world.drain()
    leave = once(lambda: world.withdraw("p004"))
    swap, compare = world.parts.engine.swap, Verifier.compare

    def swap_late(generation: Generation) -> None:
        leave()
        swap(generation)

    def compare_late(self: Verifier, *arguments: Any, repair: bool, **more: Any) -> Difference:
        if not repair:  # the last look
            leave()
        return compare(self, *arguments, repair=repair, **more)

    if moment == "swap":
        monkeypatch.setattr(world.parts.engine, "swap", swap_late)
    else:
        monkeypatch.setattr(Verifier, "compare", compare_late)
    rebuild(world)
    assert "p004" not in world.shown()  # the store says so
    assert world.drain() == 1
    assert (len(world.shown()), world.differences()) == (9, 0)


@everywhere
def test_what_a_worker_brought_to_the_old_index_before_the_swap_is_replayed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not in the outbox any more: only the last comparison, which alone writes, can find it."""
    world.harvest(records(10))
    with again(world) as other:  # only one process may write to the embedded index, and the first to do so goes on
        other.drain()
    take_over = Rebuilder._take_over

    def work_before(self: Rebuilder, wait_seconds: float) -> None:
        with again(world) as other:
            other.withdraw("p004")
            assert other.drain() == 1
        take_over(self, wait_seconds)

    monkeypatch.setattr(Rebuilder, "_take_over", work_before)
    done = rebuild(world)
    assert (done.loaded, done.caught_up) == (10, 1)
    assert (world.parts.engine.count(), len(world.shown()), world.differences()) == (9, 9, 0)
    assert world.table("outbox") == []


@everywhere
def test_a_harvest_while_it_runs(world: World) -> None:
    world.harvest(records(30))
    world.drain()
    changed = [record("p000", headline="New words"), *records(29, start=1), *[record(f"n{number}") for number in range(5)]]
    rebuild(world, once(lambda: world.harvest(changed)))
    assert len(world.visible()) == 35
    assert world.differences() == 0


def test_a_worker_of_another_process_goes_on(world: World) -> None:
    """It holds the right to write whenever it has something to do; the rebuild waits for its turn and loses none of its changes."""
    world.harvest(records(30))
    ended = threading.Event()
    with again(world) as other:

        def work() -> None:
            while not ended.is_set():
                try:
                    if other.parts.indexer.drain().taken:
                        continue
                except DirectoryError:
                    pass
                ended.wait(0.02)
            other.parts.indexer.release()

        def harvest() -> None:
            for number in range(12):
                if not ended.is_set():
                    world.harvest([record(row["id"], headline=f"Version {number}") for row in records(30)])

        threads = [threading.Thread(target=work), threading.Thread(target=harvest)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            world.parts.rebuilder.rebuild(nothing, wait_seconds=60)
        threads[1].join()
        ended.set()
        threads[0].join()
        other.drain()
        assert len(other.shown()) == 30
        assert other.differences() == 0
        assert world.table("outbox") == []


def test_a_worker_that_stays_busy_is_waited_for_only_so_long(world: World) -> None:
    world.harvest(records(3))
    world.drain()
    serving = world.parts.engine.status().generation
    with world.store.write() as conn:
        leases.acquire(conn, LEASE, holder_name(LEASE), world.clock(), HOUR)
    with pytest.raises(Conflict, match="Another indexer is at work"):
        world.parts.rebuilder.rebuild(nothing, wait_seconds=0.3)
    assert (world.parts.engine.status().generation, generations(world), len(world.shown())) == (serving, 1, 3)


def test_one_that_lost_the_right_to_write_does_not_swap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    world.drain()
    serving = world.parts.engine.status().generation
    compare = Verifier.compare

    def slow(self: Verifier, *arguments: Any, repair: bool, **more: Any) -> Difference:
        if not repair:
            with world.store.write() as conn:
                assert leases.acquire(conn, LEASE, "somebody", world.clock.now + HOUR, HOUR) is not None
        return compare(self, *arguments, repair=repair, **more)

    monkeypatch.setattr(Verifier, "compare", slow)
    with pytest.raises(Conflict, match="was lost"):
        rebuild(world)
    assert (world.parts.engine.status().generation, generations(world)) == (serving, 1)


@everywhere
def test_one_that_was_stopped_during_the_swap_makes_good_what_others_wrote(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They wrote to the generation before, and nothing waits any more."""
    world.harvest(records(3))
    with again(world) as other:
        other.drain()
        real = world.parts.engine.swap

        def stopped(generation: Generation) -> None:
            world.clock.now += HOUR
            other.withdraw("p001")
            assert other.drain() == 1
            real(generation)

        monkeypatch.setattr(world.parts.engine, "swap", stopped)
        rebuild(world)
        assert (other.parts.engine.count(), other.differences()) == (2, 0)


@everywhere
def test_two_at_once(world: World) -> None:
    world.harvest(records(3))
    with again(world) as other:

        def second() -> None:
            with pytest.raises(Conflict, match="Another rebuild of the search index is running"):
                other.parts.rebuilder.rebuild(nothing)

        assert rebuild(world, once(second)).loaded == 3
        assert other.parts.rebuilder.rebuild(nothing).loaded == 3
    assert world.differences() == 0


@both_engines
def test_one_that_fell_silent_is_stopped_by_the_next(world: World) -> None:
    """Its lease ran out though it still runs: it must not put anything into the index that the next one goes on with, nor delete it."""
    world.harvest(records(3))
    with again(world) as other:
        done: list[Rebuilt] = []

        def second() -> None:
            with world.store.write() as conn:
                leases.acquire(conn, REBUILD, "somebody", world.clock.now + HOUR, -HOUR)
            if world.parts.settings.engine.kind == "embedded":  # has a lock of its own besides
                with pytest.raises(Conflict, match="Another rebuild"):
                    other.parts.rebuilder.rebuild(nothing)
            else:
                done.append(other.parts.rebuilder.rebuild(nothing))

        if world.parts.settings.engine.kind == "embedded":
            rebuild(world, once(second))
        else:
            with pytest.raises(Conflict):
                rebuild(world, once(second))
            assert world.generations() == [done[0].generation]
    assert (len(world.shown()), world.differences(), generations(world)) == (3, 0, 1)


def test_one_that_differs_from_the_store_does_not_serve(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    world.drain()
    serving = world.parts.engine.status().generation

    def compare(_self: Verifier, *_arguments: Any, repair: bool, **_more: Any) -> Difference:
        return Difference(compared=3, missing=0 if repair else 2)

    monkeypatch.setattr(Verifier, "compare", compare)
    with pytest.raises(Unavailable) as caught:
        rebuild(world)
    assert str(caught.value) == "The new index differs from the store in 2 people after its repair; the old one serves on."
    monkeypatch.undo()
    assert (world.parts.engine.status().generation, generations(world)) == (serving, 1)


def test_one_who_cannot_be_indexed_does_not_stop_it_and_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(5))
    world.drain()
    person = world.person("p002")
    real = DocumentBuilder.build

    def build(self: DocumentBuilder, row: ProfileRow, today: date) -> Change:
        if row.person_id == person:
            raise KeyError("secret payload")
        return real(self, row, today)

    monkeypatch.setattr(DocumentBuilder, "build", build)
    assert rebuild(world).refused == 1
    assert (len(world.shown()), world.differences()) == (4, 0)  # the difference is explained: it waits
    for _ in range(3):
        world.parts.indexer.drain()
        world.clock.now += HOUR
    with world.store.read() as conn:
        assert [row.person_id for row in outbox.parked(conn, 9)] == [person]
    assert rebuild(world).refused == 1
    assert len(world.table("outbox")) == 1  # not once more for each rebuild


def test_the_first_one_of_an_empty_store(world: World) -> None:
    assert rebuild(world).loaded == 0
    assert (world.shown(), world.differences()) == ([], 0)
