"""Building blocks of the query modules: chunks for IN lists, inserts that know ON CONFLICT, rows from dataclasses."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

CHUNK = 500
"""Items in one IN list: few enough that the database plans it well, and one of few statement shapes."""

RANGE = 2000
"""Rows fetched by one step of a stream in key order."""


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most `size`; nothing for no items."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the connected dialect; both have the same ON CONFLICT methods."""
    return sqlite.insert(table) if conn.dialect.name == "sqlite" else postgresql.insert(table)


def values(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The named attributes of a row, not copied deeply as `dataclasses.asdict` would."""
    return {name: getattr(row, name) for name in names}


def upsert(conn: Connection, table: Table, rows: Iterable[dict[str, Any]], *, keep: tuple[str, ...] = ()) -> None:
    """Inserts whole rows, or replaces all columns but the primary key and `keep` where the key exists."""
    data = list(rows)
    if not data:
        return
    statement = insert(conn, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in data[0] if name not in keys and name not in keep}
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), data)
