"""Building blocks of the query modules: chunks for IN lists, inserts that know ON CONFLICT."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from sqlalchemy import Dialect, Table
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


def insert(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of a dialect; both have the same ON CONFLICT methods."""
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)
