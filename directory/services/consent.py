"""A person's own decisions: withdraw, agree again, be erased. They beat every source and survive the restore of a backup.

Each decision is one transaction; its last step puts the decision into the journal outside the database, so that nothing is
acknowledged that a restore could undo.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from directory.core.clock import Clock
from directory.core.consent import PURPOSES, SELF, ConsentEvent, Decision, State, purposes_allowed
from directory.core.errors import Invalid, NotFound
from directory.core.identity import key_hash
from directory.services.ingest import WITHDRAWN_BY_SOURCE, IngestPolicy
from directory.services.profiles import refresh
from directory.store import erasure, journal, ledger, outbox, people, profiles, runs, suppressions
from directory.store.journal import Entry, Journal
from directory.store.session import Store

REPLAYED: Final = "replayed from the journal"
"""Evidence of a person's decision that the database had lost."""


@dataclass(frozen=True, slots=True)
class ConsentReport:
    """What is known of one person's consents; holds no name."""

    person_id: str
    listed: bool
    decisions: dict[str, Decision]
    events: tuple[ConsentEvent, ...]


class ConsentService:
    """Carries out decisions of persons; the operator's commands and, later, the person's own pages call it."""

    def __init__(self, store: Store, decisions: Journal, policy: IngestPolicy, clock: Clock) -> None:
        self._store = store
        self._journal = decisions
        self._policy = policy
        self._clock = clock

    def report(self, person_id: str) -> ConsentReport:
        """Events and what follows from them now. Raises NotFound."""
        now = self._clock()
        with self._store.read() as conn:
            _check_known(people.get(conn, [person_id]), person_id)
            events = ledger.of_people(conn, [person_id]).get(person_id, [])
            row = profiles.by_ids(conn, [person_id]).get(person_id)
        decisions = purposes_allowed(events, now, self._policy.listing.consent_lifetime)
        return ConsentReport(person_id, bool(row and row.visible("public", now)), decisions, tuple(events))

    def withdraw(self, person_id: str, purposes: Sequence[str] = PURPOSES, *, evidence: str) -> ConsentReport:
        """The person withdraws; effective for the next request of anybody. Raises NotFound, Invalid, Unavailable."""
        return self._decide("withdraw", person_id, purposes, evidence)

    def grant(self, person_id: str, purposes: Sequence[str], *, evidence: str) -> ConsentReport:
        """The person agrees (again). Raises NotFound, Invalid, Unavailable."""
        return self._decide("grant", person_id, purposes, evidence)

    def erase(self, person_id: str) -> None:
        """Delete everything that says who the person is; pseudonymous events and a suppression stay. Raises NotFound, Unavailable."""
        self._record("erase", person_id, ("",), "erasure")
        self._store.scrub()

    def apply(self, conn: Connection, entry: Entry) -> None:
        """Carry out a decision of the journal that this database does not know (after a restore)."""
        versions = people.bump(conn, [entry.person_id])
        if versions:
            self._carry_out(conn, [entry], versions, WITHDRAWN_BY_SOURCE if entry.source else REPLAYED)
        elif not entry.source and entry.purpose in ("", "listing"):
            # this database never knew the person: decide whether sources may bring the person in
            self._suppress(conn, entry)

    def _decide(self, kind: journal.Kind, person_id: str, purposes: Sequence[str], evidence: str) -> ConsentReport:
        for purpose in purposes:
            if purpose not in PURPOSES:
                allowed = ", ".join(PURPOSES)
                raise Invalid(f"{purpose!r} is not a purpose; purposes are {allowed}.", where="purpose", value=purpose, allowed=PURPOSES)
        self._record(kind, person_id, purposes, evidence)
        return self.report(person_id)

    def _record(self, kind: journal.Kind, person_id: str, purposes: Sequence[str], evidence: str) -> None:
        """One transaction: first of all it holds the person, so that no import adds a key whose hash would be missed."""
        with self._store.write() as conn:
            versions = people.bump(conn, [person_id])
            _check_known(versions, person_id)
            now = _after_all(ledger.of_people(conn, [person_id]).get(person_id, ()), self._clock())
            hashes = self._hashes(conn, person_id)
            entries = [journal.new_entry(kind, person_id, now, purpose=purpose, key_hashes=hashes) for purpose in purposes]
            self._carry_out(conn, entries, versions, evidence)
            journal.record(conn, self._journal, entries)

    def _hashes(self, conn: Connection, person_id: str) -> list[str]:
        keys = people.keys_of(conn, [person_id]).get(person_id, [])
        return [key_hash(self._policy.secret, key) for key in keys]

    def _carry_out(self, conn: Connection, entries: Sequence[Entry], versions: Mapping[str, int], evidence: str) -> None:
        """Decisions of one person, who is held; `versions` has the new version of that person."""
        now = self._clock()
        ledger.append(conn, [event for entry in entries for event in _events(entry, evidence)], now)
        for entry in entries:
            if entry.purpose in ("", "listing") and not entry.source:
                self._suppress(conn, entry)
            if entry.kind == "erase":
                erasure.erase(conn, entry.person_id, now)
                outbox.add(conn, [(entry.person_id, True)], now)
        if any(entry.kind != "erase" for entry in entries):
            refresh(conn, list(versions), self._policy.listing, now, versions=versions)

    def _suppress(self, conn: Connection, entry: Entry) -> None:
        if entry.kind == "grant":
            suppressions.lift(conn, entry.person_id, entry.key_hashes)
            runs.forget_validators(conn)
        else:
            suppressions.add(conn, entry.person_id, entry.key_hashes, reason=entry.kind, at=entry.at)


def expire(conn: Connection, person_ids: Sequence[str], policy: IngestPolicy, now: datetime) -> None:
    """The calendar turned for these people: note consents that ran out in the ledger, and recompute, so that whoever has no other grant
    leaves the list."""
    versions = people.bump(conn, person_ids)
    known = ledger.of_people(conn, person_ids)
    lifetime = policy.listing.consent_lifetime
    events = [
        ConsentEvent(person, event.purpose, "expired", event.basis, event.source, max(event.at, event.ends(lifetime)), "not reaffirmed")
        for person, history in known.items()
        for event in _newest(history)
        if event.state == "granted" and event.ends(lifetime) <= now
    ]
    ledger.append(conn, events, now)
    for event in events:
        known[event.person_id].append(event)
    refresh(conn, person_ids, policy.listing, now, versions=versions, events=known)


def _events(entry: Entry, evidence: str) -> list[ConsentEvent]:
    state: State = "granted" if entry.kind == "grant" else "withdrawn"
    if entry.source:
        return [ConsentEvent(entry.person_id, entry.purpose, state, "institution", entry.source, entry.at, evidence)]
    purposes = (entry.purpose,) if entry.purpose else PURPOSES
    return [ConsentEvent(entry.person_id, purpose, state, SELF, SELF, entry.at, evidence) for purpose in purposes]


def _after_all(events: Sequence[ConsentEvent], now: datetime) -> datetime:
    """A moment behind everything that the person decided: a clock that was set back must not turn a withdrawal into the older word."""
    return max([now, *(event.at + timedelta(microseconds=1) for event in events)])


def _newest(events: Sequence[ConsentEvent]) -> list[ConsentEvent]:
    newest: dict[tuple[str, str, str], ConsentEvent] = {}
    for event in events:
        newest[event.purpose, event.basis, event.source] = event
    return list(newest.values())


def _check_known(found: Container[str], person_id: str) -> None:
    if person_id not in found:
        raise NotFound(f"There is no person {person_id[:40]!r}; ids look like m4k2x09abcde and stand in the address of a mentor's page.")
