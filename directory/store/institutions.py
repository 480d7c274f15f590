"""Institutions that mentors work at: one row each, however the sources spell them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, update

from directory.core.profile import Institution
from directory.core.vocabulary import fold
from directory.store.locks import Queue, serialize
from directory.store.statements import chunks
from directory.store.tables import SHORT, institution

SLUG = 80


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """A stored institution; `id` is a slug of its first name and never changes. `ror` is the full address or empty."""

    id: str
    ror: str
    name: str
    city: str
    state: str


class _Known:
    """The stored institutions that may be meant, found again by ROR id or by folded name."""

    def __init__(self) -> None:
        self.by_ror: dict[str, InstitutionRow] = {}
        self.by_name: dict[str, dict[str, InstitutionRow]] = defaultdict(dict)
        self._folded: dict[str, str] = {}

    def put(self, row: InstitutionRow, folded: str) -> None:
        """Add a row, or replace the one with its id, which stays under the name that it was stored by."""
        if row.ror:
            self.by_ror[row.ror] = row
        self.by_name[self._folded.setdefault(row.id, folded)][row.id] = row

    def match(self, wanted: Institution) -> InstitutionRow | None:
        """By ROR id; else by name, unless both state a ROR id: then they are two institutions of one name."""
        if wanted.ror and wanted.ror in self.by_ror:
            return self.by_ror[wanted.ror]
        same = [row for row in self.by_name[_folded(wanted)].values() if not (wanted.ror and row.ror)]
        same = [row for row in same if not (wanted.state and row.state and wanted.state != row.state)]
        return min(same, key=lambda row: row.id, default=None)


_COLUMNS = (
    institution.c.id,
    func.coalesce(institution.c.ror, ""),
    institution.c.name,
    institution.c.city,
    institution.c.state,
)
_NAMED: Final = (
    select(*_COLUMNS)
    .where(or_(institution.c.folded.like(bindparam("first")), institution.c.folded.like(bindparam("later"))))
    .order_by(institution.c.folded)
    .limit(bindparam("most"))
)
"""Built once, because it is asked with every letter that somebody types. A folded text has no character that `LIKE` would take for
something else."""


def _folded(wanted: Institution) -> str:
    """What a name is compared by: cut, because one character may fold to eighteen."""
    return (fold(wanted.name) or wanted.name.casefold())[:SHORT]


def _known(conn: Connection, wanted: Iterable[Institution]) -> _Known:
    known = _Known()
    for part in chunks(wanted):
        rors = {item.ror for item in part if item.ror}
        names = {_folded(item) for item in part}
        query = select(*_COLUMNS, institution.c.folded).where(or_(institution.c.ror.in_(rors), institution.c.folded.in_(names)))
        for row in conn.execute(query):
            known.put(InstitutionRow(*row[:5]), row.folded)
    return known


def _slug(name: str) -> str:
    words = "-".join(word for word in fold(name).split() if word.isascii())
    return words[:SLUG].strip("-") or "institution"


def _free_slug(conn: Connection, name: str) -> str:
    base = _slug(name)
    similar = or_(institution.c.id == base, institution.c.id.startswith(f"{base}-", autoescape=True))
    taken = set(conn.scalars(select(institution.c.id).where(similar)))
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug


def _create(conn: Connection, wanted: Institution) -> InstitutionRow:
    row = InstitutionRow(_free_slug(conn, wanted.name), wanted.ror, wanted.name, wanted.city, wanted.state)
    columns = {"id": row.id, "ror": row.ror or None, "name": row.name, "folded": _folded(wanted), "city": row.city, "state": row.state}
    conn.execute(institution.insert().values(columns))
    return row


def _complete(conn: Connection, row: InstitutionRow, wanted: Institution) -> InstitutionRow:
    """Takes over what the stored row lacks; what it has stays."""
    full = InstitutionRow(row.id, row.ror or wanted.ror, row.name, row.city or wanted.city, row.state or wanted.state)
    if full != row:
        conn.execute(update(institution).where(institution.c.id == row.id).values(ror=full.ror or None, city=full.city, state=full.state))
    return full


def _settled(row: InstitutionRow | None, wanted: Institution) -> bool:
    return row is not None and bool(row.ror or not wanted.ror) and bool(row.city or not wanted.city) and bool(row.state or not wanted.state)


def resolve(conn: Connection, institutions: Iterable[Institution]) -> dict[Institution, str]:
    """The id of each institution, matched by ROR id, else by folded name (and state, where both state one); unknown ones are created.

    Call it before `people.bump` in a transaction: creating one waits for others who create.
    """
    wanted = list(dict.fromkeys(institutions))
    known = _known(conn, wanted)
    found = {item: known.match(item) for item in wanted}
    if all(_settled(row, item) for item, row in found.items()):
        return {item: row.id for item, row in found.items() if row}
    serialize(conn, Queue.INSTITUTION)
    known = _known(conn, wanted)
    ids: dict[Institution, str] = {}
    # those with a ROR id first, so that a bare name joins the one it can only mean
    for item in sorted(wanted, key=lambda item: (not item.ror, item.name, item.state)):
        row = known.match(item)
        stored = _complete(conn, row, item) if row else _create(conn, item)
        known.put(stored, _folded(item))  # read anew, a batch of many new ones would hold up all other writers
        ids[item] = stored.id
    return {item: ids[item] for item in wanted}


def get(conn: Connection, ids: Sequence[str]) -> dict[str, InstitutionRow]:
    """The institutions of the ids that exist."""
    rows = (row for part in chunks(ids) for row in conn.execute(select(*_COLUMNS).where(institution.c.id.in_(part))))
    return {row.id: InstitutionRow(*row) for row in rows}


def named(conn: Connection, folded: str, limit: int) -> list[InstitutionRow]:
    """Institutions one of whose words begins with `folded` (of `core.vocabulary.fold`), by name."""
    rows = conn.execute(_NAMED, {"first": f"{folded}%", "later": f"% {folded}%", "most": limit})
    return [InstitutionRow(*row) for row in rows]
