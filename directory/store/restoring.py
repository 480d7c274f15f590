"""The mark of a restore that is under way. Between putting the tables back and replaying the journal, people who withdrew since look
listed again: until its end, and also when it was killed in between, nobody may serve from such a database.

A table of its own, outside the migrations, because a restore replaces all the others.
"""

from typing import Final

from sqlalchemy import Connection, inspect, text

from directory.core.errors import Unavailable
from directory.store.session import Store

MARK: Final = "restore_unfinished"
UNFINISHED: Final = "a restore was interrupted: run `mentors restore` again"


def begin(conn: Connection) -> None:
    """Sets the mark, in the transaction that removes the old content."""
    conn.execute(text(f"CREATE TABLE IF NOT EXISTS {MARK} (id integer)"))


def end(conn: Connection) -> None:
    """Takes the mark away: everything that was decided since the backup is carried out."""
    conn.execute(text(f"DROP TABLE IF EXISTS {MARK}"))


def check(store: Store) -> None:
    """Raises `Unavailable` while the mark is set."""
    with store.read() as conn:
        if inspect(conn).has_table(MARK):
            raise Unavailable(UNFINISHED)
