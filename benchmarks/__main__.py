"""`python -m benchmarks [--full] [--size N]... [names]`: all benchmarks, or the named ones, and the page of results."""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks import engine, footprint, freshness, loading, million, searching
from benchmarks.machine import facts
from benchmarks.place import Place
from benchmarks.processes import free_address, server, worker
from benchmarks.report import Table, write_page
from directory.core.clock import system_clock

NAMES: Final = ("changes", "engine", "loading", "million", "searching", "size")
SIZES: Final = (3_000, 10_000, 100_000)
FULL: Final = 1_000_000


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure, of {', '.join(NAMES)}; all unless told")
    parser.add_argument("--full", action="store_true", help="measure a million mentors too")
    parser.add_argument("--size", type=int, action="append", help="measure this number of mentors instead; can be given several times")
    parser.add_argument("--print-only", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"{unknown[0]!r} is not a benchmark; those are {', '.join(NAMES)}")
    if any(size < 500 for size in given.size or ()):
        parser.error("--size must be at least 500")
    return given


def measure(size: int, names: tuple[str, ...], tables: dict[str, Table]) -> None:
    """Load one directory and measure what was asked for in it."""
    with tempfile.TemporaryDirectory(prefix="mentors-benchmark-") as folder:
        place = Place(Path(folder) / "place", size, free_address())
        parts = place.parts()
        try:
            with worker(place) as indexing:
                tables["loading"].rows.append(loading.measure(place, parts, indexing))
                if "changes" in names:
                    tables["changes"].rows += freshness.measure(place, parts)
            if {"searching", "size"} & set(names):
                with server(place) as serving:
                    tables["searching"].rows += searching.measure(place, parts)
                    tables["size"].rows.append(footprint.measure(place, serving))
        finally:
            parts.close()


def main() -> None:
    """Measure, print, and write the page."""
    given = arguments()
    names = tuple(given.names or NAMES)
    sizes = given.size or (*SIZES, *((FULL,) if given.full else ()))
    machine = [*facts(), f"measured on {system_clock().date().isoformat()}"]
    print("\n".join(machine), flush=True)
    tables = {"loading": loading.table(), "changes": freshness.table(), "searching": searching.table(), "size": footprint.table()}
    started = time.monotonic()
    if set(names) - {"engine", "million"}:
        for size in sizes:
            measure(size, names, tables)
            print(f"{size} mentors measured after {time.monotonic() - started:.0f} s", flush=True)
    if "engine" in names:
        tables["engine"] = engine.measure(max(size for size in sizes if size <= SIZES[-1]))
    if "million" in names:
        tables["million"] = million.measured(sorted({min(SIZES[1], *sizes), max(sizes)}))
    sections = {name: table.markdown() for name, table in tables.items() if name in names}
    print("\n" + "\n".join(sections.values()))
    if not given.print_only:
        about = "".join(f"* {line}\n" for line in machine)
        write_page({name: f"{text}\nMachine:\n\n{about}" for name, text in sections.items()})


if __name__ == "__main__":
    main()
