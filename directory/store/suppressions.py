"""The marks that outlive an erased person: keyed hashes of what identified the person, so that no source brings the person back."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from directory.store.many import insert_many
from directory.store.statements import chunks
from directory.store.tables import suppression


def add(conn: Connection, person_id: str, key_hashes: Iterable[str], *, reason: str, at: datetime) -> None:
    """Marks the hashes; those that are marked stay as they are."""
    rows = ((key_hash, person_id, reason, at) for key_hash in key_hashes)
    insert_many(conn, suppression, ("key_hash", "person_id", "reason", "at"), rows, on_conflict="leave")


def find(conn: Connection, key_hashes: Sequence[str]) -> set[str]:
    """Those of the hashes that are marked."""
    return set(owners(conn, key_hashes))


def owners(conn: Connection, key_hashes: Sequence[str]) -> dict[str, str]:
    """Those of the hashes that are marked, with the person whom the mark was made for."""
    c = suppression.c
    rows = (row for part in chunks(key_hashes) for row in conn.execute(select(c.key_hash, c.person_id).where(c.key_hash.in_(part))))
    return {row.key_hash: row.person_id for row in rows}


def lift(conn: Connection, person_id: str, key_hashes: Sequence[str] = ()) -> int:
    """Removes the marks of a person and of `key_hashes`: only the person's own decision may lead here. Returns how many there were."""
    gone = conn.execute(delete(suppression).where(suppression.c.person_id == person_id)).rowcount
    for part in chunks(key_hashes):
        gone += conn.execute(delete(suppression).where(suppression.c.key_hash.in_(part))).rowcount
    return gone
