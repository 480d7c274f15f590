"""Transactions. `Store.read()` sees one snapshot and can't write; `Store.write()` is one transaction, committed at its end."""

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, exc, make_url

from directory.core.errors import Invalid, Unavailable
from directory.store import postgres, sqlite
from directory.store.failures import translate
from directory.store.write_lock import write_lock

log = logging.getLogger(__name__)

SCRUBS = 10
SCRUB_PAUSE = 0.2
ALLOWED = ("sqlite:////path/to/file", "postgresql://user@host/database")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # the latter for a port that is no number
        raise Invalid("the address of the database can't be read", where="database.url", allowed=ALLOWED) from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed
    raise Invalid("this database is not supported", where="database.url", value=parsed.drivername, allowed=ALLOWED)


@contextmanager
def _translated() -> Iterator[None]:
    """Hands failures of the database on as the project's errors; without the cause, which on PostgreSQL quotes values."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from None


class Store:
    """The system of record at `url`; journal, secret and locks lie in `data_dir`. One per process, shared by its threads.

    `lock_seconds` bounds the wait for other writers of a SQLite file, `statement_seconds` one statement on PostgreSQL.
    Raises `Invalid` for an address that can't be used, `Unavailable` when SQLite does not take its settings.
    """

    def __init__(
        self,
        url: str,
        *,
        data_dir: Path,
        busy_ms: int = 5000,
        lock_seconds: float = 10.0,
        pool_size: int = 10,
        statement_seconds: float = 30.0,
    ) -> None:
        self.url = _parse(url)
        self.data_dir = data_dir
        self.dialect = self.url.get_backend_name()
        self._lock_seconds = lock_seconds
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.dialect == "sqlite":
            self._open_sqlite(busy_ms, pool_size)
        else:
            self._writer: Engine = postgres.postgres_engine(self.url, pool_size=pool_size, statement_seconds=statement_seconds)
            self._reader: Engine = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _open_sqlite(self, busy_ms: int, pool_size: int) -> None:
        self._file = sqlite.file_of(self.url)
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sqlite.begin_file(self._file)
        self.driver = sqlite.find_driver()
        sqlite.warn_unsafe(self.driver)
        # the writers queue for the lock outside, so one connection is what they use
        self._writer = sqlite.sqlite_engine(self.url, self.driver, busy_ms=busy_ms, pool_size=1, read_only=False)
        self._reader = sqlite.sqlite_engine(self.url, self.driver, busy_ms=busy_ms, pool_size=pool_size, read_only=True)
        # the switch to WAL is not covered by the busy time-out: let one process at a time make it
        with self.exclusive(), _translated(), self._writer.connect():
            pass

    def exclusive(self) -> AbstractContextManager[None]:
        """The lock between the writers of a SQLite file; nothing on PostgreSQL, which has its own."""
        return write_lock(self._file.parent, self._lock_seconds) if self.dialect == "sqlite" else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot. Writing fails. `Unavailable` when the database does not answer."""
        with _translated(), self._reader.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by an exception. `Unavailable` when the database does not answer
        or is busy too long, `Conflict` when a stored rule refuses the change; nothing is changed then."""
        with _translated(), self.exclusive():
            with self._writer.begin() as conn:
                yield conn
            if self.dialect == "sqlite" and not self.driver.safe and sqlite.wal_bytes(self._file) > sqlite.CHECKPOINT_BYTES:
                sqlite.checkpoint(self._writer)

    def scrub(self) -> bool:
        """After the commit of an erasure: removes what was erased from SQLite's log too, where older states of a row live on. Waits for
        readers of such states, but keeps no writer waiting long. False: one of them went on reading. Nothing to do on PostgreSQL, whose
        vacuum decides when old rows are overwritten."""
        if self.dialect != "sqlite":
            return True
        for _ in range(SCRUBS):
            try:
                with _translated(), self.exclusive():
                    if sqlite.checkpoint(self._writer):
                        return True
            except Unavailable:
                pass  # the erasure is committed: that the log can't be emptied now must not look like its failure
            time.sleep(SCRUB_PAUSE)
        log.warning("the log of the database is in use; what was erased leaves it when all processes have closed the database")
        return False

    @property
    def engine(self) -> Engine:
        """The engine under `write()`, for backup and restore."""
        return self._writer

    def close(self) -> None:
        """Closes the pooled connections."""
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
