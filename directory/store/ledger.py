"""The consent ledger: events are only ever added, each sealed with the hash of the one before.

The chain shows that a row was changed or removed in the middle; that the end was cut off shows only against a head kept elsewhere
(the manifest of a backup, the log).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from directory.core.consent import ConsentEvent
from directory.core.errors import DirectoryError
from directory.store.locks import Queue, serialize
from directory.store.many import insert_many
from directory.store.statements import RANGE, chunks
from directory.store.tables import consent_event

GENESIS: Final = bytes(32)
STATED: Final = tuple(f.name for f in fields(ConsentEvent))
_STATED_VALUES: Final = attrgetter(*STATED)
WRITTEN: Final = ("seq", *STATED, "recorded_at")
SEALED: Final = ("seq", "person_id", "purpose", "state", "basis", "source", "at", "evidence", "given", "recorded_at")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest event's number and hash; 0 and zeros for an empty ledger."""

    seq: int
    hash: bytes


class ChainBroken(DirectoryError):
    """The ledger was changed from outside: event `seq` does not carry the hash that its content and its predecessor give."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the consent ledger is broken at event {seq}")
        self.seq = seq


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _seal(prev_hash: bytes, row: dict[str, Any]) -> bytes:
    """SHA-256 over the predecessor's hash and the event as a JSON list; times in UTC with microseconds."""
    content = [_text(value) if isinstance(value, datetime) else value for value in map(row.get, SEALED)]
    return hashlib.sha256(prev_hash + orjson.dumps(content)).digest()


def head(conn: Connection) -> Head:
    """The end of the chain."""
    row = conn.execute(select(consent_event.c.seq, consent_event.c.hash).order_by(consent_event.c.seq.desc()).limit(1)).first()
    return Head(row.seq, row.hash) if row else Head(0, GENESIS)


def append(conn: Connection, events: Iterable[ConsentEvent], now: datetime) -> None:
    """Adds events in the given order, `now` being when they were recorded. Waits for other writers of the ledger until their
    transactions end: take what else you lock (`people.bump`) before."""
    pending = list(events)
    if not pending:
        return
    serialize(conn, Queue.LEDGER)
    last = head(conn)
    rows: list[tuple[Any, ...]] = []
    for seq, event in enumerate(pending, last.seq + 1):
        row = (seq, *_STATED_VALUES(event), now)
        sealed = _seal(last.hash, dict(zip(WRITTEN, row, strict=True)))
        rows.append((*row, last.hash, sealed))
        last = Head(seq, sealed)
    insert_many(conn, consent_event, (*WRITTEN, "prev_hash", "hash"), rows)


def of_people(conn: Connection, person_ids: Sequence[str]) -> dict[str, list[ConsentEvent]]:
    """All events of each person in the order in which they were recorded; a person without events is left out."""
    c = consent_event.c
    columns = [c[name] for name in STATED]
    found: dict[str, list[ConsentEvent]] = defaultdict(list)
    for part in chunks(person_ids):
        for row in conn.execute(select(*columns).where(c.person_id.in_(part)).order_by(c.seq)):
            found[row.person_id].append(ConsentEvent(*row))
    return dict(found)


def verify(conn: Connection) -> int:
    """Recomputes the whole chain in ranges and returns the number of events. Raises `ChainBroken` at the first that does not fit."""
    c = consent_event.c
    last = Head(0, GENESIS)
    while rows := conn.execute(select(consent_event).where(c.seq > last.seq).order_by(c.seq).limit(RANGE)).all():
        for row in rows:
            if row.seq != last.seq + 1 or row.prev_hash != last.hash or row.hash != _seal(last.hash, dict(row._mapping)):
                raise ChainBroken(last.seq + 1 if row.seq != last.seq + 1 else row.seq)
            last = Head(row.seq, row.hash)
    return last.seq
