"""`mentors db upgrade` from several machines at once."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from directory.store import schema
from directory.store.locks import Queue, serialize
from directory.store.session import Store
from tests.commands import ROOT, mentors
from tests.dialects import both
from tests.stores import open_empty_store

PROCESSES = 3
MOST_SECONDS = 60.0


@pytest.fixture
def store(tmp_path: Path, dialect: str) -> Iterator[Store]:
    with open_empty_store(tmp_path, dialect) as opened:
        yield opened


def waiting(conn: Connection) -> int:
    """How many wait for the queue that this connection is in."""
    mine = "SELECT database, classid, objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    found = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (database, classid, objid) IN ({mine})")
    return int(conn.execute(found).scalar_one())


@contextmanager
def held(store: Store) -> Iterator[None]:
    """On PostgreSQL nobody is let in before all stand in the queue; SQLite has no place to look at who waits."""
    if store.dialect == "sqlite":
        yield
        return
    with store.write() as conn:
        serialize(conn, Queue.MIGRATION)
        yield
        ends = time.monotonic() + MOST_SECONDS
        while waiting(conn) < PROCESSES:
            assert time.monotonic() < ends, "they do not wait for each other"
            time.sleep(0.05)


@both
def test_processes_that_upgrade_at_once_wait_for_each_other(store: Store, tmp_path: Path) -> None:
    url = store.url.render_as_string(hide_password=False)
    environment = {"MENTORS_DATA": str(tmp_path), "MENTORS_DATABASE_URL": url}
    command = [sys.executable, "-m", "directory.cli", "db", "upgrade"]
    given = {"PATH": os.environ["PATH"], **environment}
    pipe = subprocess.PIPE
    with ExitStack() as ended:
        with held(store):
            processes = [
                ended.enter_context(subprocess.Popen(command, env=given, cwd=ROOT, stdout=pipe, stderr=pipe, text=True))
                for _ in range(PROCESSES)
            ]
        said = [process.communicate(timeout=MOST_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, said
    upgraded = f"Upgraded: {', '.join(schema.revisions())}.\n"
    assert sorted(output for output, _ in said) == ["Nothing to upgrade.\n"] * (PROCESSES - 1) + [upgraded]
    assert schema.pending(store) == []
    assert mentors(environment, "db", "upgrade").output == "Nothing to upgrade.\n"
