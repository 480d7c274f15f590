"""What a directory takes: files on disk, and memory of the serving process after it has answered the questions."""

from typing import Final

from benchmarks.place import Place
from benchmarks.processes import Process, memory
from benchmarks.report import Table, number

COLUMNS: Final = ("mentors", "index MB", "database MB", "server private MB", "server resident MB")


def table() -> Table:
    """The empty table."""
    return Table(
        "Size", COLUMNS, notes=["Private memory is what the process alone holds; the index is mapped and shared, and counts as resident."]
    )


def measure(place: Place, serving: Process) -> tuple[str, ...]:
    """One row."""
    held = memory(serving)
    megabytes = (place.bytes_of("index") / 1e6, place.bytes_of("directory.sqlite") / 1e6, held.private, held.resident)
    return (f"{place.size:,}", *map(number, megabytes))
