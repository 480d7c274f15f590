import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, text

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.core.identity import MatchKey
from directory.store import journal, ledger, people, profiles, runs, schema, suppressions
from directory.store.backup import backup, read_manifest, restore
from directory.store.journal import Entry, Journal, new_entry
from directory.store.replay import Replayed
from directory.store.runs import SourceState
from directory.store.session import Store
from tests.store.samples import HOUR, NOW, add_people, event, profile_row
from tests.stores import open_empty_store, same_store

ORCID = MatchKey("orcid", "0000-0002-1825-0097")


def carry_out(conn: Connection, entry: Entry) -> None:
    """The least that a decision does: the ledger says it, and the profile follows."""
    if not people.get(conn, [entry.person_id]):
        suppressions.add(conn, entry.person_id, entry.key_hashes, reason=entry.kind, at=entry.at)
        return
    version = people.bump(conn, [entry.person_id])[entry.person_id]
    ledger.append(conn, [event(entry.person_id, "withdrawn", entry.at)], entry.at)
    profiles.save(conn, [profile_row(entry.person_id, version=version, listed=False)])


def decide(store: Store, entry: Entry) -> None:
    with store.write() as conn:
        carry_out(conn, entry)
        journal.record(conn, Journal(store.data_dir), [entry])


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        people.add_keys(conn, {ORCID: "m1"})
        people.bump(conn, ["m1", "m2"])
        profiles.save(conn, [profile_row("m1"), profile_row("m2")])
        ledger.append(conn, [event("m1"), event("m2")], NOW)
    return store


def listed(store: Store) -> list[str]:
    with store.read() as conn:
        return [row.person_id for row in profiles.page_for_index(conn, "", 99)]


def test_the_manifest_says_what_is_in_it(filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    manifest = backup(filled, target, NOW)
    with filled.read() as conn:
        end = ledger.head(conn)
    assert manifest == read_manifest(target)
    assert (manifest.made_at, manifest.dialect, manifest.revision) == ("2026-11-02T12:00:00Z", filled.dialect, schema.revisions()[-1])
    assert (manifest.ledger_seq, manifest.ledger_hash) == (2, end.hash.hex())
    assert {name: count for name, count in manifest.counts.items() if count} == {
        "installation": 1,
        "person": 2,
        "identity": 1,
        "profile": 2,
        "consent_event": 2,
    }
    assert sorted(path.name for path in target.iterdir()) == sorted([*manifest.files, "manifest.json"])
    assert {path.stat().st_mode & 0o777 for path in target.iterdir()} == {0o600}
    assert target.stat().st_mode & 0o777 == 0o700


def test_nobody_who_withdrew_since_is_back(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    with filled.write() as conn:
        add_people(conn, "m3")
        profiles.save(conn, [profile_row("m3", version=0)])
    decide(filled, new_entry("withdraw", "m1", NOW + HOUR, purpose="listing"))
    decide(filled, new_entry("withdraw", "m3", NOW + HOUR, purpose="listing", key_hashes=["aa"]))
    assert listed(filled) == ["m2"]
    restored = restore(tmp_path / "backup", filled, carry_out)
    assert (restored.replayed, restored.steps) == (Replayed(applied=2, superseded=0), ())
    assert listed(filled) == ["m2"]
    with filled.read() as conn:
        assert ledger.verify(conn) == 3
        assert people.get(conn, ["m3"]) == {}
        assert suppressions.find(conn, ["aa"]) == {"aa"}
        assert people.find(conn, [ORCID]) == {ORCID: "m1"}
    assert restore(tmp_path / "backup", filled, carry_out).replayed.applied == 2
    assert listed(filled) == ["m2"]
    assert [path.name for path in filled.data_dir.iterdir() if path.name.startswith("restore-")] == []


def test_a_restore_that_was_killed_is_seen_until_it_was_run_again(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    decide(filled, new_entry("withdraw", "m1", NOW + HOUR, purpose="listing"))

    def killed(_conn: Connection, _entry: Entry) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(tmp_path / "backup", filled, killed)
    if filled.dialect == "sqlite":  # whose half-way state nobody ever sees
        assert (schema.pending(filled), listed(filled)) == ([], ["m2"])
    else:
        with pytest.raises(Unavailable, match="a restore was interrupted: run `mentors restore` again"):
            schema.pending(filled)
        with pytest.raises(Unavailable, match="a restore was interrupted"):
            backup(filled, tmp_path / "other", NOW)
    restore(tmp_path / "backup", filled, carry_out)
    assert (schema.pending(filled), listed(filled)) == ([], ["m2"])


def test_after_a_restore_every_source_is_asked_again(filled: Store, tmp_path: Path) -> None:
    with filled.write() as conn:
        runs.save_state(conn, SourceState("plains", '"etag"', "yesterday", "contract", NOW + HOUR))
    backup(filled, tmp_path / "backup", NOW)
    restore(tmp_path / "backup", filled, carry_out)
    with filled.read() as conn:
        assert runs.state_of(conn, "plains") == SourceState("plains", contract="contract")


def test_versions_after_a_restore_are_larger_than_any_before(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    with filled.write() as conn:
        for _ in range(5):
            before = people.bump(conn, ["m2"])["m2"]
    restore(tmp_path / "backup", filled, carry_out)
    with filled.read() as conn:
        assert people.get(conn, ["m2"])["m2"].version > before
        assert profiles.by_ids(conn, ["m2"])["m2"].version > before


def test_a_new_machine_gets_journal_and_secret_too(filled: Store, tmp_path: Path) -> None:
    decide(filled, new_entry("withdraw", "m1", NOW, purpose="listing"))
    backup(filled, tmp_path / "backup", NOW)
    target = tmp_path / "new"
    target.mkdir()
    with open_empty_store(target, filled.dialect) as fresh:
        assert restore(tmp_path / "backup", fresh, carry_out).replayed == Replayed(0, 0)
        assert listed(fresh) == ["m2"]
        assert schema.pending(fresh) == []
        assert list(Journal(target).read()) == list(Journal(filled.data_dir).read())
    assert (target / "secret.key").read_bytes() == (filled.data_dir / "secret.key").read_bytes()


def test_the_ledger_is_still_protected_after_a_restore(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    restore(tmp_path / "backup", filled, carry_out)
    with pytest.raises(Conflict, match="append-only"), filled.write() as conn:
        conn.exec_driver_sql("DELETE FROM consent_event")


@pytest.mark.parametrize("damage", ["flip", "missing", "manifest", "head"])
def test_a_damaged_backup_changes_nothing(filled: Store, tmp_path: Path, damage: str) -> None:
    source = tmp_path / "backup"
    manifest = backup(filled, source, NOW)
    database = source / next(iter(manifest.files))
    if damage == "flip":
        content = bytearray(database.read_bytes())
        content[len(content) // 2] ^= 1
        database.write_bytes(content)
    elif damage == "missing":
        database.unlink()
    elif damage == "manifest":
        (source / "manifest.json").unlink()
    else:
        rewrite(source, ledger_hash="00" * 32)
    if damage == "head" and filled.dialect == "postgresql":
        pytest.skip("a dump can't be looked into before it is restored")
    with pytest.raises(Invalid):
        restore(source, filled, carry_out)
    assert listed(filled) == ["m1", "m2"]
    with filled.read() as conn:
        assert people.get(conn, ["m1"])["m1"].version == 1


def rewrite(source: Path, **changed: object) -> None:
    manifest = orjson.loads((source / "manifest.json").read_bytes())
    (source / "manifest.json").write_bytes(orjson.dumps(manifest | changed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"revision": "9999"}, "the backup was made by a newer version of this program"),
        ({"format": "mentor-backup/9"}, "this kind of backup is not known"),
        ({"dialect": "oracle"}, "this kind of backup is not known"),
        ({"extra": 1}, "this folder is not a complete backup"),
    ],
)
def test_a_backup_that_cannot_be_used(filled: Store, tmp_path: Path, changed: dict[str, object], message: str) -> None:
    backup(filled, tmp_path / "backup", NOW)
    rewrite(tmp_path / "backup", **changed)
    with pytest.raises(Invalid) as caught:
        restore(tmp_path / "backup", filled, carry_out)
    assert str(caught.value) == message


def test_a_backup_of_another_installation_is_refused(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    (filled.data_dir / "secret.key").write_bytes(b"x" * 32)
    with pytest.raises(Invalid, match="another installation"):
        restore(tmp_path / "backup", filled, carry_out)


def test_where_a_backup_cannot_go_and_come_from(filled: Store, empty_store: Store, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(Invalid, match="not empty"):
        backup(filled, tmp_path / "full", NOW)
    with pytest.raises(Invalid, match="not up to date"):
        backup(empty_store, tmp_path / "other", NOW)


def test_a_backup_of_one_database_does_not_fit_the_other(store: Store, tmp_path: Path) -> None:
    backup(store, tmp_path / "backup", NOW)
    rewrite(tmp_path / "backup", dialect="postgresql" if store.dialect == "sqlite" else "sqlite")
    with pytest.raises(Invalid, match="the backup is of another database"):
        restore(tmp_path / "backup", store, carry_out)


def test_restoring_waits_for_no_one_or_refuses(filled: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", NOW)
    with same_store(filled) as other, other.read() as reading:
        assert people.get(reading, ["m1"]).keys() == {"m1"}
        if filled.dialect == "postgresql":
            with pytest.raises(Conflict, match="1 other connections of the directory are open"):
                restore(tmp_path / "backup", filled, carry_out)
        else:
            restore(tmp_path / "backup", filled, carry_out)
            assert people.get(reading, ["m1"])["m1"].version == 1
    assert listed(filled) == ["m1", "m2"]


def test_readers_never_see_the_state_between_backup_and_replay(filled: Store, tmp_path: Path) -> None:
    if filled.dialect == "postgresql":
        pytest.skip("restoring refuses while others are connected")
    backup(filled, tmp_path / "backup", NOW)
    decide(filled, new_entry("withdraw", "m1", NOW + HOUR, purpose="listing"))
    seen: list[list[str]] = []

    def watch(conn: Connection, entry: Entry) -> None:
        seen.append(listed(filled))
        carry_out(conn, entry)

    restore(tmp_path / "backup", filled, watch)
    assert [*seen, listed(filled)] == [["m2"], ["m2"]]


def test_what_a_killed_restore_left_behind_goes_with_the_next(filled: Store, tmp_path: Path) -> None:
    if filled.dialect == "postgresql":
        pytest.skip("a restore works in the database itself")
    backup(filled, tmp_path / "backup", NOW)
    left = filled.data_dir / "restore-k1ll3d"
    left.mkdir()
    (left / "directory.sqlite3").write_bytes(b"Okonjo-Vale")
    restore(tmp_path / "backup", filled, carry_out)
    assert [path.name for path in filled.data_dir.iterdir() if path.name.startswith("restore-")] == []


def test_without_the_client_programs_the_reason_is_said(filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if filled.dialect == "sqlite":
        pytest.skip("SQLite needs no program")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Invalid, match="pg_dump is not on the PATH"):
        backup(filled, tmp_path / "backup", NOW)


def test_the_password_is_in_no_argument(filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if filled.dialect == "sqlite":
        pytest.skip("SQLite needs no password")
    run: list[list[str]] = []
    real = subprocess.run

    def noted(command: list[str], **given: Any) -> Any:
        run.append(command)
        return real(command, **given)

    monkeypatch.setattr(subprocess, "run", noted)
    url = filled.url.set(password="open:sesame\\1").render_as_string(hide_password=False)
    with Store(url, data_dir=filled.data_dir) as store:
        backup(store, tmp_path / "backup", NOW)
    assert "passfile=" in " ".join(run[0])
    assert "sesame" not in " ".join(run[0])


def test_an_incomplete_folder_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not a complete backup"):
        read_manifest(tmp_path)


def test_a_restore_of_many_people_takes_its_time(filled: Store, tmp_path: Path) -> None:
    """A statement of a request has an end; the one that lifts the versions of everybody must not."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)"
    with filled.write() as conn:
        conn.execute(
            text(f"INSERT INTO person (id, version, created_at) {numbers} SELECT 'x' || i, 1, created_at FROM n, person WHERE id = 'm1'")
        )
    backup(filled, tmp_path / "backup", NOW)
    filled.close()
    with same_store(filled, statement_seconds=0.3) as hurried:
        assert restore(tmp_path / "backup", hurried, carry_out).replayed == Replayed(0, 0)
        with hurried.read() as conn:
            assert people.get(conn, ["x150000"])["x150000"].version == 1 + people.LEAP
