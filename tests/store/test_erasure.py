import time
from pathlib import Path

import pytest
from sqlalchemy import select, text

from directory.core.identity import MatchKey
from directory.store import erasure, ledger, people, profiles, quarantine, records, runs, session, suppressions
from directory.store.erasure import Erased
from directory.store.quarantine import QuarantineRow
from directory.store.runs import StagedItem
from directory.store.session import Store
from directory.store.tables import metadata
from tests.store.samples import FACTS, NOW, add_people, event, profile_row, record_row
from tests.stores import make_store, same_store

NAME = "Okonjo-Vale"
ORCID = "0000-0002-1825-0097"


def fill(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        keys = {MatchKey("orcid", ORCID): "m1", MatchKey("source", "plains/a-17"): "m1", MatchKey("source", "plains/a-18"): "m2"}
        people.add_keys(conn, keys)
        records.save(conn, [record_row("m1"), record_row("m2", "a-18")])
        profiles.save(conn, [profile_row("m1"), profile_row("m2")])
        ledger.append(conn, [event("m1"), event("m2")], NOW)
        run, other = runs.start(conn, "plains", NOW), runs.start(conn, "other", NOW)
        facts = {"name": {"family": NAME}}
        runs.stage(conn, run, [StagedItem(0, "a-17", "import", facts=facts), StagedItem(1, "a-18", "import")])
        runs.stage(conn, other, [StagedItem(0, "a-17", "import")])
        quarantine.add(
            conn,
            [
                QuarantineRow("plains", run, "line 2", "bad", "no", NOW, "a-17", excerpt=NAME),
                QuarantineRow("plains", run, "line 3", "bad", "no", NOW, "a-18"),
            ],
        )


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as conn:
        return {table.name: [tuple(row) for row in conn.execute(select(table))] for table in metadata.sorted_tables}


def test_what_identifies_the_person_is_gone_and_nothing_else(store: Store) -> None:
    fill(store)
    with store.write() as conn:
        assert erasure.erase(conn, "m1", NOW) == Erased(keys=2, records=1, profiles=1, staged=1, quarantined=1)
    left = everything(store)
    counts = {"person": 2, "identity": 1, "source_record": 1, "profile": 1, "consent_event": 2}
    counts |= {"source_run": 2, "staged_item": 2, "quarantine": 1}
    assert {name: len(rows) for name, rows in left.items() if rows} == counts
    of_m1 = str([row for rows in left.values() for row in rows if "m1" in row])
    for secret in (NAME, "Ingrid", ORCID, "a-17", FACTS.bio):
        assert secret not in of_m1


def on_disk(store: Store) -> bytes:
    """Every byte of the database and its log."""
    return b"".join(path.read_bytes() for path in store.data_dir.glob("directory.sqlite3*"))


def test_nothing_of_the_person_is_left_in_the_files(tmp_path: Path) -> None:
    with make_store(tmp_path) as store:
        fill(store)
        with store.write() as conn:
            add_people(conn, "m3")
            records.save(conn, [record_row("m3", "a-19")])
            profiles.save(conn, [profile_row("m3", facts={"bio": "An invented biography " * 500})])
        with same_store(store) as reading, reading.read() as conn:
            assert profiles.by_ids(conn, ["m3"]).keys() == {"m3"}
        assert store.scrub()
        for part in (b"invented biography", b"a-19"):
            assert part in on_disk(store)
        with store.write() as conn:
            erasure.erase(conn, "m3", NOW)
        assert store.scrub()
        for part in (b"invented biography", b"a-19"):
            assert part not in on_disk(store)
        assert NAME.encode() in on_disk(store)


def test_a_reader_who_stays_delays_it_but_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(session, "SCRUBS", 2)
    with make_store(tmp_path) as store:
        fill(store)
        with same_store(store) as reading, reading.read() as conn:
            assert profiles.by_ids(conn, ["m1"])
            with store.write() as writing:
                erasure.erase(writing, "m1", NOW)
            begun = time.monotonic()
            assert not store.scrub()
            assert time.monotonic() - begun < 2
        assert "the log of the database is in use" in caplog.text
        assert store.scrub()
        with store.write() as conn:
            assert conn.execute(text("PRAGMA busy_timeout")).scalar_one() == 5000


def test_version_events_and_suppressions_outlive_the_person(store: Store) -> None:
    fill(store)
    with store.write() as conn:
        people.bump(conn, ["m1"])
        suppressions.add(conn, "m1", ["aa"], reason="erased", at=NOW)
        erasure.erase(conn, "m1", NOW)
        assert people.bump(conn, ["m1"]) == {"m1": 2}
        assert ledger.of_people(conn, ["m1"]) == {"m1": [event("m1")]}
        assert suppressions.find(conn, ["aa"]) == {"aa"}
        assert ledger.verify(conn) == 2
        assert erasure.erase(conn, "m1", NOW) == Erased(0, 0, 0, 0, 0)
