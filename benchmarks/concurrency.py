"""How many answers a second several clients get from `mentors serve`, and what the server holds in memory then."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.clients import ask
from benchmarks.installation import Installation
from benchmarks.processes import memory, server
from benchmarks.questions import MIX
from benchmarks.report import Row, Table, number, rows_of

CLIENTS: Final = (1, 2, 4, 8)
WORKERS: Final = (1, 2)
SECONDS: Final = 5.0
COLUMNS: Final = (
    "engine, server processes", "mentors", "clients", "answers /s", "p50", "p95", "503 %", "clients' CPU %", "private MB", "resident MB",
)  # fmt: skip


def tables(found: Mapping[int, Sequence[Row]]) -> list[Table]:
    """One table of the rows of all sizes."""
    mix = ", ".join(f"{share} % {title.partition(',')[0]}" for title, share in MIX.items())
    notes = [
        f"Mixed questions for {SECONDS:.0f} s each: {mix}. Times in ms; the clients share the machine with the server and, where it is "
        "asked, with Elasticsearch.",
        "Memory of all server processes after those answers: private is what they alone hold, mapped files are resident.",
    ]
    return [Table("Several clients at once", COLUMNS, rows_of(found), notes)]


def measure(size: int, installation: Installation, paths: Sequence[str]) -> list[Row]:
    """Servers of their own are started for this."""
    rows: list[Row] = []
    for workers in WORKERS:
        with server(installation.with_workers(workers)) as serving:
            ask(installation.listen, paths, 2 * workers, SECONDS)
            for clients in CLIENTS:
                found, held = ask(installation.listen, paths, clients, SECONDS), memory(serving)
                refused = found.statuses[503] / found.statuses.total()
                figures = [found.statuses[200] / found.seconds, found.times.p50, found.times.p95]
                shares = [f"{100 * refused:.1f}", f"{100 * found.processor:.0f}"]
                sizes = [number(held.private), number(held.resident)]
                rows.append([f"{installation.engine}, {workers}", f"{size:,}", str(clients), *map(number, figures), *shares, *sizes])
    return rows
