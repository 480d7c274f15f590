"""Carrying out what the journal holds and the database lacks: after a restore, and at every start after a process died."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from directory.core.identity import key_hash
from directory.store import installation, people
from directory.store.journal import Entry, Journal, Placed, take
from directory.store.secret import secret
from directory.store.session import Store
from directory.store.statements import chunks
from directory.store.tables import decision

Apply = Callable[[Connection, Entry], None]
"""Carries out a decision in the given transaction, with the entry's own time. The person may be unknown to this database (then the
hashes have to be suppressed, so that no later harvest lists the person), and it may be applied already."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`applied` entries were new to the database, `superseded` ones were overtaken by a later decision that it knows."""

    applied: int
    superseded: int


def _known(conn: Connection, entries: list[Entry]) -> set[str]:
    c = decision.c.id
    return {entry_id for part in chunks(entry.id for entry in entries) for entry_id in conn.scalars(select(c).where(c.in_(part)))}


def _overtakes(other: Entry, entry: Entry) -> bool:
    """Whether a later decision makes an earlier one of the same person pointless. What an institution said and what the person said
    do not replace each other: the ledger weighs them."""
    if other.kind == "erase":
        return True
    if other.source != entry.source:
        return False
    return other.kind == "grant" if entry.kind == "erase" else other.purpose == entry.purpose


def _superseded(entry: Entry, later: list[Entry], known: set[str]) -> bool:
    """The database never took this one in, but a later one that settles the matter: the person changed the mind in between."""
    return any(other.id in known and other.person_id == entry.person_id and _overtakes(other, entry) for other in later)


def _owners(store: Store, entries: list[Entry]) -> dict[str, str]:
    """The person behind each hash, for entries whose person this database does not know by id."""
    key = secret(store)
    with store.read() as conn:
        missing = {entry.person_id for entry in entries} - people.get(conn, [entry.person_id for entry in entries]).keys()
        wanted = {hashed for entry in entries if entry.person_id in missing for hashed in entry.key_hashes}
        if not wanted:
            return {}
        hashed_keys = ((key_hash(key, match), person_id) for match, person_id in people.all_keys(conn))
        return {hashed: person_id for hashed, person_id in hashed_keys if hashed in wanted}


def replay(store: Store, journal: Journal, apply: Apply) -> Replayed:
    """Carries out, by time, every decision of the journal that the database does not know; a second call does nothing.

    Each decision is one transaction. A person is found by id, else by key hash; `apply` gets the entry with the id found. Other
    processes may decide meanwhile.
    """
    placed = journal.behind(None)
    entries = sorted((found.entry for found in placed), key=lambda entry: entry.at)
    with store.read() as conn:
        known = _known(conn, entries)
    owners = _owners(store, [entry for entry in entries if entry.id not in known])
    applied = superseded = 0
    for number, entry in enumerate(entries):
        if entry.id in known:
            continue
        overtaken = _superseded(entry, entries[number + 1 :], known)
        owner = next((owners[hashed] for hashed in entry.key_hashes if hashed in owners), entry.person_id)
        with store.write() as conn:
            if not take(conn, entry):
                continue  # whoever made the decision has just committed it
            if not overtaken:
                apply(conn, replace(entry, person_id=owner))
        applied += not overtaken
        superseded += overtaken
    if applied:
        store.scrub()  # an erasure may be among them
    _remember(store, placed)
    return Replayed(applied, superseded)


def catch_up(store: Store, journal: Journal, apply: Apply) -> Replayed:
    """Carries out what a process that died had written down but not committed, or what a database restored by other means lacks. For
    every start: it costs as much as was decided since the last one, and `replay` only if something is missing."""
    with store.read() as conn:
        fresh = journal.behind(installation.get(conn, installation.JOURNAL))
        known = _known(conn, [found.entry for found in fresh])
    if len(known) < len({found.entry.id for found in fresh}):
        return replay(store, journal, apply)
    _remember(store, fresh)
    return Replayed(0, 0)


def _remember(store: Store, placed: Sequence[Placed]) -> None:
    """Notes that the database knows these entries and all before them."""
    if placed:
        with store.write() as conn:
            installation.put(conn, installation.JOURNAL, placed[-1].mark)
