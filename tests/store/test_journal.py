import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection

from directory.core.errors import Unavailable
from directory.store import journal, people
from directory.store.journal import Entry, Journal, Kind, new_entry
from directory.store.session import Store
from tests.store.samples import HOUR, NOW, add_people


def entry(kind: Kind = "withdraw", person_id: str = "m1", hours: int = 0, purpose: str = "listing") -> Entry:
    return new_entry(kind, person_id, NOW + hours * HOUR, purpose="" if kind == "erase" else purpose, key_hashes=["bb", "aa"])


def noted(calls: list[str], name: str) -> Callable[..., object]:
    real = getattr(os, name)

    def call(*given: object) -> object:
        calls.append(name)
        return real(*given)

    return call


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    assert list(book.read()) == []
    made = [entry(), entry("erase", "m2"), entry("grant")]
    book.append(made[:1])
    book.append(made[1:])
    assert list(book.read()) == made
    assert made[0].key_hashes == ("aa", "bb")
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_an_entry_is_synced_before_the_call_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("write", "fsync"):
        monkeypatch.setattr(os, name, noted(calls, name))
    Journal(tmp_path).append([entry()])
    assert calls == ["write", "fsync", "fsync", "fsync"]
    calls.clear()
    Journal(tmp_path).append([entry(), entry()])
    assert calls == ["write", "fsync"]


def test_a_line_cut_off_by_a_crash_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    book = Journal(tmp_path)
    first, lost, last = entry(), entry(), entry("grant")
    book.append([first])
    place = book.path.stat().st_size
    book.append([lost])
    book.path.write_bytes(book.path.read_bytes()[:-20])
    with caplog.at_level(logging.WARNING):
        assert list(book.read()) == [first]
    assert caplog.messages == [f"the journal's entry at byte {place} can't be read and is passed over"]
    book.append([last])
    assert list(book.read()) == [first, last]


def test_writers_do_not_mix_their_lines(tmp_path: Path) -> None:
    made = [entry(person_id=f"m{number}") for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: Journal(tmp_path).append([one]), made))
    assert {one.id for one in Journal(tmp_path).read()} == {one.id for one in made}


def test_nothing_is_committed_without_the_journal(store: Store) -> None:
    (store.data_dir / "journal").write_text("a file where the folder has to be")

    def decide(conn: Connection) -> None:
        add_people(conn, "m1")
        journal.record(conn, Journal(store.data_dir), [entry()])

    with pytest.raises(Unavailable, match="the journal of decisions can't be written"), store.write() as conn:
        decide(conn)
    with store.read() as conn:
        assert people.get(conn, ["m1"]) == {}


def test_adopting_adds_what_is_missing(tmp_path: Path) -> None:
    here, there = entry(), entry("erase")
    book = Journal(tmp_path)
    book.append([here])
    assert book.adopt([here, there]) == 1
    assert book.adopt([here, there]) == 0
    assert list(book.read()) == [here, there]
