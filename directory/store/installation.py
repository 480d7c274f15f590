"""A few facts about the installation as a whole, kept with the data they are about: a backup takes them along."""

from typing import Final

from sqlalchemy import Connection, inspect, select

from directory.store.many import insert_many
from directory.store.tables import installation

KEY: Final = "secret.key"
"""The fingerprint of the secret that the suppressions were made with."""

JOURNAL: Final = "journal"
"""How far the journal outside the database is known to it."""


POLICY: Final = "listing policy"
"""The fingerprint of the rules that the stored profiles were computed by."""


INDEXED: Final = "indexed"
"""Noted with the first changes that left the outbox: from then on a search index that is missing is a lost one."""


def is_set_up(conn: Connection) -> bool:
    """Whether the database has its tables, so that it can hold facts."""
    return inspect(conn).has_table(str(installation.name))


def never_indexed(conn: Connection) -> bool:
    """Whether every change is still in the outbox, so that an empty index would get them all."""
    return not is_set_up(conn) or get(conn, INDEXED) is None


def get(conn: Connection, name: str) -> str | None:
    """A fact; None if it was never noted."""
    return conn.scalar(select(installation.c.value).where(installation.c.name == name))


def put(conn: Connection, name: str, value: str) -> None:
    """Notes a fact, in place of an older one."""
    insert_many(conn, installation, ("name", "value"), [(name, value)], on_conflict="replace")


def settle(conn: Connection, name: str, value: str) -> str:
    """Notes a fact unless there is one, and returns the one that holds: two who start together agree on the first."""
    insert_many(conn, installation, ("name", "value"), [(name, value)], on_conflict="leave")
    return get(conn, name) or value
