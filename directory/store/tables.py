"""Every table of the store. Only what SQLite and PostgreSQL both do; lengths are checked by the column types."""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, text

from directory.store.types import BIG, Json, Line, Utc, Words

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

ID: Final = 40
SOURCE: Final = 100
EXTERNAL_ID: Final = 200
CODE: Final = 40
SHORT: Final = 300
LONG: Final = 2000
NAME_SORT: Final = 1200


def _person(*, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column("person_id", Line(ID), ForeignKey("person.id"), nullable=nullable, primary_key=primary_key)


person = Table(
    "person",
    metadata,
    Column("id", Line(ID), primary_key=True),
    Column("version", BIG, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("erased_at", Utc),
)

identity = Table(
    "identity",
    metadata,
    Column("kind", Line(CODE), primary_key=True),
    Column("value", Line(SOURCE + EXTERNAL_ID + 1), primary_key=True),
    _person(),
    Index(None, "person_id"),
)

institution = Table(
    "institution",
    metadata,
    Column("id", Line(100), primary_key=True),
    Column("ror", Line(60), unique=True),
    Column("name", Line(SHORT), nullable=False),
    Column("folded", Line(SHORT), nullable=False, index=True),
    Column("city", Line(SHORT), nullable=False),
    Column("state", Line(CODE), nullable=False),
)

source_record = Table(
    "source_record",
    metadata,
    Column("source", Line(SOURCE), primary_key=True),
    Column("external_id", Line(EXTERNAL_ID), primary_key=True),
    _person(),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("contract", Line(CODE * 4), nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("facts", Json, nullable=False),
    Column("consent", Json, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("missing_runs", Integer, nullable=False),
    Column("state", Line(CODE), nullable=False),
    Index(None, "person_id"),
    Index(None, "source", "state", "external_id"),
)

profile = Table(
    "profile",
    metadata,
    _person(primary_key=True),
    Column("version", BIG, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("listed_until", Utc),
    Column("scopes", Words, nullable=False),
    Column("facts", Json, nullable=False),
    Column("provenance", Json, nullable=False),
    Column("name_sort", Line(NAME_SORT), nullable=False),
    Column("institution_id", Line(100), ForeignKey("institution.id"), index=True),
    Column("next_change", Utc, index=True),
    Column("updated_at", Utc, nullable=False),
    Index(None, "listed", "person_id"),
    Index(None, "listed", "listed_until"),
)

consent_event = Table(
    "consent_event",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    _person(),
    Column("purpose", Line(CODE), nullable=False),
    Column("state", Line(CODE), nullable=False),
    Column("basis", Line(CODE), nullable=False),
    Column("source", Line(SOURCE), nullable=False),
    Column("at", Utc, nullable=False),
    Column("evidence", Line(SHORT), nullable=False),
    Column("given", Utc),
    Column("recorded_at", Utc, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "person_id", "seq"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("key_hash", Line(64), primary_key=True),
    # no foreign key: after the restore of an older backup a mark may name a person whom that backup never knew
    Column("person_id", Line(ID), nullable=False, index=True),
    Column("reason", Line(CODE), nullable=False),
    Column("at", Utc, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Line(ID), primary_key=True),
    Column("at", Utc, nullable=False),
)
"""Entries of the journal outside the database (`journal.py`) that this database has taken in."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BIG, primary_key=True),
    _person(),
    Column("hides", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("available_at", Utc, nullable=False),
    Column("claimed_by", Line(SOURCE)),
    Column("claimed_until", Utc),
    Column("attempts", Integer, nullable=False),
    Column("error", Line(SHORT), nullable=False),
    Column("parked", Boolean, nullable=False),
    Index(None, "parked", "hides", "id"),
    # an id must not be used twice: a late `done` of a row long gone would remove somebody else's change
    sqlite_autoincrement=True,
)
Index("ix_outbox_hidden", outbox.c.person_id, sqlite_where=text("hides = 1"), postgresql_where=text("hides"))

source_state = Table(
    "source_state",
    metadata,
    Column("name", Line(SOURCE), primary_key=True),
    Column("etag", Line(LONG), nullable=False),
    Column("last_modified", Line(SHORT), nullable=False),
    Column("contract", Line(CODE * 4), nullable=False),
    Column("next_due", Utc),
    Column("failures", Integer, nullable=False),
)

source_run = Table(
    "source_run",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("source", Line(SOURCE), nullable=False),
    Column("status", Line(CODE), nullable=False),
    Column("counts", Json, nullable=False),
    Column("reason", Line(LONG), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("notices", Json, nullable=False),
    Index(None, "source", "id"),
    Index(None, "status", "source"),
    sqlite_autoincrement=True,
)

staged_item = Table(
    "staged_item",
    metadata,
    Column("run_id", BIG, ForeignKey("source_run.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("external_id", Line(EXTERNAL_ID), nullable=False, index=True),
    Column("locator", Line(SHORT), nullable=False),
    Column("verb", Line(CODE), nullable=False),
    Column("raw_hash", LargeBinary, nullable=False),
    Column("contract", Line(CODE * 4), nullable=False),
    Column("facts", Json),
    Column("consent", Json),
    Column("changed_at", Utc),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("source", Line(SOURCE), nullable=False),
    Column("run_id", BIG, ForeignKey("source_run.id", ondelete="CASCADE"), index=True),
    Column("external_id", Line(EXTERNAL_ID), nullable=False),
    Column("locator", Line(SHORT), nullable=False),
    Column("field", Line(SHORT), nullable=False),
    Column("value", Line(SHORT), nullable=False),
    Column("code", Line(CODE), nullable=False),
    Column("message", Line(LONG), nullable=False),
    Column("excerpt", Line(LONG), nullable=False),
    Column("at", Utc, nullable=False),
    Index(None, "source", "external_id"),
    Index(None, "source", "id"),
    sqlite_autoincrement=True,
)

installation = Table(
    "installation",
    metadata,
    Column("name", Line(CODE), primary_key=True),
    Column("value", Line(SHORT), nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Line(SOURCE), primary_key=True),
    Column("holder", Line(SOURCE), nullable=False),
    Column("token", BIG, nullable=False),
    Column("until", Utc, nullable=False),
)
