"""Stores for tests: fresh, migrated, real. A PostgreSQL one needs TEST_DATABASE_URL, the address of a server's admin database."""

import atexit
import functools
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, delete, make_url, text

from directory.store.schema import upgrade
from directory.store.session import Store
from directory.store.tables import installation

DIALECTS = ("sqlite", "postgresql")
WITHOUT_POSTGRESQL = "TEST_DATABASE_URL is not set: no PostgreSQL to test with"


def admin_url() -> str:
    """The address of the admin database, empty if there is none."""
    return os.environ.get("TEST_DATABASE_URL", "")


def _administer(*statements: str) -> None:
    engine = create_engine(admin_url(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(text(statement))
    engine.dispose()


def _database_url(name: str) -> str:
    return make_url(admin_url()).set(database=name).render_as_string(hide_password=False)


def _prepare(store: Store) -> None:
    """Tables, not yet tied to a secret: every copy gets its own."""
    upgrade(store)
    with store.write() as conn:
        conn.execute(delete(installation))


@functools.cache
def _postgres_template() -> str:
    name = f"mentors_template_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    atexit.register(_administer, f"DROP DATABASE {name} WITH (FORCE)")
    with tempfile.TemporaryDirectory() as folder, Store(_database_url(name), data_dir=Path(folder)) as store:
        _prepare(store)
    return name


@functools.cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    with Store(f"sqlite:///{folder}/template.sqlite3", data_dir=folder) as store:
        _prepare(store)
    return folder / "template.sqlite3"


def make_store(folder: Path) -> Store:
    """A migrated SQLite store whose files lie in `folder`; the caller closes it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_sqlite_template(), folder / "directory.sqlite3")
    return Store(f"sqlite:///{folder}/directory.sqlite3", data_dir=folder)


@contextmanager
def postgres_database(template: str = "template1") -> Iterator[str]:
    """The address of a database that is gone afterwards; empty, or a clone of `template`."""
    name = f"mentors_test_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield _database_url(name)
    finally:
        _administer(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def open_store(folder: Path, dialect: str) -> Iterator[Store]:
    """A migrated store of a dialect; closed and, on PostgreSQL, dropped at the end."""
    if dialect == "sqlite":
        with make_store(folder) as store:
            yield store
        return
    with postgres_database(_postgres_template()) as url, Store(url, data_dir=folder) as store:
        yield store


@contextmanager
def open_empty_store(folder: Path, dialect: str) -> Iterator[Store]:
    """A store without any table."""
    if dialect == "sqlite":
        with Store(f"sqlite:///{folder}/empty.sqlite3", data_dir=folder) as store:
            yield store
        return
    with postgres_database() as url, Store(url, data_dir=folder) as store:
        yield store


def same_store(store: Store, **settings: float) -> Store:
    """The same database, as another process would open it; the caller closes it."""
    return Store(store.url.render_as_string(hide_password=False), data_dir=store.data_dir, **settings)  # type: ignore[arg-type]
