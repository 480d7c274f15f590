"""Persons by random id, and the erasable table of what identifies them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_, update

from directory.core.identity import MatchKey
from directory.store.many import insert_many
from directory.store.statements import CHUNK, RANGE, chunks
from directory.store.tables import identity, person, profile

LEAP = 1_000_000
"""Versions skipped by a restore: more than any person's changes between a backup and its restore."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person. `version` only grows, also across erasure; 0 until the first change was published."""

    id: str
    version: int
    created_at: datetime
    erased_at: datetime | None


def find(conn: Connection, keys: Sequence[MatchKey]) -> dict[MatchKey, str]:
    """The person of every key that is known."""
    by_kind: dict[str, dict[str, MatchKey]] = defaultdict(dict)
    for key in keys:
        by_kind[key.kind][key.value] = key
    found: dict[MatchKey, str] = {}
    for kind, named in by_kind.items():
        for part in chunks(named):
            query = select(identity.c.value, identity.c.person_id).where(identity.c.kind == kind, identity.c.value.in_(part))
            found.update((named[value], person_id) for value, person_id in conn.execute(query))
    return found


def create(conn: Connection, person_ids: Iterable[str], now: datetime, *, version: int = 0) -> None:
    """Adds persons, `version` 1 if their first change is written in this transaction; ids that exist stay as they are."""
    rows = [(person_id, version, now, None) for person_id in person_ids]
    insert_many(conn, person, ("id", "version", "created_at", "erased_at"), rows, on_conflict="leave")


def get(conn: Connection, person_ids: Sequence[str]) -> dict[str, PersonRow]:
    """The persons of the ids that exist."""
    columns = (person.c.id, person.c.version, person.c.created_at, person.c.erased_at)
    return {row.id: PersonRow(*row) for part in chunks(person_ids) for row in conn.execute(select(*columns).where(person.c.id.in_(part)))}


def add_keys(conn: Connection, keys: Mapping[MatchKey, str]) -> dict[MatchKey, str]:
    """Ties keys to persons. A key stays with the person who has it: those are returned with their owner, and nothing of them is changed."""
    rows = [(key.kind, key.value, person_id) for key, person_id in keys.items()]
    if insert_many(conn, identity, ("kind", "value", "person_id"), rows, on_conflict="leave") == len(rows):
        return {}
    return {key: owner for key, owner in find(conn, tuple(keys)).items() if owner != keys[key]}


def keys_of(conn: Connection, person_ids: Sequence[str]) -> dict[str, list[MatchKey]]:
    """All keys of each person, ordered; a person without keys is left out."""
    found: dict[str, list[MatchKey]] = defaultdict(list)
    for part in chunks(person_ids):
        query = select(identity).where(identity.c.person_id.in_(part)).order_by(identity.c.kind, identity.c.value)
        for row in conn.execute(query):
            found[row.person_id].append(MatchKey(row.kind, row.value))
    return dict(found)


def all_keys(conn: Connection) -> Iterator[tuple[MatchKey, str]]:
    """Every key with its person, fetched in ranges."""
    c = identity.c
    last = ("", "")
    while rows := conn.execute(select(identity).where(tuple_(c.kind, c.value) > last).order_by(c.kind, c.value).limit(RANGE)).all():
        yield from ((MatchKey(row.kind, row.value), row.person_id) for row in rows)
        last = (rows[-1].kind, rows[-1].value)


def bump(conn: Connection, person_ids: Iterable[str]) -> dict[str, int]:
    """Raises the version of each person by one and returns it. Holds their rows until the end of the transaction, so call it before
    reading what the change is computed from: two writers of one person then follow each other."""
    versions: dict[str, int] = {}
    for part in chunks(sorted(set(person_ids)), CHUNK):
        # always in the order of the ids, or two batches with the same persons could wait for each other
        locked = select(person.c.id).where(person.c.id.in_(part)).order_by(person.c.id).with_for_update()
        raised = update(person).where(person.c.id.in_(locked)).values(version=person.c.version + 1)
        changed = raised.returning(person.c.id, person.c.version)
        versions.update((row.id, row.version) for row in conn.execute(changed))
    return versions


def lock(conn: Connection, person_ids: Iterable[str]) -> None:
    """Holds the rows of these persons until the end of the transaction, in the order in which `bump` takes them: who has to lock several
    lots of people takes all of them here first. Nothing to do on SQLite, which has one writer."""
    if conn.dialect.name == "sqlite":
        return
    for part in chunks(sorted(set(person_ids))):
        conn.execute(select(person.c.id).where(person.c.id.in_(part)).order_by(person.c.id).with_for_update())


def leap(conn: Connection) -> None:
    """After a restore: lifts all versions above every one that was published before, so that engines take the restored state."""
    conn.execute(update(person).values(version=person.c.version + LEAP))
    conn.execute(update(profile).values(version=profile.c.version + LEAP))


def erase_identity(conn: Connection, person_id: str) -> int:
    """Deletes every key of a person; returns how many there were."""
    return conn.execute(delete(identity).where(identity.c.person_id == person_id)).rowcount


def mark_erased(conn: Connection, person_id: str, at: datetime | None) -> None:
    """Notes since when a person is erased; None takes the note back (the person came back by own decision)."""
    conn.execute(update(person).where(person.c.id == person_id).values(erased_at=at))


def remove_keys(conn: Connection, keys: Sequence[MatchKey]) -> None:
    """Lets go of keys, whoever has them: a source corrected what it had stated."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_kind[key.kind].append(key.value)
    for kind, named in by_kind.items():
        for part in chunks(named):
            conn.execute(delete(identity).where(identity.c.kind == kind, identity.c.value.in_(part)))
