"""Which tables a database has, and bringing it to the current ones."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from directory.core.errors import Invalid
from directory.store import restoring
from directory.store.locks import Queue, serialize
from directory.store.postgres import take_time
from directory.store.secret import secret
from directory.store.session import Store


@contextmanager
def _config() -> Iterator[Config]:
    with resources.as_file(resources.files("directory.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        yield config


@functools.cache
def revisions() -> tuple[str, ...]:
    """Every revision that this program knows, oldest first. Read once per process: readiness asks all the time."""
    with _config() as config:
        return tuple(step.revision for step in ScriptDirectory.from_config(config).walk_revisions())[::-1]


def revision_of(conn: Connection) -> str | None:
    """The revision of the connected database; None when it is empty."""
    return MigrationContext.configure(conn).get_current_revision()


def _missing(revision: str | None) -> list[str]:
    known = revisions()
    if revision is None:
        return list(known)
    if revision not in known:
        raise Invalid("the database was made by a newer version of this program", where="database", value=revision, allowed=known)
    return list(known[known.index(revision) + 1 :])


def current(store: Store) -> str | None:
    """The revision of the database; None when it is empty."""
    with store.read() as conn:
        return revision_of(conn)


def pending(store: Store) -> list[str]:
    """The revisions that `upgrade` would apply. `Invalid` when the database is newer than the program, `Unavailable` when a restore
    was interrupted."""
    restoring.check(store)
    return _missing(current(store))


def upgrade(store: Store) -> list[str]:
    """Brings the database to the newest revision in one transaction, one process at a time, and ties it to the secret of the data
    folder; returns the applied revisions. `Invalid` when the database is newer than the program or the secret another one."""
    with store.write() as conn, _config() as config:
        take_time(conn)
        if store.dialect == "postgresql":
            conn.execute(text("SET LOCAL lock_timeout = 0"))
        serialize(conn, Queue.MIGRATION)
        steps = _missing(revision_of(conn))
        if steps:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    secret(store)
    return steps
