"""Rejected items with place and reason. Holds excerpts of what was sent, so it is erased with the person and purged by age."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, delete, func, or_, select

from directory.store.many import insert_many
from directory.store.statements import RANGE, chunks
from directory.store.tables import quarantine


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One problem of one item. `locator` is the place in the source, `excerpt` an escaped piece of it; `run_id` None for pushed records."""

    source: str
    run_id: int | None
    locator: str
    code: str
    message: str
    at: datetime
    external_id: str = ""
    field: str = ""
    value: str = ""
    excerpt: str = ""
    id: int = 0


_COLUMNS: Final = tuple(f.name for f in fields(QuarantineRow))
_WRITTEN: Final = _COLUMNS[:-1]
_VALUES: Final = attrgetter(*_WRITTEN)


def add(conn: Connection, rows: Iterable[QuarantineRow]) -> None:
    """Adds problems; the database numbers them."""
    insert_many(conn, quarantine, _WRITTEN, map(_VALUES, rows))


def of_source(conn: Connection, source: str, *, after: int = 0, limit: int = 100) -> list[QuarantineRow]:
    """The problems of a source behind number `after`, in the order in which they were found."""
    c = quarantine.c
    query = select(*(c[name] for name in _COLUMNS)).where(c.source == source, c.id > after).order_by(c.id).limit(limit)
    return [QuarantineRow(*row) for row in conn.execute(query)]


def all_of_source(conn: Connection, source: str) -> Iterator[QuarantineRow]:
    """All problems of a source, in the order in which they were found."""
    part = of_source(conn, source, limit=RANGE)
    while part:
        yield from part
        part = of_source(conn, source, after=part[-1].id, limit=RANGE)


def count(conn: Connection) -> dict[str, int]:
    """Problems by source."""
    c = quarantine.c
    return dict(conn.execute(select(c.source, func.count()).group_by(c.source)).all())


def clear_record(conn: Connection, source: str, external_id: str) -> int:
    """Forgets the problems of one record; returns how many there were."""
    c = quarantine.c
    return conn.execute(delete(quarantine).where(c.source == source, c.external_id == external_id)).rowcount


def clear_naming(conn: Connection, identifiers: Sequence[str]) -> int:
    """Forgets the problems in which one of these identifiers of a person is quoted, whatever record they are of; returns how many."""
    c = quarantine.c
    quoted = [column.contains(identifier, autoescape=True) for identifier in identifiers for column in (c.value, c.excerpt)]
    return conn.execute(delete(quarantine).where(or_(*quoted))).rowcount if quoted else 0


def older(conn: Connection, before: datetime) -> bool:
    """Whether `purge` would find something."""
    return conn.scalar(select(quarantine.c.id).where(quarantine.c.at < before).order_by(quarantine.c.id).limit(1)) is not None


def purge(conn: Connection, before: datetime) -> int:
    """Forgets problems that were found before a moment; returns how many."""
    return conn.execute(delete(quarantine).where(quarantine.c.at < before)).rowcount


def remove(conn: Connection, ids: Iterable[int]) -> None:
    """Forgets problems that the source has corrected."""
    for part in chunks(ids):
        conn.execute(delete(quarantine).where(quarantine.c.id.in_(part)))
