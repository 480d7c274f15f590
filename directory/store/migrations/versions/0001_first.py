"""Every table of the first release, and the triggers that keep the consent ledger append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

SQLITE_TRIGGERS = (
    """CREATE TRIGGER consent_event_no_update BEFORE UPDATE ON consent_event
       BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END""",
    """CREATE TRIGGER consent_event_no_delete BEFORE DELETE ON consent_event
       BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END""",
)
POSTGRES_TRIGGERS = (
    """CREATE FUNCTION consent_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'consent_event is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER consent_event_no_change BEFORE UPDATE OR DELETE ON consent_event
       FOR EACH ROW EXECUTE FUNCTION consent_event_append_only()""",
    """CREATE TRIGGER consent_event_no_truncate BEFORE TRUNCATE ON consent_event
       FOR EACH STATEMENT EXECUTE FUNCTION consent_event_append_only()""",
)


def upgrade() -> None:
    op.create_table("decision",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision")
    )
    op.create_table("installation",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation")
    )
    op.create_table("institution",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("ror", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("folded", TEXT, nullable=False),
        sa.Column("city", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_institution"),
        sa.UniqueConstraint("ror", name="uq_institution_ror")
    )
    op.create_index("ix_institution_folded", "institution", ["folded"], unique=False)
    op.create_table("lease",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("token", BIG, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease")
    )
    op.create_table("person",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person")
    )
    op.create_table("source_run",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("counts", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("notices", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_run"),
        sqlite_autoincrement=True
    )
    op.create_index("ix_source_run_source_id", "source_run", ["source", "id"], unique=False)
    op.create_index("ix_source_run_status_source", "source_run", ["status", "source"], unique=False)
    op.create_table("source_state",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("etag", TEXT, nullable=False),
        sa.Column("last_modified", TEXT, nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("next_due", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_source_state")
    )
    op.create_table("suppression",
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_suppression")
    )
    op.create_index("ix_suppression_person_id", "suppression", ["person_id"], unique=False)
    op.create_table("consent_event",
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("basis", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.Column("given", MOMENT, nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_event_person_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_consent_event")
    )
    op.create_index("ix_consent_event_person_id_seq", "consent_event", ["person_id", "seq"], unique=False)
    op.create_table("identity",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_identity_person_id"),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_identity")
    )
    op.create_index("ix_identity_person_id", "identity", ["person_id"], unique=False)
    op.create_table("outbox",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("hides", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("available_at", MOMENT, nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_outbox_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True
    )
    op.create_index("ix_outbox_hidden", "outbox", ["person_id"], unique=False, sqlite_where=sa.text("hides = 1"), postgresql_where=sa.text("hides"))
    op.create_index("ix_outbox_parked_hides_id", "outbox", ["parked", "hides", "id"], unique=False)
    op.create_table("profile",
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("listed_until", MOMENT, nullable=True),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("provenance", TEXT, nullable=False),
        sa.Column("name_sort", TEXT, nullable=False),
        sa.Column("institution_id", TEXT, nullable=True),
        sa.Column("next_change", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["institution_id"], ["institution.id"], name="fk_profile_institution_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_profile_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_profile")
    )
    op.create_index("ix_profile_institution_id", "profile", ["institution_id"], unique=False)
    op.create_index("ix_profile_listed_listed_until", "profile", ["listed", "listed_until"], unique=False)
    op.create_index("ix_profile_listed_person_id", "profile", ["listed", "person_id"], unique=False)
    op.create_index("ix_profile_next_change", "profile", ["next_change"], unique=False)
    op.create_table("quarantine",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("run_id", BIG, nullable=True),
        sa.Column("external_id", TEXT, nullable=False),
        sa.Column("locator", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("excerpt", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["source_run.id"], name="fk_quarantine_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
        sqlite_autoincrement=True
    )
    op.create_index("ix_quarantine_run_id", "quarantine", ["run_id"], unique=False)
    op.create_index("ix_quarantine_source_external_id", "quarantine", ["source", "external_id"], unique=False)
    op.create_index("ix_quarantine_source_id", "quarantine", ["source", "id"], unique=False)
    op.create_table("source_record",
        sa.Column("source", TEXT, nullable=False),
        sa.Column("external_id", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("facts", TEXT, nullable=False),
        sa.Column("consent", TEXT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("missing_runs", sa.Integer(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_source_record_person_id"),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_source_record")
    )
    op.create_index("ix_source_record_person_id", "source_record", ["person_id"], unique=False)
    op.create_index("ix_source_record_source_state_external_id", "source_record", ["source", "state", "external_id"], unique=False)
    op.create_table("staged_item",
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("external_id", TEXT, nullable=False),
        sa.Column("locator", TEXT, nullable=False),
        sa.Column("verb", TEXT, nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("facts", TEXT, nullable=True),
        sa.Column("consent", TEXT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["source_run.id"], name="fk_staged_item_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_staged_item")
    )
    op.create_index("ix_staged_item_external_id", "staged_item", ["external_id"], unique=False)

    for statement in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRES_TRIGGERS:
        op.execute(statement)
