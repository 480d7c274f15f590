"""`mentors worker` as two processes: what one takes in the other indexes, and neither outlives the other."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from directory.cli import worker
from directory.core.clock import system_clock
from tests.world import World, records

PATIENCE = 60.0


@contextmanager
def working(world: World, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "directory.cli", "worker", *options]
    environment = {"PATH": os.environ["PATH"], **world.environment, "MENTORS_WORKER_POLL_SECONDS": "0.05", "MENTORS_LOG_LEVEL": "error"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.05)


def beside(process: "subprocess.Popen[bytes]") -> int:
    """The process that indexes. It may have been started by a thread."""
    found: list[int] = []

    def look() -> list[int]:
        found[:] = [int(path.name) for path in Path("/proc").glob("[0-9]*") if parent(path) == process.pid]
        return found

    until(look)
    return found[0]


def parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_gone(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return not path.exists() or path.read_text().rpartition(")")[2].split()[0] == "Z"


def test_what_is_taken_in_is_indexed_and_sigterm_ends_both(world: World) -> None:
    world.publish(records(30))
    with working(world) as process:
        until(lambda: world.table("source_run") and len(world.shown()) == 30)
        other = beside(process)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, b"")
    assert is_gone(other)
    assert all(row[-1] <= system_clock() for row in world.table("lease"))


def test_the_indexer_does_not_outlive_a_worker_that_was_killed(world: World) -> None:
    with working(world) as process:
        other = beside(process)
        process.kill()
        process.wait(PATIENCE)
        until(lambda: is_gone(other))


def test_each_part_can_be_a_process_of_its_own(world: World) -> None:
    world.publish(records(5))
    with working(world, "--only", "sources"):
        until(lambda: world.listed() == 5)
        assert len(world.table("outbox")) == 5
        with working(world, "--only", "index"):
            until(lambda: not world.table("outbox"))
    assert len(world.shown()) == 5


def test_a_process_that_ends_by_itself_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSE_AFTER_END", 0.01)
    log = tmp_path / "starts"
    program = "import sys; open(sys.argv[1], 'a').write('x'); len(open(sys.argv[1]).read()) < 3 and sys.exit(3); sys.stdin.read()"
    with worker.beside((sys.executable, "-c", program, str(log))):
        until(lambda: log.exists() and len(log.read_text()) == 3)
        before = threading.active_count()
    assert threading.active_count() == before - 1
    assert log.read_text() == "xxx"


def test_a_process_that_can_not_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PAUSE_AFTER_END", 0.01)
    log, program = tmp_path / "starts", tmp_path / "program"
    with worker.beside((str(program), str(log))):
        time.sleep(0.1)
        draft = tmp_path / "draft"
        draft.write_text(f"#!{sys.executable}\nimport sys; open(sys.argv[1], 'a').write('x'); sys.stdin.read()\n")
        draft.chmod(0o700)
        draft.rename(program)
        until(lambda: log.exists() and log.read_text())
    assert log.read_text() == "x"


def test_a_process_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "STOP_SECONDS", 0.1)
    log = tmp_path / "pid"
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    with worker.beside((sys.executable, "-c", program, str(log))):
        until(lambda: log.exists() and log.read_text())
    assert is_gone(int(log.read_text()))
