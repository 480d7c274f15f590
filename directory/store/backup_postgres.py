"""Copies of a PostgreSQL store by the server's own client programs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.store import restoring
from directory.store.postgres import take_time
from directory.store.session import Store
from directory.store.tables import metadata

T = TypeVar("T")

FILE = "directory.dump"
PLAIN = ("--no-owner", "--no-privileges")
OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'mentors' AND pid <> pg_backend_pid()"""
CLOSING_SECONDS = 3.0
PACKAGE = ("the PostgreSQL client programs (package postgresql-client)",)


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Invalid(f"{name} is not on the PATH", where=name, allowed=PACKAGE)
    return found


@contextmanager
def _address(store: Store) -> Iterator[str]:
    """The connection string for libpq; the password goes by a file, because arguments of a program can be seen by everybody."""
    parts = store.url.translate_connect_args(username="user", database="dbname") | dict(store.url.query)
    password = str(parts.pop("password", "") or "")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "passfile"
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        with os.fdopen(descriptor, "w") as out:
            out.write(f"*:*:*:*:{escaped}\n")
        yield make_conninfo(**parts, **({"passfile": str(file)} if password else {}))


def _run(name: str, *arguments: str) -> None:
    done = subprocess.run([_program(name), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        # the first line only: the following ones may quote rows
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[0]
        raise Unavailable(f"{name} ended with {done.returncode}: {reason}")


def dump(store: Store, folder: Path, describe: Callable[[Connection], T]) -> tuple[Path, T]:
    """Copies the store into `folder`; returns the file and what `describe` says of exactly this copy (one exported snapshot)."""
    file = folder / FILE
    _program("pg_dump")
    with store.read() as conn, _address(store) as address:
        take_time(conn)  # the tables are counted
        conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = conn.scalar(text("SELECT pg_export_snapshot()"))
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _run("pg_dump", *PLAIN, "--format=custom", f"--snapshot={snapshot}", f"--file={file}", f"--dbname={address}")
        return file, describe(conn)


def _others(conn: Connection) -> int:
    """Connections of other processes; one that was closed a moment ago is given the time to end."""
    deadline = time.monotonic() + CLOSING_SECONDS
    while (count := int(conn.scalar(text(OTHERS)) or 0)) and time.monotonic() < deadline:
        time.sleep(0.1)
        conn.execute(text("SELECT pg_stat_clear_snapshot()"))  # the view of activity stands still within a transaction
    return count


def _clear(store: Store) -> None:
    """Removes our tables, if nobody else works with them: what a restore brings back is not fit to be seen before the replay."""
    store.close()
    with store.write() as conn:
        restoring.begin(conn)
        others = _others(conn)
        if others:
            raise Conflict(f"{others} other connections of the directory are open: stop web and worker, then restore")
        take_time(conn)
        conn.execute(text("DROP TABLE IF EXISTS alembic_version"))
        metadata.drop_all(conn)
        conn.execute(text("DROP FUNCTION IF EXISTS consent_event_append_only()"))


def load(store: Store, file: Path, prepare: Callable[[Store], T]) -> T:
    """Replaces the content of the store, then calls `prepare` on it. `Conflict` while other processes of the directory are connected.

    If it fails in between, the store is empty or incomplete; it stays marked so (`restoring`) until the restore was run again.
    """
    with _address(store) as address:
        _run("pg_restore", "--list", str(file))
        _clear(store)
        _run("pg_restore", *PLAIN, "--single-transaction", "--exit-on-error", f"--dbname={address}", str(file))
    result = prepare(store)
    with store.write() as conn:
        restoring.end(conn)
    return result
