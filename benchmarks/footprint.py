"""What a directory takes: files on disk, and memory of the serving process after it has answered the questions."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Final

from benchmarks.installation import Installation
from benchmarks.one_request import OneRequest
from benchmarks.place import Place
from benchmarks.processes import Process, memory
from benchmarks.report import Row, Table, number, rows_of

COLUMNS: Final = ("mentors", "index MB", "Elasticsearch index MB", "SQL MB", "database MB", "server private MB", "server resident MB")


def tables(found: Mapping[int, Sequence[Row]]) -> list[Table]:
    """One table of the rows of all sizes."""
    notes = [
        "Private memory is what the process alone holds; the index is mapped and shared, and counts as resident.",
        "SQL: the tables and indexes of the SQL way, with its texts; the database is the store of record.",
    ]
    return [Table("Size", COLUMNS, rows_of(found), notes)]


def measure(place: Place, serving: Process, elasticsearch: Installation | None) -> Row:
    """One row."""
    held = memory(serving)
    remote = ""
    if elasticsearch:
        with closing(OneRequest(elasticsearch)) as asked:
            remote = number(asked.bytes_on_disk() / 1e6)
    local = [number(size / 1e6) for size in (place.bytes_of("index"), place.sql.stat().st_size, place.bytes_of("directory.sqlite"))]
    return [f"{place.size:,}", local[0], remote, *local[1:], number(held.private), number(held.resident)]
