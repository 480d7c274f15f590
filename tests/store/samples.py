"""Invented rows for the store's tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from directory.core.consent import ConsentEvent
from directory.core.profile import ConsentStatement, Facts, Institution, Name, Offer, Provenance, SourceRecord, facts_to_json
from directory.store import people
from directory.store.profiles import ProfileRow, provenance_to_json
from directory.store.records import RecordRow

NOW = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)

FACTS = Facts(
    name=Name("Okonjo-Vale", "Ingrid"),
    orcid="0000-0002-1825-0097",
    institution=Institution("Example University of the Plains", "", "Lincoln", "NE"),
    bio="<p>Høre \u0394 \U0001f642</p>",
    specialties=("emergency-medicine",),
    offers=(Offer("research-skills", topics=("first-grant",), capacity=3, taken=1, paused_until=NOW.date()),),
    visibility={"bio": "members"},
)


def add_people(conn: Connection, *ids: str) -> None:
    people.create(conn, ids, NOW)


def record(external_id: str = "a-17", source: str = "plains", facts: Facts = FACTS) -> SourceRecord:
    consent = (ConsentStatement("listing", "granted", NOW, "form 12"), ConsentStatement("contact", "granted"))
    return SourceRecord(source, external_id, facts, consent, NOW)


def record_row(person_id: str, external_id: str = "a-17", source: str = "plains", raw_hash: bytes = b"r" * 16) -> RecordRow:
    return RecordRow.of(record(external_id, source), person_id, raw_hash=raw_hash, contract="c1", content_hash=b"c" * 16, received_at=NOW)


def profile_row(person_id: str, **changed: Any) -> ProfileRow:
    values: dict[str, Any] = {
        "version": 1,
        "listed": True,
        "listed_until": NOW + 24 * HOUR,
        "scopes": ("listing", "contact"),
        "facts": facts_to_json(FACTS),
        "provenance": provenance_to_json({"bio": Provenance("plains", NOW)}),
        "name_sort": "okonjo-vale, ingrid",
        "institution_id": None,
        "next_change": None,
        "updated_at": NOW,
    }
    return ProfileRow(person_id=person_id, **values | changed)


def event(person_id: str, state: Any = "granted", at: datetime = NOW, purpose: str = "listing") -> ConsentEvent:
    return ConsentEvent(person_id, purpose, state, "institution", "plains", at, "form 12")
