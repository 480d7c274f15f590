"""Records a second from a feed to visible answers: first load, unchanged and 1 % changed re-harvest.

The runner works in this process and the indexer in another, as the two processes of `mentors worker` do.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.place import SOURCE, Place
from benchmarks.processes import Process, cpu_seconds
from benchmarks.report import Row, Table, number, rows_of
from directory.bootstrap import Parts
from directory.store import outbox, profiles

POLL: Final = 0.005
COLUMNS: Final = (
    "engine", "mentors", "first load /s", "run s", "then index s", "run µs each", "index µs each",
    "unchanged /s", "unchanged µs each", "1 % changed /s",
)  # fmt: skip


def tables(found: Mapping[int, Sequence[Row]]) -> list[Table]:
    """One table of the rows of all sizes."""
    notes = [
        "Records of the whole feed a second, from the start of the run until every change is in the index: the run in one process, "
        "`mentors worker` in another.",
        "µs each: processor time per record, which depends less on what else the machine does. The worker's threads count together.",
        "An unchanged run writes no record and reports nothing to the index; that is checked in the run.",
    ]
    return [Table("Loading a feed", COLUMNS, rows_of(found), notes)]


def measure(place: Place, engine: str, parts: Parts, indexing: Process) -> Row:
    """One row. Raises RuntimeError when a run did something else than it should."""
    first = _Clock(indexing)
    _run(place, parts, added=place.size)
    written = first.seconds
    _drained(parts)
    loaded, run_cpu, index_cpu = first.seconds, first.own_cpu, first.other_cpu
    with parts.store.read() as conn:
        listed = profiles.count_listed(conn)
    if parts.engine.count() != listed:
        raise RuntimeError(f"{listed} are listed, {parts.engine.count()} are in the index")
    second = _Clock(indexing)
    _run(place, parts, unchanged=place.size)
    unchanged, unchanged_cpu = second.seconds, second.own_cpu
    if _pending(parts):
        raise RuntimeError("an unchanged run reported changes")
    changes = place.change()
    third = _Clock(indexing)
    _run(place, parts, unchanged=place.size - changes, updated=changes)
    _drained(parts)
    changed = third.seconds
    figures = {
        "first load /s": place.size / loaded,
        "run s": written,
        "then index s": loaded - written,
        "run µs each": run_cpu / place.size * 1e6,
        "index µs each": index_cpu / place.size * 1e6,
        "unchanged /s": place.size / unchanged,
        "unchanged µs each": unchanged_cpu / place.size * 1e6,
        "1 % changed /s": place.size / changed,
    }
    return [engine, f"{place.size:,}", *(number(figures[name]) for name in COLUMNS[2:])]


class _Clock:
    """Wall time, and processor time of this process and of another, since it was made."""

    def __init__(self, other: Process) -> None:
        self._other = other
        self._started = time.perf_counter(), time.process_time(), cpu_seconds(other)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started[0]

    @property
    def own_cpu(self) -> float:
        return time.process_time() - self._started[1]

    @property
    def other_cpu(self) -> float:
        return cpu_seconds(self._other) - self._started[2]


def _run(place: Place, parts: Parts, **expected: int) -> None:
    report = parts.runner.run(SOURCE)
    found = {name: count for name, count in report.counts.items() if count and name != "received"}
    if report.status != "complete" or found != {name: count for name, count in expected.items() if count}:
        raise RuntimeError(f"the run of {place.size} records ended {report.status} with {found}; expected was {expected}")


def _pending(parts: Parts) -> int:
    with parts.store.read() as conn:
        return outbox.stats(conn).pending


def _drained(parts: Parts) -> None:
    while _pending(parts):
        time.sleep(POLL)
