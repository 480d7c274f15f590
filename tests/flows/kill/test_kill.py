"""kill -9 at points spread over what writes: nothing acknowledged is lost, nobody who withdrew is back, and the next start converges.

Points are counted in steps that others could notice (see `zygote.py`), so they lie where it hurts; some lie in time, for what happens in
between, inside the libraries of database and engine. With all services there are 120 points in ingest, drain, rebuild and swap, on each
database with each engine, 10 in a worker that ingests and drains at once, 16 in withdrawals and 8 between steps. Each point has to kill:
a command that ends before it fails the test, but for two of those between steps.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dialects import both, everywhere
from tests.flows.kill.killing import KILLED, PEOPLE, Course, Ended, Zygote, shares, zygote
from tests.world import World, open_world

pytestmark = pytest.mark.timeout(600)  # seconds on a machine with nothing else to do, minutes on one that is busy

SHORTEST = 0.002
"""Seconds in which no command ends."""

BATCHES = {"INGEST_BATCH": "20", "WORKER_BATCH": "10", "LOG_LEVEL": "warning"}
MANY = {"ingest": 12, "drain": 16, "rebuild": 10, "swap": 10}
FEW = dict.fromkeys(MANY, 6)
"""Points on SQLite with the embedded engine, which need no service, and elsewhere."""

OFFSETS = {
    ("sqlite", "embedded"): 0.125,
    ("sqlite", "elasticsearch"): 0.375,
    ("postgresql", "embedded"): 0.625,
    ("postgresql", "elasticsearch"): 0.875,
}
"""So that each place is hit at other steps."""

TRIES = 3


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def engine() -> str:
    return "embedded"


@pytest.fixture
def world(tmp_path: Path, dialect: str, engine: str) -> Iterator[World]:
    with open_world(tmp_path / "world", dialect, engine=engine, settings=BATCHES) as opened:
        yield opened


@pytest.fixture
def kill(world: World, tmp_path: Path) -> Iterator[Zygote]:
    with zygote(world.environment, tmp_path) as ready:
        yield ready


def ingest(course: Course, step: int) -> Ended:
    course.publish()
    course.leave()
    return course.kill.run("source", "run", "plains", step=step)


def drain(course: Course, step: int) -> Ended:
    course.publish()
    assert course.kill.run("source", "run", "plains").code == 0
    course.leave()
    return course.kill.run("index", "drain", step=step)


def rebuild(course: Course, step: int) -> Ended:
    course.depart()
    return course.kill.run("index", "rebuild", step=step)


def swap(course: Course, step: int) -> Ended:
    course.depart()
    return course.kill.run("index", "rebuild", step=step, within="swap")


Phase = Callable[[Course, int], Ended]
PHASES: dict[str, Phase] = {"ingest": ingest, "drain": drain, "rebuild": rebuild, "swap": swap}


def converge(course: Course, phase: str = "ingest") -> None:
    if phase == "ingest":
        assert course.kill.run("source", "run", "plains").code == 0
    assert course.kill.run("index", "drain").code == 0
    course.check_converged()


def kill_once(course: Course, phase: str, share: float, steps: int) -> int:
    """Kill at this share of so many steps; returns how many there are. There may be fewer than the time before, then it is tried again."""
    for _ in range(TRIES):
        ended = PHASES[phase](course, math.ceil(share * steps))
        course.check_after_a_kill()
        converge(course, phase)
        if ended.code == KILLED:
            return steps
        steps = ended.swap if phase == "swap" else ended.steps
    raise AssertionError(f"{phase} ended {TRIES} times before its step {share:.0%} of {steps}")


@everywhere
def test_every_phase(world: World, kill: Zygote, dialect: str, engine: str) -> None:
    course = Course(world, kill)
    course.begin()
    points = MANY if (dialect, engine) == ("sqlite", "embedded") else FEW
    for phase in PHASES:
        whole = PHASES[phase](course, 0)
        assert whole.code == 0
        converge(course, phase)
        steps = whole.swap if phase == "swap" else whole.steps
        for share in shares(points[phase], OFFSETS[dialect, engine]):
            steps = kill_once(course, phase, share, steps)
    assert kill.run("index", "rebuild").code == 0
    course.check_converged()
    assert len(world.generations()) == 1
    assert kill.run("index", "verify").code == 0


def test_between_steps(world: World, kill: Zygote) -> None:
    """In the middle of what the engine does by itself: its commit, its merge of segments."""
    course = Course(world, kill)
    course.begin()
    for phase in ("drain", "rebuild"):
        whole = PHASES[phase](course, 0)
        for number in range(4):
            seconds, code = whole.seconds * (number + 2) / 8, 0
            while code != KILLED:  # one that was quicker than the first is tried again at half the time
                assert seconds > SHORTEST
                course.depart()
                code = kill.run("index", phase, seconds=seconds).code
                course.check_after_a_kill()
                converge(course, phase)
                seconds /= 2


def test_the_worker(world: World, kill: Zygote) -> None:
    """Sources, indexer and sweeps at once."""
    course = Course(world, kill)
    course.begin()
    world.environment["MENTORS_WORKER_POLL_SECONDS"] = "0.05"
    for number in range(10):
        course.publish()
        with world.store.write() as conn:
            conn.exec_driver_sql("UPDATE source_state SET next_due = NULL")
        course.leave()
        assert kill.run("worker", seconds=0.25 + number * 0.09).code == KILLED
        course.check_after_a_kill()
        converge(course)


@both
def test_a_withdrawal(world: World, kill: Zygote) -> None:
    """All of it or nothing, and what was acknowledged is all of it."""
    course = Course(world, kill)
    course.begin()
    for name in (f"p{PEOPLE - 1:03}", f"p{PEOPLE - 2:03}"):  # the first makes the journal besides
        whole = kill.run("consent", "withdraw", world.person(name))
        assert whole.code == 0
        course.withdrawn.add(name)
    killed = 0
    for number, share in enumerate(shares(8)):
        name = f"p{number:03}"
        ended = kill.run("consent", "withdraw", world.person(name), step=math.ceil(share * whole.steps))
        killed += ended.code == KILLED
        events = [row for row in world.table("consent_event") if row[1] == world.person(name) and row[4] == "self"]
        assert len(events) in ((4,) if ended.code == 0 else (0, 4))
        assert (name in world.shown()) == (not events)
        if events:
            course.withdrawn.add(name)
    assert killed == 8
    assert kill.run("index", "drain").code == 0
    assert world.shown() == course.expected()
    assert world.differences() == 0
