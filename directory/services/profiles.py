"""Recomputing profiles: a profile is a pure function of the source records and the consents, worked out here and nowhere else."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from directory.core.availability import next_change
from directory.core.consent import ConsentEvent, Decision, purposes_allowed
from directory.core.merge import SourceRank, merge
from directory.core.profile import Facts, Institution, Profile, SourceRecord, facts_to_json
from directory.store import institutions, ledger, outbox, people, profiles, records
from directory.store.profiles import ProfileRow, provenance_to_json
from directory.store.records import RecordRow
from directory.store.tables import NAME_SORT

SCOPES = {"public": "listing", "widgets": "widgets", "federation": "federation"}
"""Audience of the index and the purpose that it needs."""


@dataclass(frozen=True, slots=True)
class ListingPolicy:
    """What decides over a listing beside records and consents. `ranks` says how far each source is trusted."""

    ranks: Mapping[str, SourceRank]
    consent_lifetime: timedelta
    lapse_days: int

    @property
    def fingerprint(self) -> str:
        """Changes when stored profiles would come out differently."""
        text = repr((sorted(self.ranks.items()), self.consent_lifetime, self.lapse_days))
        return sha256(text.encode()).hexdigest()[:32]


def refresh(
    conn: Connection,
    person_ids: Collection[str],
    policy: ListingPolicy,
    now: datetime,
    *,
    versions: Mapping[str, int] | None = None,
    stored: Mapping[str, Sequence[RecordRow]] | None = None,
    events: Mapping[str, Sequence[ConsentEvent]] | None = None,
    fresh: Set[str] = frozenset(),
) -> int:
    """Recompute profiles after records or consents changed, or the calendar turned, inside the caller's transaction.

    Saves, and reports to the outbox, only what differs from before; returns how many did. A change that takes somebody off
    the list is marked so, because it is indexed first and excluded from searches until then. `versions` are those of a
    `people.bump` in this transaction, `stored` all records and `events` all consents of these people, where the caller has
    them already; `fresh` ones never had a profile.
    """
    ids = sorted(set(person_ids))
    if not ids:
        return 0
    if versions is None:
        versions = people.bump(conn, ids)  # holds the people's rows, so that two writers of one person follow each other
    stored = records.of_people(conn, ids) if stored is None else stored
    events = ledger.of_people(conn, ids) if events is None else events
    before = profiles.by_ids(conn, [person for person in ids if person not in fresh])
    merged = {person: _merged(stored.get(person, ()), policy) for person in ids}
    places = institutions.resolve(conn, [place for profile in merged.values() if (place := profile.facts.institution)])
    changed: list[ProfileRow] = []
    report: list[tuple[str, bool]] = []
    for person in ids:
        facts = _facts(merged[person], stored.get(person, ()))
        row = _row(person, versions[person], merged[person], facts, events.get(person, ()), places, policy, now)
        old = before.get(person)
        if old is None or not _same(old, row):
            changed.append(row)
            if row.listed or (old and old.listed):
                report.append((person, not row.listed))
    profiles.save(conn, changed)
    outbox.add(conn, report, now)
    return len(changed)


def _merged(rows: Sequence[RecordRow], policy: ListingPolicy) -> Profile:
    live: list[SourceRecord] = [row.record for row in rows if row.state == "live"]
    return merge(live, policy.ranks) if live else Profile(Facts(), {})


def _facts(profile: Profile, rows: Sequence[RecordRow]) -> Mapping[str, Any]:
    """The stored JSON form; a profile that is one record as it stands has that record's."""
    return next((row.facts for row in rows if row.typed and row.typed.facts is profile.facts), None) or facts_to_json(profile.facts)


def _row(
    person: str,
    version: int,
    profile: Profile,
    facts: Mapping[str, Any],
    events: Sequence[ConsentEvent],
    places: Mapping[Institution, str],
    policy: ListingPolicy,
    now: datetime,
) -> ProfileRow:
    decisions = purposes_allowed(events, now, policy.consent_lifetime)
    listing = decisions["listing"]
    listed = listing.allowed and profile.facts.name is not None
    return ProfileRow(
        person_id=person,
        version=version,
        listed=listed,
        listed_until=listing.until if listed else None,
        scopes=_scopes(decisions) if listed else (),
        facts=facts,
        provenance=provenance_to_json(profile.provenance),
        name_sort=profile.facts.name.sort_key[:NAME_SORT] if profile.facts.name else "",
        institution_id=places[profile.facts.institution] if profile.facts.institution else None,
        next_change=_next_change(profile, decisions, policy, now) if listed else None,
        updated_at=now,
    )


def _scopes(decisions: Mapping[str, Decision]) -> tuple[str, ...]:
    return tuple(scope for scope, purpose in SCOPES.items() if decisions[purpose].allowed)


def _next_change(profile: Profile, decisions: Mapping[str, Decision], policy: ListingPolicy, now: datetime) -> datetime | None:
    """When the calendar changes an offer, or ends the consent for one of the other audiences."""
    day = next_change(profile, now.date(), policy.lapse_days)
    turns = [datetime.combine(day, time.min, tzinfo=UTC)] if day else []
    turns += [until for purpose in SCOPES.values() if purpose != "listing" and (until := decisions[purpose].until)]
    return min(turns, default=None)


def _same(old: ProfileRow, new: ProfileRow) -> bool:
    """Nothing that a reader or the index could notice differs (`updated_at` and the version do not count)."""
    return (
        old.listed == new.listed
        and old.listed_until == new.listed_until
        and old.scopes == new.scopes
        and old.institution_id == new.institution_id
        and old.next_change == new.next_change
        and old.facts == new.facts
        and old.provenance == new.provenance
    )
