"""`mentors index rebuild` as an operator runs it: from the store to a new index that serves."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.installation import Installation
from benchmarks.place import Place
from benchmarks.processes import run
from benchmarks.report import Row, Table, number, rows_of
from directory.store import profiles

COLUMNS: Final = ("engine", "mentors", "seconds", "profiles /s", "peak private MB")


def tables(found: Mapping[int, Sequence[Row]]) -> list[Table]:
    """One table of the rows of all sizes."""
    notes = [
        "The whole command with its start: loading the profiles that are listed, comparing with the store, and the swap. Memory is that of "
        "the command; Elasticsearch's own is not in it."
    ]
    return [Table("Rebuilding the index", COLUMNS, rows_of(found), notes)]


def measure(place: Place, installation: Installation) -> Row:
    """One row. Raises RuntimeError when the command fails."""
    done = run(installation, "index", "rebuild")
    if done.code:
        raise RuntimeError(f"mentors index rebuild on {installation.engine} ended with {done.code}")
    with installation.parts() as parts, parts.store.read() as conn:
        listed = profiles.count_listed(conn)
    return [installation.engine, f"{place.size:,}", number(done.seconds), number(listed / done.seconds), number(done.private)]
