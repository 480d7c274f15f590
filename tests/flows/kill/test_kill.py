"""kill -9 of the runner, the indexer and the worker at points spread over their work: nothing acknowledged is lost, nobody who
withdrew is back, and the next start converges.

Points of the first two are counted in statements and commits of the database, so they lie where it hurts; those of the others in time.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dialects import both
from tests.flows.kill.killing import KILLED, Course, Zygote, spread, zygote
from tests.world import World, open_world

pytestmark = pytest.mark.timeout(600)  # seconds on a machine with nothing else to do, minutes on one that is busy

BATCHES = {"INGEST_BATCH": "20", "WORKER_BATCH": "20", "LOG_LEVEL": "warning"}


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path / "world", dialect, settings=BATCHES) as opened:
        yield opened


@pytest.fixture
def kill(world: World, tmp_path: Path) -> Iterator[Zygote]:
    with zygote(world.environment, tmp_path) as ready:
        yield ready


def converge(course: Course) -> None:
    assert course.kill.run("source", "run", "plains").code == 0
    assert course.kill.run("index", "drain").code == 0
    course.check_converged()


@both
def test_the_runner(world: World, kill: Zygote, dialect: str) -> None:
    course = Course(world, kill)
    course.begin()
    course.publish()
    whole = kill.run("source", "run", "plains")
    assert kill.run("index", "drain").code == 0
    killed = 0
    for point in spread(20 if dialect == "sqlite" else 8, whole.statements):
        course.publish()
        course.leave()
        killed += kill.run("source", "run", "plains", statements=point).code == KILLED
        course.check_after_a_kill()
        converge(course)
    assert killed >= (18 if dialect == "sqlite" else 7)
    done = kill.run("index", "verify")
    assert done.code == 0


@both
def test_the_indexer(world: World, kill: Zygote, dialect: str) -> None:
    course = Course(world, kill)
    course.begin()
    course.publish()
    assert kill.run("source", "run", "plains").code == 0
    whole = kill.run("index", "drain")
    killed = 0
    for number, point in enumerate(spread(14 if dialect == "sqlite" else 6, whole.statements)):
        course.publish()
        assert kill.run("source", "run", "plains").code == 0
        course.leave()
        if number % 2:
            ended = kill.run("index", "drain", seconds=whole.seconds * (number + 1) / 14)
        else:
            ended = kill.run("index", "drain", statements=point)
        killed += ended.code == KILLED
        course.check_after_a_kill()
        assert kill.run("index", "drain").code == 0
        course.check_converged()
    assert killed >= (8 if dialect == "sqlite" else 3)
    assert kill.run("index", "verify").code == 0


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


def test_a_rebuild(world: World, kill: Zygote) -> None:
    course = Course(world, kill)
    course.begin()
    whole = kill.run("index", "rebuild")
    assert whole.code == 0
    serving = world.parts.engine.status().generation
    course.publish()
    assert kill.run("source", "run", "plains").code == 0
    for number in range(6):
        course.step += 1
        course.leave()
        kill.run("index", "rebuild", seconds=whole.seconds * (number + 1) / 7)
        course.check_after_a_kill()
    assert kill.run("index", "drain").code == 0
    course.check_converged()
    assert kill.run("index", "rebuild").code == 0
    course.check_converged()
    assert world.parts.engine.status().generation != serving
    assert len([path for path in (world.data / "index").iterdir() if path.is_dir()]) == 1


@both
def test_a_withdrawal(world: World, kill: Zygote) -> None:
    """All of it or nothing, and what was acknowledged is all of it."""
    course = Course(world, kill)
    course.begin()
    whole = kill.run("consent", "withdraw", world.person("p199"))
    assert whole.code == 0
    course.withdrawn.add("p199")
    for number, point in enumerate(spread(8, whole.statements)):
        name = f"p{number:03}"
        ended = kill.run("consent", "withdraw", world.person(name), statements=point)
        events = [row for row in world.table("consent_event") if row[1] == world.person(name) and row[4] == "self"]
        assert len(events) in ((4,) if ended.code == 0 else (0, 4))
        assert (name in world.shown()) == (not events)
        if events:
            course.withdrawn.add(name)
    assert kill.run("index", "drain").code == 0
    assert world.shown() == course.expected()
    assert world.differences() == 0
