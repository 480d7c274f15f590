"""Inserting many rows: the statement is prepared once per kind, and values are converted column by column.

SQLAlchemy prepares every row of an `executemany` anew, which took a quarter of the time of taking in a record.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Literal

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from directory.store.statements import insert

OnConflict = Literal["raise", "leave", "replace"]
Insert = sqlite.Insert | postgresql.Insert

PLANS: Final = 256
"""More than there are kinds of inserts in the program."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """The SQL text, the names of its parameters in their order, and for each column what converts its values (None: nothing to do)."""

    sql: str
    order: tuple[str, ...]
    converters: tuple[Callable[[Any], Any] | None, ...]
    positional: bool


def insert_many(
    conn: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Iterable[Sequence[Any]],
    *,
    on_conflict: OnConflict = "raise",
    newest: str = "",
) -> int:
    """Insert rows with values for the columns `names`; returns how many rows were written.

    A row whose primary key exists is refused (Conflict), left as it is, or replaced; with `newest`, only where that column does not
    become smaller. Raises `Invalid` for a value that a column type refuses.
    """
    given = list(rows)
    if not given:
        return 0
    plan = _plan(conn.dialect, table, names, on_conflict, newest)
    columns = zip(*given, strict=True)
    converted = (column if convert is None else map(convert, column) for column, convert in zip(columns, plan.converters, strict=True))
    ready: list[Any] = list(zip(*converted, strict=True))
    if plan.positional:
        ordered = itemgetter(*(names.index(name) for name in plan.order))
        parameters = ready if plan.order == names else [ordered(row) for row in ready]
    else:
        parameters = [dict(zip(names, row, strict=True)) for row in ready]
    return conn.exec_driver_sql(plan.sql, parameters).rowcount


@lru_cache(PLANS)
def _plan(dialect: Dialect, table: Table, names: tuple[str, ...], on_conflict: OnConflict, newest: str) -> _Plan:
    statement = _statement(insert(dialect, table), table, names, on_conflict, newest)
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    types = [table.c[name].type.dialect_impl(dialect) for name in names]
    converters = tuple(kind.bind_processor(dialect) for kind in types)
    return _Plan(str(compiled), tuple(compiled.positiontup or names), converters, positional=compiled.positional)


def _statement(statement: Insert, table: Table, names: tuple[str, ...], on_conflict: OnConflict, newest: str) -> Insert:
    if on_conflict == "raise":
        return statement
    if on_conflict == "leave":
        return statement.on_conflict_do_nothing()
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    newer = statement.excluded[newest] >= table.c[newest] if newest else None
    return statement.on_conflict_do_update(index_elements=keys, set_=changed, where=newer)
