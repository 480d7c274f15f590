"""Everything at once: harvests that share people, decisions, sweeps and the indexer. Nobody waits for ever, nothing is refused for the
order in which somebody else locked, and at the end all agree."""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from directory.services.arguments import SearchArguments
from directory.store import ledger
from tests.dialects import both
from tests.world import DAY, World, open_world, orcid, record

SOURCES = ("plains", "harbor", "lakes")
PEOPLE = 30
ROUNDS = 4


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    limits = {"INGEST_BATCH": "7", "WORKER_BATCH": "9", "INGEST_HOLD_COUNT": "1000"}
    with open_world(tmp_path, dialect, sources=dict.fromkeys(SOURCES, ""), settings=limits) as opened:
        yield opened


class Crowd:
    """Threads that work on one world; what any of them raises fails the test."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._workers: list[threading.Thread] = []

    def add(self, work: Callable[[random.Random], None], *, rounds: int = 0) -> None:
        """A thread that does its work so many times, or (0) for as long as others do."""
        dice = random.Random(len(self._threads) + len(self._workers))

        def run() -> None:
            done = 0
            try:
                while not self.ended.is_set() and (not rounds or done < rounds):
                    work(dice)
                    done += 1
            except BaseException as error:  # noqa: BLE001 it is raised again by the test
                self.errors.append(error)
                self.ended.set()

        (self._workers if rounds else self._threads).append(threading.Thread(target=run))

    def go(self) -> None:
        """Until those with rounds have done them."""
        for thread in (*self._workers, *self._threads):
            thread.start()
        for thread in self._workers:
            thread.join()
        self.ended.set()
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


def feed(source: str, dice: random.Random) -> list[dict[str, object]]:
    """The people in any order; iDs wander now and then, so that records change hands."""
    numbers = dice.sample(range(PEOPLE), PEOPLE - 3)
    wander = dice.random() < 0.5
    return [
        record(f"{source[0]}{number}", orcid=orcid((number + (wander and number % 7 == 0)) % PEOPLE), headline=f"Version {dice.random()}")
        for number in numbers
    ]


class Everything:
    """What the threads do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: set[str] = set()

    def harvest(self, source: str) -> Callable[[random.Random], None]:
        """Rounds of one source."""

        def work(dice: random.Random) -> None:
            self.world.publish(feed(source, dice), source)
            report = self.world.parts.runner.run(source)
            assert (report.status, report.adds_up) == ("complete", True)
            self.people.update(row[2] for row in self.world.table("source_record"))

        return work

    def decide(self, dice: random.Random) -> None:
        """Somebody withdraws, agrees, or is erased."""
        known = sorted(self.people)
        if not known:
            return
        person = dice.choice(known)
        verb = dice.choice(["withdraw", "withdraw", "grant", "grant", "erase"])
        if verb == "erase":
            self.world.parts.consent.erase(person)
        else:
            getattr(self.world.parts.consent, verb)(person, ["listing", "contact"], evidence="letter")

    def sweep(self, _dice: random.Random) -> None:
        """Days pass."""
        self.world.clock.now += DAY / 4
        self.world.parts.sweeper.sweep()

    def drain(self, _dice: random.Random) -> None:
        """The index follows."""
        self.world.parts.indexer.drain()

    def look(self, _dice: random.Random) -> None:
        """Readers read."""
        result = self.world.parts.search.search(SearchArguments(limit=100))
        assert len(result.items) <= PEOPLE * len(SOURCES)


@both
@pytest.mark.timeout(600)
def test_all_at_once(world: World) -> None:
    everything = Everything(world)
    crowd = Crowd()
    for source in SOURCES:
        crowd.add(everything.harvest(source), rounds=ROUNDS)
    for work in (everything.decide, everything.decide, everything.sweep, everything.drain, everything.look):
        crowd.add(work)
    crowd.go()
    world.parts.sweeper.sweep()
    world.drain()
    assert world.differences() == 0
    assert len(world.shown()) == world.listed()
    with world.store.read() as conn:
        ledger.verify(conn)
    assert world.table("staged_item") == []
