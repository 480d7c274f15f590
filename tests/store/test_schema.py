from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from directory.core.errors import Invalid
from directory.store import schema
from directory.store.session import Store
from directory.store.tables import metadata
from tests.stores import same_store


def test_from_empty_to_the_newest_once(empty_store: Store) -> None:
    known = list(schema.revisions())
    assert known[0] == "0001"
    assert (schema.current(empty_store), schema.pending(empty_store)) == (None, known)
    assert schema.upgrade(empty_store) == known
    assert (schema.current(empty_store), schema.pending(empty_store)) == (known[-1], [])
    assert schema.upgrade(empty_store) == []


def test_the_migrations_make_the_tables_that_the_program_uses(empty_store: Store) -> None:
    schema.upgrade(empty_store)
    with empty_store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_failing_step_leaves_nothing_behind(empty_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.execute", broken)
        with pytest.raises(RuntimeError, match="in the middle"):
            schema.upgrade(empty_store)
    assert schema.current(empty_store) is None
    assert schema.upgrade(empty_store) == list(schema.revisions())


def test_readiness_does_not_read_the_migrations_every_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert schema.pending(store) == []
    monkeypatch.setattr(schema, "ScriptDirectory", None)
    assert schema.pending(store) == []


def test_two_processes_upgrade_at_once(empty_store: Store) -> None:
    with same_store(empty_store) as other, ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(schema.upgrade, [empty_store, other]))
    assert sorted(applied) == [[], list(schema.revisions())]


def test_a_newer_database_is_refused(store: Store) -> None:
    with store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for step in (schema.pending, schema.upgrade):
        with pytest.raises(Invalid) as caught:
            step(store)
        assert (str(caught.value), caught.value.value) == ("the database was made by a newer version of this program", "9999")
