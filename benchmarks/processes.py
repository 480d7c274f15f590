"""The product's own processes, as an operator starts them, how long they take and how much memory they hold."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.installation import Installation

PATIENCE: Final = 60.0
SAMPLED: Final = 0.05
"""Seconds between two looks at the memory of a command."""

Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of a process and all its children: what is theirs alone, and all that is resident, mapped files included.

    Pages of a file count as private to the kernel while nobody else has it mapped; they can be dropped at any time, so here they don't.
    """

    private: float
    resident: float


def free_address() -> str:
    """A loopback address that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def worker(installation: Installation) -> Iterator[Process]:
    """The process of `mentors worker` that looks at the outbox, alone: the benchmark runs the source itself."""
    with _running(installation, _has_store_open, "worker", "--only", "index") as process:
        yield process


@contextmanager
def server(installation: Installation) -> Iterator[Process]:
    """`mentors serve`, which answers."""

    def answers(_process: Process) -> bool:
        try:
            return get(connection(installation), "/healthz")[0] == 200
        except OSError:
            return False

    with _running(installation, answers, "serve") as process:
        yield process


def connection(installation: Installation) -> http.client.HTTPConnection:
    """A connection to the server; it is kept alive between requests."""
    host, _, port = installation.listen.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=PATIENCE)


def get(to: http.client.HTTPConnection, path: str) -> tuple[int, bytes]:
    """Status and body of one request. A connection that the server has closed, because another way took long, is opened again."""
    for attempt in range(2):
        try:
            to.request("GET", path)
            answer = to.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError):
            to.close()
            if attempt:
                raise
        else:
            return answer.status, answer.read()
    raise RuntimeError(f"{path} was not answered")


def memory(process: Process) -> Memory:
    """What the process tree holds now. Linux only, like the whole module."""
    private = resident = 0
    for pid in _family(process.pid):
        rows = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:])
        sizes = {row[0]: int(row[1]) for row in rows}
        private += sizes["Anonymous:"]
        resident += sizes["Rss:"]
    return Memory(private / 1000, resident / 1000)


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended: its exit code, the seconds it took with its start, and the most private memory that was seen."""

    code: int
    seconds: float
    private: float


def run(installation: Installation, *command: str) -> Finished:
    """`mentors COMMAND` until it ends."""
    started, peak = time.perf_counter(), 0.0
    process = _started(installation, *command)
    try:
        while process.poll() is None:
            with suppress(FileNotFoundError, ProcessLookupError, KeyError):  # it ended meanwhile
                peak = max(peak, memory(process).private)
            time.sleep(SAMPLED)
    finally:
        process.kill()
        process.wait(PATIENCE)
    return Finished(process.returncode, time.perf_counter() - started, peak)


def cpu_seconds(process: Process) -> float:
    """Processor time of a process and all its threads so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _started(installation: Installation, *command: str) -> Process:
    told = [sys.executable, "-m", "directory.cli", *command]
    return subprocess.Popen(told, env=installation.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def _running(installation: Installation, ready: Callable[[Process], bool], *command: str) -> Iterator[Process]:
    process = _started(installation, *command)
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready(process):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mentors {' '.join(command)} did not start (exit code {process.returncode})")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _has_store_open(process: Process) -> bool:
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed between the two looks
            if link.readlink().name.startswith("directory.sqlite"):
                return True
    return False


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in _family(int(child)))]
