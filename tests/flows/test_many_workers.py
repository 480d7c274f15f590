"""Several workers bring changes to one Elasticsearch at once: together they lose nothing, and a rebuild among them loses nothing either."""

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from directory.core.clock import system_clock
from directory.core.errors import Conflict
from directory.services.arguments import SearchArguments
from directory.store import outbox
from directory.store.holders import holder_name
from directory.store.outbox import Backlog
from indexer.worker import LEASE
from tests.commands import ROOT
from tests.dialects import both
from tests.engines.conftest import elasticsearch_url
from tests.world import CONSENT, MovingClock, World, again, open_world, record

PEOPLE = 2000
LEAVING = 40
WORKERS = 3
BATCH = 50


@contextmanager
def open_shared(folder: Path, dialect: str, **settings: str) -> Iterator[World]:
    """A world on the real Elasticsearch, at the time of now, which other processes have too."""
    url, alias = elasticsearch_url(), f"test-{secrets.token_hex(6)}"
    given = {"ENGINE": "elasticsearch", "ELASTICSEARCH_URL": url, "ELASTICSEARCH_INDEX": alias, "ELASTICSEARCH_REPLICAS": "0"}
    limits = {"WORKER_BATCH": str(BATCH), "ELASTICSEARCH_SECONDS": "20", **settings}
    try:
        with open_world(folder, dialect, settings=given | limits, clock=MovingClock(system_clock())) as opened:
            yield opened
    finally:
        with closing(Elasticsearch(url, request_timeout=20)) as client:
            for name in client.indices.get(index=f"{alias}-*", features="aliases").body:
                client.indices.delete(index=name)


def people(count: int, **changed: object) -> list[dict[str, object]]:
    consent = [CONSENT | {"at": system_clock().date().isoformat()}]
    return [record(f"p{number:04}", consent=consent, **changed) for number in range(count)]


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_shared(tmp_path, dialect) as opened:
        yield opened


def drain_by_command(world: World) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "directory.cli", "index", "drain"],
        env={"PATH": os.environ["PATH"], **world.environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_equal(world: World, listed: int) -> None:
    found = world.parts.verifier.compare(world.parts.engine, repair=False)
    assert (found.total, world.listed(), world.parts.engine.count()) == (0, listed, listed)
    with world.store.read() as conn:
        assert outbox.stats(conn) == Backlog(0, 0, None)


def is_shown(world: World, name: str) -> bool:
    """By name; others may be found in its place, because their names are nearly the same."""
    found = world.parts.search.search(SearchArguments(q=f"invented{name}", limit=100))
    return any(card.name.endswith(name) for card in found.items)


@both
@pytest.mark.timeout(300)
def test_three_processes_share_two_thousand_people(world: World) -> None:
    world.harvest(people(PEOPLE))
    leaving = [f"p{number:04}" for number in range(0, PEOPLE, PEOPLE // LEAVING)]
    drains = [drain_by_command(world) for _ in range(WORKERS)]
    gone: list[str] = []
    while any(drain.poll() is None for drain in drains) or len(gone) < LEAVING:
        if len(gone) < LEAVING:
            gone.append(leaving[len(gone)])
            world.withdraw(gone[-1])
        assert not is_shown(world, gone[-1])
    done = [drain.communicate() for drain in drains]
    assert {drain.returncode for drain in drains} <= {0, 1}, done  # 1: others were still at work when it had nothing left to take
    brought = [int(found.group(1)) for output, _ in done if (found := re.match(r"(\d+) changes? indexed", output))]
    assert len(brought) == WORKERS
    # whoever left while the first change was under way came twice, and once more if another worker brought the second change
    assert PEOPLE <= sum(brought) + world.drain() <= PEOPLE + 2 * LEAVING
    assert not [name for name in gone if is_shown(world, name)]
    check_equal(world, PEOPLE - LEAVING)


class Crowd:
    """Workers that drain, each as a process of its own would, until the end of the block."""

    def __init__(self, world: World, count: int) -> None:
        self._stack = ExitStack()
        self._ended = threading.Event()
        self._errors: list[BaseException] = []
        self.taken = [0] * count
        worlds = [self._stack.enter_context(again(world)) for _ in range(count)]
        self._threads = [threading.Thread(target=self._run, args=row) for row in enumerate(worlds)]

    def _run(self, number: int, world: World) -> None:
        while not self._ended.is_set():
            try:
                self.taken[number] += world.parts.indexer.drain().taken
            except Conflict:  # a rebuild has the index for itself
                self._ended.wait(0.01)
            except BaseException as error:  # noqa: BLE001 it is raised again by the test
                self._errors.append(error)
                return

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._stack.close()
        if self._errors:
            raise self._errors[0]


@both
@pytest.mark.timeout(300)
def test_rebuilds_among_workers_lose_nothing(world: World) -> None:
    world.harvest(people(200))
    with Crowd(world, WORKERS) as crowd:
        for number in range(4):
            world.harvest(people(200, headline=f"Version {number}"))
            world.withdraw(f"p{number:04}")
            world.parts.rebuilder.rebuild(lambda _done, _total: None)
            assert not is_shown(world, f"p{number:04}")
    assert min(crowd.taken) > 0
    world.clock.now += timedelta(minutes=2)
    world.drain()
    check_equal(world, 196)


def before(world: World, monkeypatch: pytest.MonkeyPatch, method: str, step: Callable[[], None]) -> None:
    """`step` happens when the engine of a world is about to do something, once."""
    real = getattr(world.parts.engine, method)

    def first(*asked: object) -> object:
        monkeypatch.setattr(world.parts.engine, method, real)
        step()
        return real(*asked)

    monkeypatch.setattr(world.parts.engine, method, first)


@both
def test_a_change_between_the_last_comparison_and_the_swap_waits_for_the_swap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(people(3))
    world.drain()
    with again(world) as worker:

        def change() -> None:
            world.harvest(people(3, headline="New words"))
            with pytest.raises(Conflict, match="has the search index for itself"):
                worker.drain()

        before(world, monkeypatch, "swap", change)
        world.parts.rebuilder.rebuild(lambda _done, _total: None)
        assert worker.drain() == 3
    check_equal(world, 3)


@both
def test_a_slow_worker_whose_claim_ran_out_brings_nobody_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(people(3))
    with again(world) as slow:

        def overtake() -> None:
            world.clock.now += timedelta(hours=1)
            world.withdraw("p0001")
            assert world.drain() == 3

        before(slow, monkeypatch, "apply", overtake)
        done = slow.parts.indexer.drain()
        assert (done.taken, done.applied, done.stale) == (3, 0, 3)
    assert not is_shown(world, "p0001")
    check_equal(world, 2)


@both
def test_a_slow_worker_brings_nobody_back_into_an_index_that_was_made_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new index has no mark of people who left before it was made, so that it takes an outdated document of theirs."""
    world.harvest(people(3))
    with again(world) as slow:

        def overtake() -> None:
            world.withdraw("p0001")
            assert world.drain() == 1
            world.parts.rebuilder.rebuild(lambda _done, _total: None)
            assert world.parts.engine.count() == 2

        before(slow, monkeypatch, "apply", overtake)
        assert slow.drain() == 4  # the one who left twice
    check_equal(world, 2)


@both
def test_what_a_dead_worker_claimed_is_free_for_the_others(world: World) -> None:
    world.harvest(people(3))
    dead = "/".join([*holder_name(LEASE).split("/")[:3], "999999999", "00"])
    with world.store.write() as conn:
        assert len(outbox.claim(conn, dead, now=world.clock(), limit=9, lease=timedelta(hours=1))) == 3
    assert world.drain() == 3
    check_equal(world, 3)
