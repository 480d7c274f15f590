"""Copies of a SQLite store, made and taken back while other processes use it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, NullPool, create_engine

from directory.core.errors import Invalid, Unavailable
from directory.store import sqlite
from directory.store.session import Store

T = TypeVar("T")

FILE = "directory.sqlite3"
WORKSHOP = "restore-"
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


@contextmanager
def _workshop(data_dir: Path) -> Iterator[Path]:
    """A folder for the copy, which holds people who may be erased by now: one that a killed restore left behind goes first."""
    for left in data_dir.glob(f"{WORKSHOP}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=WORKSHOP, dir=data_dir) as folder:
        yield Path(folder)


def load(store: Store, file: Path, prepare: Callable[[Store], T]) -> T:
    """Replaces the content of the store. `prepare` works on a copy beside it, and only its result becomes visible; other writers wait
    meanwhile, readers keep the old state."""
    driver = sqlite.find_driver()
    with closing(driver.module.connect(file)) as copy:
        answer = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if answer != "ok":
        raise Invalid("the database in the backup is damaged", where=file.name, allowed=("an undamaged backup",))
    with store.exclusive(), _workshop(store.data_dir) as folder:
        fresh = folder / FILE
        _copy(driver, file, fresh)
        with Store(f"sqlite:///{fresh}", data_dir=store.data_dir) as staging:
            result = prepare(staging)
        _copy(driver, fresh, sqlite.file_of(store.url))
        return result
