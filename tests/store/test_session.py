import logging
import sqlite3
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import InternalError

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.store import people, sqlite
from directory.store.session import Store
from tests.store.samples import NOW, add_people
from tests.stores import WITHOUT_POSTGRESQL, admin_url, make_store, same_store


def test_write_commits_and_read_sees_it(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
    with store.read() as conn:
        assert people.get(conn, ["m1", "m2"]) == {"m1": people.PersonRow("m1", 0, NOW, None)}


def test_an_exception_rolls_back(store: Store) -> None:
    def add_and_fail(conn: Connection) -> None:
        add_people(conn, "m1")
        raise LookupError

    with pytest.raises(LookupError), store.write() as conn:
        add_and_fail(conn)
    with store.read() as conn:
        assert people.get(conn, ["m1"]) == {}


def test_reading_sees_one_snapshot(store: Store) -> None:
    with store.read() as conn:
        assert people.get(conn, ["m1"]) == {}
        with same_store(store) as other, other.write() as writing:
            add_people(writing, "m1")
        assert people.get(conn, ["m1"]) == {}
    with store.read() as conn:
        assert list(people.get(conn, ["m1"])) == ["m1"]


def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises((Unavailable, InternalError), match=r"read-only transaction|the database can't be written"), store.read() as conn:
        add_people(conn, "m1")
    with store.read() as conn:
        assert people.get(conn, ["m1"]) == {}


def test_a_broken_rule_is_a_conflict_without_values(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
    twice = "INSERT INTO identity (kind, value, person_id) VALUES ('orcid', 'secret-value', 'm1'), ('orcid', 'secret-value', 'm1')"
    with pytest.raises(Conflict) as caught, store.write() as conn:
        conn.execute(text(twice))
    rule = "UNIQUE constraint failed: identity.kind, identity.value" if store.dialect == "sqlite" else "pk_identity"
    assert str(caught.value) == f"the database refused the change: {rule}"
    assert caught.value.__suppress_context__


def test_a_store_without_tables_says_what_to_run(empty_store: Store) -> None:
    with pytest.raises(Unavailable, match="run `mentors db upgrade`"), empty_store.read() as conn:
        people.get(conn, ["m1"])


def test_the_settings_of_sqlite_are_taken(tmp_path: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "recursive_triggers": 1, "secure_delete": 1}
    with make_store(tmp_path) as store:
        with store.write() as conn:
            assert {name: conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in wanted} == wanted
        with store.read() as conn:
            assert conn.execute(text("PRAGMA query_only")).scalar_one() == 1


def test_a_busy_sqlite_is_unavailable_in_bounded_time(tmp_path: Path) -> None:
    with make_store(tmp_path) as store, same_store(store, lock_seconds=0.1) as other, store.write() as conn:
        add_people(conn, "m1")
        with pytest.raises(Unavailable, match="other writers kept the database busy"), other.write():
            pass


def test_a_foreign_writer_of_the_file_is_unavailable_too(tmp_path: Path) -> None:
    with make_store(tmp_path) as store, same_store(store, busy_ms=50) as impatient:
        foreign = store.driver.module.connect(tmp_path / "directory.sqlite3", isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="the database is busy"), impatient.write() as conn:
            add_people(conn, "m1")
        foreign.close()


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/none", data_dir=tmp_path)
    with pytest.raises(Unavailable, match="the database does not answer"), store.read():
        pass
    store.close()


@pytest.mark.skipif(not admin_url(), reason=WITHOUT_POSTGRESQL)
@pytest.mark.parametrize(
    ("part", "message"),
    [({"database": "mentors_nowhere"}, "the database does not exist"), ({"username": "mentors_nobody"}, "the database refuses the login")],
)
def test_a_server_that_lets_nobody_in_is_not_one_that_is_down(tmp_path: Path, part: dict[str, str], message: str) -> None:
    url = make_url(admin_url()).set(**part).render_as_string(hide_password=False)  # type: ignore[arg-type]  # some parts are numbers
    store = Store(url, data_dir=tmp_path)
    with pytest.raises(Unavailable) as refused, store.read():
        pass
    store.close()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u:geheim@h/d", "this database is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("nonsense", "the address of the database can't be read"),
    ],
)
def test_an_address_that_cannot_be_used(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        Store(url, data_dir=tmp_path)
    assert str(caught.value) == message
    assert caught.value.where == "database.url"
    assert "geheim" not in caught.value.value


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_the_floor_of_the_sqlite_version(version: tuple[int, int, int], safe: bool) -> None:
    assert sqlite.race_free(version) is safe


def test_a_sqlite_without_returning_is_refused() -> None:
    old = types.ModuleType("old")
    old.sqlite_version, old.sqlite_version_info = "3.31.0", (3, 31, 0)  # type: ignore[attr-defined]
    with pytest.raises(Invalid, match=r"SQLite 3\.31\.0 is too old"):
        sqlite.find_driver(old)


@pytest.fixture
def unsafe_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store on Python's own SQLite, taken for one with the race whatever its version is."""
    make_store(tmp_path).close()
    monkeypatch.setattr(sqlite, "find_driver", lambda: sqlite.Driver(sqlite3, (3, 40, 1), safe=False))
    with Store(f"sqlite:///{tmp_path}/directory.sqlite3", data_dir=tmp_path) as store:
        yield store


def test_safe_mode_checkpoints_only_under_the_write_lock(
    unsafe_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        Store(f"sqlite:///{tmp_path}/directory.sqlite3", data_dir=tmp_path).close()
    assert "SQLite 3.40.1 has the WAL-reset race" in caplog.text
    wal = tmp_path / "directory.sqlite3-wal"
    for store in (unsafe_store.write, unsafe_store.read):
        with store() as conn:
            assert conn.execute(text("PRAGMA wal_autocheckpoint")).scalar_one() == 0
    with unsafe_store.write() as conn:
        add_people(conn, *(f"m{number:06}" for number in range(20_000)))
    assert wal.stat().st_size < sqlite.CHECKPOINT_BYTES
    monkeypatch.setattr(sqlite, "CHECKPOINT_BYTES", 1)
    with unsafe_store.write() as conn:
        add_people(conn, "m1")
    assert wal.stat().st_size == 0
    with unsafe_store.read() as conn:
        assert len(people.get(conn, ["m1", "m000000", "m019999"])) == 3
