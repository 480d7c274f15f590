from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from directory.core.errors import Invalid
from directory.core.identity import MatchKey, key_hash
from directory.store import schema, suppressions
from directory.store.secret import NAME, install_secret, secret, stored_secret
from directory.store.session import Store
from directory.store.tables import installation
from tests.store.samples import NOW
from tests.stores import same_store

ORCID = MatchKey("orcid", "0000-0002-1825-0097")


def elsewhere(store: Store, folder: Path) -> Store:
    """The same database with another data folder."""
    return Store(store.url.render_as_string(hide_password=False), data_dir=folder)


def test_made_once_and_private(store: Store) -> None:
    first = secret(store)
    assert len(first) == 32
    assert secret(store) == first
    assert (store.data_dir / NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in store.data_dir.glob("secret*")] == [NAME]


def test_the_database_remembers_which_one_but_not_the_secret(store: Store) -> None:
    value = secret(store)
    with store.read() as conn:
        rows = [tuple(row) for row in conn.execute(select(installation))]
    assert [name for name, _ in rows] == ["secret.key"]
    assert value.hex() not in str(rows)


def test_a_lost_one_is_not_replaced_in_silence(store: Store) -> None:
    value = secret(store)
    with store.write() as conn:
        suppressions.add(conn, "m1", [key_hash(value, ORCID)], reason="erase", at=NOW)
    (store.data_dir / NAME).unlink()
    with pytest.raises(Invalid, match=r"secret\.key is missing.*restore secret\.key") as caught:
        secret(store)
    assert caught.value.where == NAME
    assert not (store.data_dir / NAME).exists()
    install_secret(store.data_dir, value)
    with store.read() as conn:
        assert suppressions.find(conn, [key_hash(secret(store), ORCID)])


def test_a_second_one_is_refused(store: Store, tmp_path: Path) -> None:
    value = secret(store)
    with elsewhere(store, tmp_path / "other") as other:
        with pytest.raises(Invalid, match="is missing"):
            secret(other)
        install_secret(other.data_dir, b"x" * 32)
        with pytest.raises(Invalid, match=r"is not the one of this database: restore secret\.key"):
            secret(other)
        (other.data_dir / NAME).unlink()
        install_secret(other.data_dir, value)
        assert secret(other) == value


def test_of_two_new_machines_one_wins(store: Store, tmp_path: Path) -> None:
    stores = [elsewhere(store, tmp_path / name) for name in ("one", "two")]
    for each in stores:
        install_secret(each.data_dir, each.data_dir.name.encode().ljust(32))

    def ask(each: Store) -> str:
        try:
            return secret(each).decode().strip()
        except Invalid:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, stores))
    for each in stores:
        each.close()
    assert sorted(answers) in (["one", "refused"], ["refused", "two"])


def test_one_made_before_the_tables_is_tied_to_them(empty_store: Store) -> None:
    value = secret(empty_store)
    assert secret(empty_store) == value
    schema.upgrade(empty_store)
    (empty_store.data_dir / NAME).unlink()
    with pytest.raises(Invalid, match="is missing"):
        secret(empty_store)


def test_all_who_start_together_agree(store: Store) -> None:
    with same_store(store) as other, ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(secret, [store, other] * 16))) == 1


def test_one_that_is_there_stays(store: Store) -> None:
    first = secret(store)
    install_secret(store.data_dir, b"x" * 32)
    assert secret(store) == first


def test_an_exposed_or_damaged_one_is_refused(tmp_path: Path) -> None:
    install_secret(tmp_path, b"x" * 32)
    (tmp_path / NAME).chmod(0o640)
    with pytest.raises(Invalid, match="can be read by others"):
        stored_secret(tmp_path)
    (tmp_path / NAME).chmod(0o600)
    (tmp_path / NAME).write_bytes(b"short")
    with pytest.raises(Invalid, match="the secret has 5 bytes"):
        stored_secret(tmp_path)
