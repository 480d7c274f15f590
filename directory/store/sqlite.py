"""Engines for a SQLite file with the settings that keep acknowledged decisions (WAL, FULL) and the floor for its version."""

import importlib
import logging
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from directory.core.errors import Invalid, Unavailable

log = logging.getLogger(__name__)

Version = tuple[int, int, int]

FLOOR: Version = (3, 51, 3)
BACKPORTS: tuple[Version, ...] = ((3, 44, 6), (3, 50, 7))
SMALLEST: Version = (3, 35, 0)
"""RETURNING came with 3.35."""

CHECKPOINT_BYTES = 4 * 1024 * 1024
CHECKPOINT_PAGES = 8000
"""32 MB of log: each batch of records touches pages all over the indexes, most of them the same, and a checkpoint writes and syncs each
once. With the usual 1000 pages nearly every batch would end in one."""
WRITER_CACHE_KB = 64_000
"""What the one writing connection may keep in memory. With the usual 2 MB a batch does not fit: its pages are written to the log, read
back and written again before it is committed (measured at 100,000 mentors: a first load took 60 µs of processor time a record more)."""
CHECKPOINT_MS = 200
"""How long a checkpoint waits for readers of older states; all writers wait with it."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A DBAPI module; `safe` means that its SQLite is free of the WAL-reset race."""

    module: ModuleType
    version: Version
    safe: bool


def race_free(version: Version) -> bool:
    """Whether this SQLite is free of the WAL-reset race (3.7.0 to 3.51.2; fixed in 3.51.3, 3.50.7, 3.44.6: sqlite.org/wal.html)."""
    return version >= FLOOR or any(version[:2] == fixed[:2] and version >= fixed for fixed in BACKPORTS)


def _module() -> ModuleType:
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:  # no wheel for this platform
        return sqlite3


def find_driver(module: ModuleType | None = None) -> Driver:
    """The newest SQLite at hand: `pysqlite3` where it is installed, else the one of Python. `Invalid` if it is too old to be used."""
    module = module or _module()
    version: Version = module.sqlite_version_info
    if version < SMALLEST:
        raise Invalid(
            f"SQLite {module.sqlite_version} is too old", where="database.url", value=module.sqlite_version, allowed=("3.35 or newer",)
        )
    return Driver(module, version, race_free(version))


def _pragmas(driver: Driver, *, busy_ms: int, read_only: bool) -> dict[str, str | int]:
    """Setting and the value that must be read back. In safe mode nobody checkpoints but `checkpoint`, under the write lock."""
    wanted: dict[str, str | int] = {
        "busy_timeout": busy_ms,
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,  # else REPLACE would slip past the ledger's trigger
        "secure_delete": 1,  # what was deleted is overwritten: an erasure leaves nothing in the file
        "wal_autocheckpoint": CHECKPOINT_PAGES if driver.safe else 0,
    }
    return wanted | ({"query_only": 1} if read_only else {"cache_size": -WRITER_CACHE_KB})


def _configure(dbapi: Any, wanted: dict[str, str | int]) -> None:
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    try:
        for name, value in wanted.items():
            cursor.execute(f"PRAGMA {name}={value}")
            row = cursor.execute(f"PRAGMA {name}").fetchone()
            if row is None or row[0] != value:
                raise Unavailable(f"SQLite does not take {name}={value} for this file (it answers {row and row[0]})")
    finally:
        cursor.close()


def sqlite_engine(url: URL, driver: Driver, *, busy_ms: int, pool_size: int, read_only: bool) -> Engine:
    """An engine whose transactions begin IMMEDIATE, or, `read_only`, as a snapshot that can't write."""
    engine = create_engine(
        url, module=driver.module, pool_size=pool_size, max_overflow=pool_size, pool_timeout=busy_ms / 1000, hide_parameters=True
    )
    wanted = _pragmas(driver, busy_ms=busy_ms, read_only=read_only)
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"

    @event.listens_for(engine, "connect")
    def on_connect(dbapi: Any, _record: object) -> None:
        _configure(dbapi, wanted)

    @event.listens_for(engine, "begin")
    def on_begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def file_of(url: URL) -> Path:
    """The database file of a `sqlite:///` address. `Invalid` for one in memory: several processes share the store."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Invalid("SQLite needs a file", where="database.url", value=url.render_as_string(), allowed=("sqlite:////path/to/file",))
    return Path(url.database)


def begin_file(file: Path) -> None:
    """Make the file if there is none, for the owner alone, whoever may look into its folder: SQLite would let everybody read it. What it
    puts beside the file gets the rights of the file. If that fails, SQLite says why it can't be opened."""
    with suppress(OSError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def warn_unsafe(driver: Driver) -> None:
    """Says once per store that the slower, safe mode is on."""
    if not driver.safe:
        version = ".".join(map(str, driver.version))
        log.warning("SQLite %s has the WAL-reset race: checkpoints run under the write lock only; install pysqlite3", version)


def wal_bytes(file: Path) -> int:
    """The size of the log beside the database file."""
    wal = file.with_name(file.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def checkpoint(engine: Engine) -> bool:
    """Moves the log into the database file and leaves it empty. False: somebody still reads a state that needs it. The caller holds the
    write lock."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={CHECKPOINT_MS}")
        blocked = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={usual}")
        return not blocked
    finally:
        raw.close()
