"""`python -m benchmarks.sqlite_writers [--seconds N] [--processes N]`: many processes write one SQLite store, each as fast as it can.

Prints commits a second, the longest wait for one and the errors. Exit code 1: some write failed, or waited a second or longer.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmarks.machine import facts
from benchmarks.timing import percentile
from directory.core.clock import system_clock
from directory.core.errors import DirectoryError
from directory.store import people, schema
from directory.store.session import Store

PROCESSES: Final = 16
SECONDS: Final = 60.0
LONGEST: Final = 1.0


@dataclass(frozen=True, slots=True)
class Written:
    """What one process did: the seconds that each write took from the wish to the commit, and what failed, by sentence."""

    waits: list[float]
    errors: list[str]


def write(job: tuple[str, float, int]) -> Written:
    """One process: change one person again and again until the time is over."""
    folder, seconds, number = job
    waits: list[float] = []
    errors: list[str] = []
    with _store(Path(folder)) as store:
        end = time.monotonic() + seconds
        while (begun := time.monotonic()) < end:
            try:
                with store.write() as conn:
                    people.bump(conn, [f"m{number}"])
            except DirectoryError as error:
                errors.append(str(error))
            waits.append(time.monotonic() - begun)
    return Written(waits, errors)


def measure(folder: Path, processes: int, seconds: float) -> list[Written]:
    """Let all processes write at once; every commit must be found in the store afterwards. Raises RuntimeError if one is not."""
    with _store(folder) as store:
        schema.upgrade(store)
        names = [f"m{number}" for number in range(processes)]
        with store.write() as conn:
            people.create(conn, names, system_clock())
        with get_context("spawn").Pool(processes) as pool:
            done = pool.map(write, [(str(folder), seconds, number) for number in range(processes)], chunksize=1)
        with store.read() as conn:
            stored = {name: row.version for name, row in people.get(conn, names).items()}
    for name, one in zip(names, done, strict=True):
        if stored[name] != len(one.waits) - len(one.errors):
            raise RuntimeError(f"{name} was written {len(one.waits) - len(one.errors)} times, the store has {stored[name]}")
    return done


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sqlite_writers", description=__doc__)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args()
    print("\n".join(facts()), flush=True)
    with tempfile.TemporaryDirectory(prefix="mentors-writers-") as folder:
        done = measure(Path(folder), given.processes, given.seconds)
    waits = [wait for one in done for wait in one.waits]
    errors = [error for one in done for error in one.errors]
    fewest, most = min(len(one.waits) for one in done), max(len(one.waits) for one in done)
    print(f"{given.processes} processes, {given.seconds:.0f} s: {(len(waits) - len(errors)) / given.seconds:.0f} commits/s")
    print(f"wait for one: median {percentile(waits, 0.5) * 1000:.0f} ms, 99 % {percentile(waits, 0.99) * 1000:.0f} ms, "
          f"longest {max(waits) * 1000:.0f} ms")  # fmt: skip
    print(f"writes of one process: {fewest} to {most}")
    print(f"{len(errors)} errors" + "".join(f"\n  {error}" for error in sorted(set(errors))))
    return 1 if errors or max(waits) >= LONGEST else 0


def _store(folder: Path) -> Store:
    return Store(f"sqlite:///{folder}/directory.sqlite3", data_dir=folder)


if __name__ == "__main__":
    sys.exit(main())
