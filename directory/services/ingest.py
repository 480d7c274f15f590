"""Records in: match to a person, ask the consent gate, replace the source's record, and recompute the profile.

Everything happens inside the caller's transaction and for the whole batch at once: records, ledger, profiles and outbox rows
commit together or not at all, and nothing is queried per record. Locks are taken in one order by everybody: who is meant,
institutions, people, ledger.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection

from directory.core.consent import NO_LONGER_STATED, SOURCE_PURPOSES, ConsentEvent, statements_to_events
from directory.core.identity import MatchKey, key_hash, match_keys
from directory.core.profile import Facts, SourceRecord, facts_to_json
from directory.services.matching import Matches
from directory.services.profiles import ListingPolicy, refresh
from directory.store import institutions, journal, ledger, people, records, suppressions
from directory.store.journal import Journal
from directory.store.locks import Queue, serialize
from directory.store.records import RecordRow, RecordStamp, consent_to_json

WITHDRAWN_BY_SOURCE: Final = "withdrawn by the source"
"""Evidence of a withdrawal that a source reports in so many words."""

FIRST: Final = 1
"""Version of a person whose first profile is written in the transaction that creates the person."""

Verb = Literal["added", "updated", "unchanged", "suppressed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record as read from a source. `raw_hash` and `contract` say what it was read from and by which rules; `facts` and `consent`
    are the stored JSON forms of the record, where the caller has them. `dated`: the source itself says when the record changed, so that
    a new date of the same content is a change (somebody looked at it again)."""

    record: SourceRecord
    raw_hash: bytes
    contract: str
    facts: Mapping[str, Any] | None = None
    consent: Sequence[Mapping[str, str]] | None = None
    dated: bool = False


@dataclass(frozen=True, slots=True)
class IngestPolicy:
    """What ingest must know beside the records. `secret` keys the hashes of suppressions; `decisions` is where withdrawals stand that a
    restore must not undo."""

    listing: ListingPolicy
    secret: bytes
    decisions: Journal


@dataclass(slots=True)
class _Batch:
    """What becomes of the arrivals. `restamped` say the same as before in other words; `strayed` are stored records that now say that
    they are of somebody who withdrew; `revealed` are more keys of such people, by person."""

    verbs: list[Verb] = field(default_factory=list)
    rows: list[RecordRow] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    restamped: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    strayed: list[str] = field(default_factory=list)
    revealed: dict[str, set[MatchKey]] = field(default_factory=dict)


def take_in(conn: Connection, source: str, arrivals: Sequence[Arrival], policy: IngestPolicy, now: datetime) -> list[Verb]:
    """Import records of one source, whose external ids are unique within the batch; one outcome per arrival, in order."""
    incoming = [arrival.record for arrival in arrivals]
    serialize(conn, Queue.IDENTITY)  # two imports that meet the same new person must not both create one
    institutions.resolve(conn, [place for record in incoming if (place := record.facts.institution)])
    matches = Matches.of(conn, incoming)
    stamps = records.hashes(conn, source, [record.external_id for record in incoming])
    people.lock(conn, matches.people.union(stamp.person_id for stamp in stamps.values()))
    barred = _barred(conn, incoming, policy.secret)  # behind the lock, so that an erasure which was under way is seen
    batch = _sort(arrivals, matches, stamps, barred, now)
    people.create(conn, matches.fresh, now, version=FIRST)
    records.save(conn, batch.rows)
    records.restamp(conn, source, batch.restamped)
    for person, keys in batch.revealed.items():  # the next source may know the person by one of these only
        suppressions.add(conn, person, [key_hash(policy.secret, key) for key in keys], reason="revealed", at=now)
    _recompute(conn, source, batch, matches.fresh, policy, now)
    take_out(conn, source, batch.strayed, policy, now, explicit=False)
    return batch.verbs


def take_out(
    conn: Connection, source: str, external_ids: Sequence[str], policy: IngestPolicy, now: datetime, *, explicit: bool
) -> set[str]:
    """End records of one source. `explicit`: the source says that the person withdrew, which also stands against earlier
    grants of other institutions; else the record is merely not there any more, which ends only this source's own grant.
    Returns the external ids that were live before."""
    state: Literal["withdrawn", "absent"] = "withdrawn" if explicit else "absent"
    before = records.hashes(conn, source, external_ids)
    ids = sorted({stamp.person_id for stamp in before.values() if stamp.state != state})
    if not ids:
        return set()
    versions = people.bump(conn, ids)
    changed = records.set_state(conn, source, external_ids, state)
    stored = records.of_people(conn, ids)
    events = _note_ends(conn, source, ids, stored, policy, now, explicit=explicit)
    refresh(conn, ids, policy.listing, now, versions=versions, stored=stored, events=events)
    return {external_id for external_id in changed if before[external_id].state == "live"}


def is_unchanged(stamp: RecordStamp | None, raw_hash: bytes, contract: str) -> bool:
    """The stored record was read from the same content by the same rules."""
    return stamp is not None and stamp.state == "live" and stamp.raw_hash == raw_hash and stamp.contract == contract


def _barred(conn: Connection, incoming: Iterable[SourceRecord], secret: bytes) -> dict[MatchKey, str]:
    """Keys of people who withdrew, and who that was."""
    hashed = {key_hash(secret, key): key for record in incoming for key in match_keys(record)}
    return {hashed[found]: person for found, person in suppressions.owners(conn, list(hashed)).items()}


def _sort(
    arrivals: Sequence[Arrival], matches: Matches, stamps: Mapping[str, RecordStamp], barred: Mapping[MatchKey, str], now: datetime
) -> _Batch:
    batch = _Batch()
    for arrival in arrivals:
        record = arrival.record
        stamp = stamps.get(record.external_id)
        live = stamp if stamp and stamp.state == "live" else None
        withdrew = {barred[key] for key in match_keys(record) if key in barred} if barred else set()
        if withdrew:
            batch.verbs.append("suppressed")
            unowned = {key for key in match_keys(record) if key not in barred and key not in matches.known}
            batch.revealed.setdefault(min(withdrew), set()).update(unowned)
            if live and live.person_id not in withdrew:
                batch.strayed.append(record.external_id)
            continue
        row = _record_row(arrival, matches.person(record), now)
        if live and live.content_hash == row.content_hash and live.person_id == row.person_id:
            batch.verbs.append("unchanged")
            batch.restamped[record.external_id] = (arrival.raw_hash, arrival.contract)
            continue
        batch.rows.append(row)
        batch.touched.update((row.person_id, stamp.person_id) if stamp else (row.person_id,))
        batch.verbs.append("updated" if live else "added")
    return batch


def _record_row(arrival: Arrival, person: str, now: datetime) -> RecordRow:
    record = arrival.record
    facts = facts_to_json(record.facts) if arrival.facts is None else arrival.facts
    consent = consent_to_json(record.consent) if arrival.consent is None else arrival.consent
    date = record.changed_at.astimezone(UTC) if arrival.dated else None
    digest = blake2b(orjson.dumps([facts, consent, date]), digest_size=16).digest()
    return RecordRow.of(
        record, person, raw_hash=arrival.raw_hash, contract=arrival.contract, content_hash=digest, received_at=now,
        facts=facts, consent=consent,
    )  # fmt: skip


def _recompute(conn: Connection, source: str, batch: _Batch, fresh: Sequence[str], policy: IngestPolicy, now: datetime) -> None:
    """Of `fresh` people, created in this transaction, the store knows nothing but the rows of the batch, so only the others are read."""
    ids = sorted(batch.touched.difference(fresh))
    versions = people.bump(conn, ids)
    stored = records.of_people(conn, ids)
    known = set(ids)
    for row in sorted(batch.rows, key=lambda row: row.external_id):
        if row.person_id not in known:
            stored.setdefault(row.person_id, []).append(row)
    _align_keys(conn, ids, stored)
    events = _note_statements(conn, source, [*ids, *fresh], stored, now, fresh=fresh)
    versions.update(dict.fromkeys(fresh, FIRST))
    refresh(conn, (*ids, *fresh), policy.listing, now, versions=versions, stored=stored, events=events, fresh=frozenset(fresh))


def _align_keys(conn: Connection, ids: Sequence[str], stored: Mapping[str, Sequence[RecordRow]]) -> None:
    """Identity rows follow what people's records state: a corrected iD lets go of the wrong one; one that is merely not stated any more
    stays, because a later withdrawal must cover it. Whoever has a key and still states it keeps it."""
    stated = {person: {key for row in rows for key in match_keys(row.record)} for person, rows in stored.items()}
    present = {key: person for person, keys in people.keys_of(conn, ids).items() for key in keys}
    stale = {key for key, person in present.items() if _is_replaced(key, stated.get(person, set()))}
    people.remove_keys(conn, sorted(stale, key=lambda key: (key.kind, key.value)))
    held = present.keys() - stale
    people.add_keys(conn, {key: person for person, keys in stated.items() for key in keys if key not in held})


def _is_replaced(key: MatchKey, stated: Set[MatchKey]) -> bool:
    """The records state another key of this kind, or the record that stated this one is somebody else's now."""
    return key not in stated and (key.kind == "source" or not stated or any(other.kind == key.kind for other in stated))


def _note_statements(
    conn: Connection,
    source: str,
    ids: Sequence[str],
    stored: Mapping[str, Sequence[RecordRow]],
    now: datetime,
    *,
    fresh: Sequence[str] = (),
) -> Mapping[str, Sequence[ConsentEvent]]:
    """Adds to the ledger what the live records of a source now say together of each person; returns all events of these people."""
    unknown = set(fresh)
    known = ledger.of_people(conn, [person for person in ids if person not in unknown])
    events: list[ConsentEvent] = []
    for person in ids:
        before = known.setdefault(person, [])
        implied = statements_to_events(person, _said(source, stored.get(person, ()), now), before, now)
        before.extend(implied)
        events.extend(implied)
    ledger.append(conn, events, now)
    return known


def _said(source: str, rows: Sequence[RecordRow], now: datetime) -> SourceRecord:
    """One record with all statements of a source about a person: somebody may be in its list twice."""
    own = [row.record for row in rows if row.source == source and row.state == "live"]
    if len(own) == 1:
        return own[0]
    return SourceRecord(source, "", Facts(), tuple(statement for record in own for statement in record.consent), now)


def _note_ends(
    conn: Connection,
    source: str,
    ids: Sequence[str],
    stored: Mapping[str, Sequence[RecordRow]],
    policy: IngestPolicy,
    now: datetime,
    *,
    explicit: bool,
) -> Mapping[str, Sequence[ConsentEvent]]:
    """What the end of records means. Somebody who is in the list a second time is still in it: one row went, not the person."""
    still = [person for person in ids if any(row.source == source and row.state == "live" for row in stored.get(person, ()))]
    left = [person for person in ids if person not in set(still)]
    if not explicit:
        return _note_statements(conn, source, ids, stored, now)
    return {**_note_withdrawals(conn, source, left, policy, now), **_note_statements(conn, source, still, stored, now)}


def _note_withdrawals(
    conn: Connection, source: str, ids: Sequence[str], policy: IngestPolicy, now: datetime
) -> Mapping[str, Sequence[ConsentEvent]]:
    """Also in the journal, because the source need not say it twice: after a restore it may just leave these people out."""
    known = ledger.of_people(conn, ids)
    events = [
        ConsentEvent(person, purpose, "withdrawn", "institution", source, _after_all(known.get(person, ()), now), WITHDRAWN_BY_SOURCE)
        for person in ids
        for purpose in SOURCE_PURPOSES
        if not _has_withdrawn(known.get(person, ()), source, purpose)
    ]
    for event in events:
        known.setdefault(event.person_id, []).append(event)
    ledger.append(conn, events, now)
    keys = people.keys_of(conn, ids)
    hashes = {person: [key_hash(policy.secret, key) for key in keys.get(person, ())] for person in ids}
    entries = (
        journal.new_entry("withdraw", event.person_id, event.at, purpose=event.purpose, key_hashes=hashes[event.person_id], source=source)
        for event in events
    )
    journal.record(conn, policy.decisions, entries)
    return known


def _after_all(events: Sequence[ConsentEvent], now: datetime) -> datetime:
    """Now, or behind the newest event: a clock that was set back must not make a withdrawal the older word."""
    return max([now, *(event.at for event in events)])


def _has_withdrawn(events: Sequence[ConsentEvent], source: str, purpose: str) -> bool:
    """Whether the last word of a source is an explicit withdrawal."""
    last = next((event for event in reversed(events) if event.source == source and event.purpose == purpose), None)
    return last is not None and last.state == "withdrawn" and last.evidence != NO_LONGER_STATED
