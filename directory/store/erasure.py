"""Erasing a person. What stays: a random id with its version, the pseudonymous consent events, and the suppressions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from directory.store import people, profiles, quarantine, records
from directory.store.tables import source_run, staged_item


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind are gone."""

    keys: int
    records: int
    profiles: int
    staged: int
    quarantined: int


def _source_ids(conn: Connection, person_id: str) -> set[tuple[str, str]]:
    """Every (source, external id) that ever meant this person: records, and keys whose record is not stored."""
    keys = people.keys_of(conn, [person_id]).get(person_id, [])
    named = {tuple(key.value.split("/", 1)) for key in keys if key.kind == "source"}
    return {(pair[0], pair[1]) for pair in named if len(pair) == 2}


def _erase_staged(conn: Connection, pairs: set[tuple[str, str]]) -> int:
    gone = 0
    for source, external_id in pairs:
        runs = select(source_run.c.id).where(source_run.c.source == source)
        query = delete(staged_item).where(staged_item.c.external_id == external_id, staged_item.c.run_id.in_(runs))
        gone += conn.execute(query).rowcount
    return gone


def erase(conn: Connection, person_id: str, now: datetime) -> Erased:
    """Deletes all that says who the person is or what the person offers, and notes the erasure.

    Suppressions (by `people.keys_of`, before), ledger events, version and outbox row are the caller's, in the same transaction.
    """
    pairs = _source_ids(conn, person_id)
    stored = records.erase(conn, person_id)
    pairs.update(stored)
    erased = Erased(
        keys=people.erase_identity(conn, person_id),
        records=len(stored),
        profiles=profiles.erase(conn, person_id),
        staged=_erase_staged(conn, pairs),
        quarantined=sum(quarantine.clear_record(conn, source, external_id) for source, external_id in pairs),
    )
    people.mark_erased(conn, person_id, now)
    return erased
