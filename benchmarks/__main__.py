"""`python -m benchmarks [--full] [--size N]... [names]`: all benchmarks, or the named ones, and the page of results."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks import concurrency, engine, footprint, freshness, loading, million, rebuilding, searching
from benchmarks.machine import facts
from benchmarks.one_size import BY_PLACE, OneSize
from benchmarks.place import Place
from benchmarks.report import Table, write_page
from benchmarks.results import Results
from directory.core.clock import system_clock
from directory.settings import process_environment

PAGES: Final[Mapping[str, tuple[str, Callable[[Mapping[int, Any]], list[Table]]]]] = {
    "beside": ("searching", searching.beside),
    "changes": ("changes", freshness.tables),
    "concurrency": ("concurrency", concurrency.tables),
    "loading": ("loading", loading.tables),
    "rebuilding": ("rebuilding", rebuilding.tables),
    "searching": ("searching", searching.tables),
    "size": ("size", footprint.tables),
}
"""Per section the figures that it shows, and what makes its tables."""

NAMES: Final = (*PAGES, "engine", "million")
SIZES: Final = (3_000, 10_000, 100_000)
FULL: Final = 1_000_000
SERVER: Final = "TEST_ELASTICSEARCH_URL"


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure, of {', '.join(sorted(NAMES))}; all unless told")
    parser.add_argument("--full", action="store_true", help="measure a million mentors too")
    parser.add_argument("--size", type=int, action="append", help="measure this number of mentors instead; can be given several times")
    parser.add_argument("--folder", type=Path, help="keep what is loaded and measured there, and go on with what is found there")
    parser.add_argument("--elasticsearch", metavar="URL", help=f"a server to measure too; {SERVER} unless told")
    parser.add_argument("--print-only", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"{unknown[0]!r} is not a benchmark; those are {', '.join(sorted(NAMES))}")
    if any(size < 500 for size in given.size or ()):
        parser.error("--size must be at least 500")
    if given.elasticsearch is None:
        given.elasticsearch = process_environment().get(SERVER, "")
    return given


def measure(size: int, given: argparse.Namespace, names: frozenset[str], results: Results, day: str) -> None:
    """One directory, in a folder that is kept or in one that goes, with its index on the server."""
    with ExitStack() as closing:
        kept = given.folder or Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="mentors-benchmark-")))
        one = OneSize(Place(kept / str(size), size), names, given.elasticsearch, results, day)
        if not given.folder:
            closing.callback(one.remove_index)
        one.measure()


def sections(names: frozenset[str], results: Results, others: Mapping[str, Table], day: str) -> dict[str, str]:
    """The text of every section that has figures."""
    machine = facts()
    made = {}
    for name in sorted(names):
        figures, tables = PAGES.get(name, ("", None))
        shown = tables(results.of(figures)) if tables and results.of(figures) else [others[name]] if name in others else []
        if shown:
            days = ", ".join(results.days(figures)) or day
            about = "".join(f"* {line}\n" for line in (*machine, f"measured on {days}"))
            made[name] = "\n".join(table.markdown() for table in shown) + f"\nMachine:\n\n{about}"
    return made


def main() -> None:
    """Measure, print, and write the page."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started is ended
    names = frozenset(given.names or NAMES)
    sizes = given.size or (*SIZES, *((FULL,) if given.full else ()))
    day = system_clock().date().isoformat()
    print("\n".join(facts()), flush=True)
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
    results, others = Results(given.folder / "results.json" if given.folder else None), {}
    started = time.monotonic()
    for size in sizes if names & BY_PLACE else ():
        measure(size, given, names & BY_PLACE, results, day)
    if "engine" in names and (small := [size for size in sizes if size <= SIZES[-1]]):
        others["engine"] = engine.measure(max(small))
    if "million" in names:
        others["million"] = million.measured(sorted({min(SIZES[1], *sizes), max(sizes)}), given.folder)
    made = sections(names, results, others, day)
    print(f"\nmeasured in {time.monotonic() - started:.0f} s\n\n" + "\n".join(made.values()))
    if not given.print_only:
        write_page(made)


if __name__ == "__main__":
    main()
