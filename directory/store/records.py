"""Source records: what each source says about a person, kept whole and replaced whole."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal, Self

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from directory.core.consent import NO_LONGER_STATED
from directory.core.profile import ConsentStatement, SourceRecord, facts_from_json, facts_to_json
from directory.store.many import insert_many
from directory.store.statements import RANGE, chunks
from directory.store.tables import consent_event, profile, source_record

State = Literal["live", "absent", "withdrawn"]


@dataclass(frozen=True, slots=True)
class RecordStamp:
    """What decides whether a received item is unchanged, without its content."""

    raw_hash: bytes
    contract: str
    state: str
    missing_runs: int
    person_id: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One row of `source_record`. `facts` and `consent` are the stored JSON forms; `record` gives the typed one, worked out once."""

    source: str
    external_id: str
    person_id: str
    raw_hash: bytes
    contract: str
    content_hash: bytes
    facts: Mapping[str, Any]
    consent: Sequence[Mapping[str, str]]
    changed_at: datetime
    received_at: datetime
    missing_runs: int = 0
    state: State = "live"
    typed: SourceRecord | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        record: SourceRecord,
        person_id: str,
        *,
        raw_hash: bytes,
        contract: str,
        content_hash: bytes,
        received_at: datetime,
        facts: Mapping[str, Any] | None = None,
        consent: Sequence[Mapping[str, str]] | None = None,
    ) -> Self:
        """The live row of a record just received; `facts` and `consent` are its JSON forms, where the caller has them already."""
        return cls(
            source=record.source, external_id=record.external_id, person_id=person_id, raw_hash=raw_hash, contract=contract,
            content_hash=content_hash, facts=facts_to_json(record.facts) if facts is None else facts,
            consent=consent_to_json(record.consent) if consent is None else consent,
            changed_at=record.changed_at, received_at=received_at, typed=record,
        )  # fmt: skip

    @property
    def record(self) -> SourceRecord:
        """The record as the core rules take it."""
        if self.typed is None:
            facts, consent = facts_from_json(self.facts), consent_from_json(self.consent)
            found = SourceRecord(self.source, self.external_id, facts, consent, self.changed_at)
            object.__setattr__(self, "typed", found)  # says nothing new, so the row is still what it was
            return found
        return self.typed


COLUMNS: Final = tuple(f.name for f in fields(RecordRow) if f.name != "typed")
_VALUES: Final = attrgetter(*COLUMNS)


def consent_to_json(statements: Iterable[ConsentStatement]) -> list[dict[str, str]]:
    """The stored form: empty values left out, times in ISO 8601."""
    return [
        {"purpose": said.purpose, "state": said.state}
        | ({"at": said.at.isoformat()} if said.at else {})
        | ({"evidence": said.evidence} if said.evidence else {})
        for said in statements
    ]


def consent_from_json(data: Iterable[Mapping[str, str]]) -> tuple[ConsentStatement, ...]:
    """The inverse of `consent_to_json`."""
    return tuple(
        ConsentStatement(
            said["purpose"], said["state"], datetime.fromisoformat(said["at"]) if "at" in said else None, said.get("evidence", "")
        )
        for said in data
    )


def hashes(conn: Connection, source: str, external_ids: Sequence[str]) -> dict[str, RecordStamp]:
    """The stamps of those ids that the source has a record for, in any state."""
    c = source_record.c
    query = select(c.external_id, c.raw_hash, c.contract, c.state, c.missing_runs, c.person_id, c.content_hash).where(c.source == source)
    return {row[0]: RecordStamp(*row[1:]) for part in chunks(external_ids) for row in conn.execute(query.where(c.external_id.in_(part)))}


def save(conn: Connection, rows: Iterable[RecordRow]) -> None:
    """Adds records or replaces them whole."""
    insert_many(conn, source_record, COLUMNS, map(_VALUES, rows), on_conflict="replace")


def restamp(conn: Connection, source: str, stamps: Mapping[str, tuple[bytes, str]]) -> None:
    """Notes for records whose content is what it was, by external id, from which raw content and by which rules they were read last."""
    c = source_record.c
    query = update(source_record).where(c.source == source, c.external_id == bindparam("name"))
    rows = [{"name": name, "raw": raw, "rules": rules} for name, (raw, rules) in stamps.items()]
    if rows:
        conn.execute(query.values(raw_hash=bindparam("raw"), contract=bindparam("rules")), rows)


def of_people(conn: Connection, person_ids: Sequence[str]) -> dict[str, list[RecordRow]]:
    """All records of each person in any state, ordered by source and external id; a person without records is left out."""
    c = source_record.c
    found: dict[str, list[RecordRow]] = defaultdict(list)
    columns = [c[name] for name in COLUMNS]
    for part in chunks(person_ids):
        for row in conn.execute(select(*columns).where(c.person_id.in_(part)).order_by(c.source, c.external_id)):
            found[row.person_id].append(RecordRow(*row))
    return dict(found)


def live_ids(conn: Connection, source: str) -> Iterator[str]:
    """The external ids of the live records of a source in order, fetched in ranges: memory stays flat."""
    c = source_record.c
    query = select(c.external_id).where(c.source == source, c.state == "live").order_by(c.external_id).limit(RANGE)
    part = conn.scalars(query).all()
    while part:
        yield from part
        part = conn.scalars(query.where(c.external_id > part[-1])).all() if len(part) == RANGE else []


def count_live(conn: Connection, source: str) -> int:
    """How many live records a source has."""
    c = source_record.c
    return conn.scalar(select(func.count()).where(c.source == source, c.state == "live")) or 0


def mark_missing(conn: Connection, source: str, external_ids: Sequence[str]) -> dict[str, int]:
    """Counts one more complete run without these live records; returns for each in how many runs in a row it was missing."""
    c = source_record.c
    counted: dict[str, int] = {}
    for part in chunks(external_ids):
        query = update(source_record).where(c.source == source, c.external_id.in_(part), c.state == "live")
        changed = conn.execute(query.values(missing_runs=c.missing_runs + 1).returning(c.external_id, c.missing_runs))
        counted.update((row.external_id, row.missing_runs) for row in changed)
    return counted


def mark_seen(conn: Connection, source: str, external_ids: Sequence[str]) -> int:
    """Ends the count of missing runs where there was one; returns how many rows changed."""
    c = source_record.c
    changed = 0
    for part in chunks(external_ids):
        query = update(source_record).where(c.source == source, c.external_id.in_(part), c.missing_runs > 0)
        changed += conn.execute(query.values(missing_runs=0)).rowcount
    return changed


def set_state(conn: Connection, source: str, external_ids: Sequence[str], state: State) -> dict[str, str]:
    """Changes the state of records; returns external id and person of those that were in another state before."""
    c = source_record.c
    changed: dict[str, str] = {}
    for part in chunks(external_ids):
        query = update(source_record).where(c.source == source, c.external_id.in_(part), c.state != state)
        for row in conn.execute(query.values(state=state).returning(c.external_id, c.person_id)):
            changed[row.external_id] = row.person_id
    return changed


def erase(conn: Connection, person_id: str) -> list[tuple[str, str]]:
    """Deletes all records of a person; returns their (source, external id)."""
    c = source_record.c
    gone = delete(source_record).where(c.person_id == person_id).returning(c.source, c.external_id)
    return [(row.source, row.external_id) for row in conn.execute(gone)]


def count_missing(conn: Connection, source: str) -> int:
    """How many live records of a source were absent from its last complete run."""
    c = source_record.c
    return conn.scalar(select(func.count()).where(c.source == source, c.state == "live", c.missing_runs > 0)) or 0


def stating(conn: Connection, source: str, external_ids: Sequence[str], state: str) -> set[str]:
    """Those of the live records whose stored statements say `state` of the listing."""
    c = source_record.c
    found: set[str] = set()
    for part in chunks(external_ids):
        query = select(c.external_id, c.consent).where(c.source == source, c.external_id.in_(part), c.state == "live")
        for external_id, consent in conn.execute(query):
            if any(said["purpose"] == "listing" and said["state"] == state for said in consent):
                found.add(external_id)
    return found


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """Live records of a source: those of people who are `listed`, and those of people who are `invited`, neither listed nor withdrawn."""

    live: int
    listed: int
    invited: int


def count_by_consent(conn: Connection, source: str) -> ConsentCount:
    """How many live records a source has and what their people agreed to. Reads the source's records."""
    c, said = source_record.c, consent_event.c
    counted = select(func.count()).select_from(source_record).outerjoin(profile, profile.c.person_id == c.person_id)
    live = counted.where(c.source == source, c.state == "live")
    listed = func.coalesce(profile.c.listed, False)
    # a statement that a source merely ceased to make is no withdrawal
    withdrew = exists().where(
        said.person_id == c.person_id, said.purpose == "listing", said.state == "withdrawn", said.evidence != NO_LONGER_STATED
    )
    numbers = (conn.scalar(query) or 0 for query in (live, live.where(listed), live.where(~listed, ~withdrew)))
    return ConsentCount(*numbers)


def crowded(conn: Connection, source: str, person_ids: Sequence[str]) -> list[str]:
    """Those of the people of whom this source has more than one live record."""
    c = source_record.c
    found: list[str] = []
    for part in chunks(person_ids):
        query = select(c.person_id).where(c.source == source, c.state == "live", c.person_id.in_(part))
        found.extend(conn.scalars(query.group_by(c.person_id).having(func.count() > 1)))
    return found
