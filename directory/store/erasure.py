"""Erasing a person. What stays: a random id with its version, the pseudonymous consent events, and the suppressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, delete, or_, select, type_coerce

from directory.core.identity import MatchKey
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


def _source_ids(keys: Sequence[MatchKey]) -> set[tuple[str, str]]:
    """Every (source, external id) that ever meant this person: records, and keys whose record is not stored."""
    named = {tuple(key.value.split("/", 1)) for key in keys if key.kind == "source"}
    return {(pair[0], pair[1]) for pair in named if len(pair) == 2}


def _erase_staged(conn: Connection, pairs: set[tuple[str, str]], identifiers: Sequence[MatchKey]) -> int:
    """By the ids that are known, and by what a held record states: it may be of a source that never listed this person before."""
    c = staged_item.c
    stated = [type_coerce(c.facts, Text).contains(f'"{key.kind}":"{key.value}"', autoescape=True) for key in identifiers]
    gone = conn.execute(delete(staged_item).where(or_(*stated))).rowcount if stated else 0
    for source, external_id in pairs:
        runs = select(source_run.c.id).where(source_run.c.source == source)
        gone += conn.execute(delete(staged_item).where(c.external_id == external_id, c.run_id.in_(runs))).rowcount
    return gone


def erase(conn: Connection, person_id: str, now: datetime) -> Erased:
    """Deletes all that says who the person is or what the person offers, and notes the erasure.

    Suppressions (by `people.keys_of`, before), ledger events, version and outbox row are the caller's, in the same transaction.
    """
    keys = people.keys_of(conn, [person_id]).get(person_id, [])
    identifiers = [key for key in keys if key.kind != "source"]
    stored = records.erase(conn, person_id)
    pairs = _source_ids(keys).union(stored)
    erased = Erased(
        keys=people.erase_identity(conn, person_id),
        records=len(stored),
        profiles=profiles.erase(conn, person_id),
        staged=_erase_staged(conn, pairs, identifiers),
        quarantined=quarantine.clear_naming(conn, [key.value for key in identifiers])
        + sum(quarantine.clear_record(conn, source, external_id) for source, external_id in pairs),
    )
    people.mark_erased(conn, person_id, now)
    return erased
