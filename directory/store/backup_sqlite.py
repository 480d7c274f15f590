"""Copies of a SQLite store, made and taken back while other processes use it."""

import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, NullPool, create_engine

from directory.core.errors import Invalid, Unavailable
from directory.store import sqlite
from directory.store.session import Store

T = TypeVar("T")

FILE = "directory.sqlite3"
BUSY_SECONDS = 30


def _copy(driver: sqlite.Driver, source: Path, target: Path) -> None:
    """SQLite's online backup: the target gets one state of the source, and its readers see all of it or nothing."""
    connect = driver.module.connect
    try:
        with closing(connect(source, timeout=BUSY_SECONDS)) as old, closing(connect(target, timeout=BUSY_SECONDS)) as new:
            old.backup(new)
    except driver.module.Error as error:
        raise Unavailable(f"the database could not be copied: {error}") from error


def _seal(driver: sqlite.Driver, file: Path) -> None:
    """Leaves the copy as one file, without a WAL beside it, on disk."""
    with closing(driver.module.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE").fetchone()
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def dump(store: Store, folder: Path, describe: Callable[[Connection], T]) -> tuple[Path, T]:
    """Copies the store into `folder`; returns the file and what `describe` says of exactly this copy."""
    file = folder / FILE
    driver = sqlite.find_driver()
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _copy(driver, sqlite.file_of(store.url), file)
    _seal(driver, file)
    engine = create_engine(f"sqlite:///{file}", module=driver.module, poolclass=NullPool)
    with engine.connect() as conn:
        return file, describe(conn)


def load(store: Store, file: Path, prepare: Callable[[Store], T]) -> T:
    """Replaces the content of the store. `prepare` works on a copy beside it, and only its result becomes visible; other writers wait
    meanwhile, readers keep the old state."""
    driver = sqlite.find_driver()
    with closing(driver.module.connect(file)) as copy:
        answer = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise Invalid("the database in the backup is damaged", where=file.name, allowed=("an undamaged backup",))
    with store.exclusive(), tempfile.TemporaryDirectory(prefix="restore-", dir=store.data_dir) as folder:
        fresh = Path(folder) / FILE
        _copy(driver, file, fresh)
        with Store(f"sqlite:///{fresh}", data_dir=store.data_dir) as staging:
            result = prepare(staging)
        _copy(driver, fresh, sqlite.file_of(store.url))
        return result
