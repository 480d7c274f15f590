"""Replaying the journal after a restore, and catching up with it at a start."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection

from directory.core.identity import MatchKey, key_hash
from directory.store import installation, journal, people
from directory.store.journal import Entry, Journal, Kind, new_entry
from directory.store.replay import Replayed, catch_up, replay
from directory.store.secret import secret
from directory.store.session import Store
from tests.store.samples import HOUR, NOW, add_people
from tests.stores import same_store

ORCID = MatchKey("orcid", "0000-0002-1825-0097")


def entry(kind: Kind = "withdraw", person_id: str = "m1", hours: int = 0, purpose: str = "listing", source: str = "") -> Entry:
    return new_entry(kind, person_id, NOW + hours * HOUR, purpose="" if kind == "erase" else purpose, key_hashes=["bb"], source=source)


def collector(seen: list[Entry]) -> Callable[[Connection, Entry], None]:
    return lambda _conn, made: seen.append(made)


def test_replay_carries_out_what_the_database_lacks_once(store: Store) -> None:
    book = Journal(store.data_dir)
    taken, lacking, later = entry(), entry("erase", "m2", 1), entry("withdraw", "m3", 2)
    with store.write() as conn:
        add_people(conn, "m1", "m2", "m3")
        journal.record(conn, book, [taken])
    book.append([later, lacking])
    seen: list[Entry] = []
    assert replay(store, book, collector(seen)) == Replayed(applied=2, superseded=0)
    assert seen == [lacking, later]
    assert replay(store, book, collector(seen)) == Replayed(0, 0)
    assert len(seen) == 2


def test_a_failing_decision_is_tried_again(store: Store) -> None:
    book = Journal(store.data_dir)
    book.append([entry(), entry("erase")])

    def fail(_conn: Connection, made: Entry) -> None:
        if made.kind == "erase":
            raise LookupError

    seen: list[Entry] = []
    with pytest.raises(LookupError):
        replay(store, book, fail)
    assert replay(store, book, collector(seen)) == Replayed(1, 0)
    assert [made.kind for made in seen] == ["erase"]


@pytest.mark.parametrize(
    ("unknown", "known", "superseded"),
    [
        (("withdraw", "listing"), ("grant", "listing"), True),
        (("withdraw", "widgets"), ("grant", "listing"), False),
        (("erase", ""), ("grant", "listing"), True),
        (("erase", ""), ("withdraw", "listing"), False),
        (("grant", "listing"), ("erase", ""), True),
        (("grant", "listing"), ("withdraw", "listing"), True),
        (("grant", "listing"), ("withdraw", "contact"), False),
        (("withdraw", "listing"), ("erase", ""), True),
    ],
)
def test_a_later_decision_that_is_known_settles_the_matter(
    store: Store, unknown: tuple[Kind, str], known: tuple[Kind, str], superseded: bool
) -> None:
    book = Journal(store.data_dir)
    book.append([entry(unknown[0], purpose=unknown[1])])
    with store.write() as conn:
        journal.record(conn, book, [entry(known[0], hours=1, purpose=known[1])])
    seen: list[Entry] = []
    assert replay(store, book, collector(seen)) == Replayed(applied=not superseded, superseded=superseded)
    assert replay(store, book, collector(seen)) == Replayed(0, 0)


def test_somebody_elses_decision_settles_nothing(store: Store) -> None:
    book = Journal(store.data_dir)
    book.append([entry()])
    with store.write() as conn:
        journal.record(conn, book, [entry("grant", "m2", 1)])
    assert replay(store, book, collector([])) == Replayed(1, 0)


def test_a_person_with_another_id_is_found_by_key(store: Store) -> None:
    book = Journal(store.data_dir)
    hashed = key_hash(secret(store), ORCID)
    book.append([new_entry("erase", "m-later", NOW, key_hashes=["other", hashed]), new_entry("erase", "m-nobody", NOW + HOUR)])
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        people.add_keys(conn, {ORCID: "m1", MatchKey("source", "plains/x"): "m2"})
    seen: list[Entry] = []
    replay(store, book, collector(seen))
    assert [made.person_id for made in seen] == ["m1", "m-nobody"]


@pytest.mark.parametrize(
    ("unknown", "known", "superseded"),
    [
        (entry(source="plains"), entry("grant", hours=1), False),
        (entry(source="plains"), entry(hours=1, source="other"), False),
        (entry(source="plains"), entry(hours=1, source="plains"), True),
        (entry(source="plains"), entry("erase", hours=1), True),
        (entry(), entry(hours=1, source="plains"), False),
        (entry("erase"), entry(hours=1, source="plains"), False),
    ],
)
def test_what_an_institution_said_and_what_the_person_said_stand_side_by_side(
    store: Store, unknown: Entry, known: Entry, superseded: bool
) -> None:
    book = Journal(store.data_dir)
    book.append([unknown])
    with store.write() as conn:
        journal.record(conn, book, [known])
    seen: list[Entry] = []
    assert replay(store, book, collector(seen)) == Replayed(applied=not superseded, superseded=superseded)
    assert [made.source for made in seen] == [unknown.source] * (not superseded)


def test_a_decision_under_way_is_not_carried_out_twice(store: Store) -> None:
    book = Journal(store.data_dir)
    written, seen = threading.Event(), list[Entry]()
    goes_on = threading.Event()

    def decide() -> None:
        with same_store(store) as other, other.write() as conn:
            journal.record(conn, book, [entry()])
            written.set()
            goes_on.wait(10)

    deciding = threading.Thread(target=decide)
    deciding.start()
    written.wait(10)
    threading.Timer(0.3, goes_on.set).start()
    assert catch_up(store, book, collector(seen)) == Replayed(0, 0)
    deciding.join()
    assert seen == []


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where in the journal reading began."""
    begun: list[int] = []
    real = journal._placed

    def noted(path: object, start: int = 0) -> Iterator[journal.Placed]:
        begun.append(start)
        return real(path, start)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "_placed", noted)
    return begun


def test_a_start_reads_only_what_is_new(store: Store, places: list[int]) -> None:
    book = Journal(store.data_dir)
    with store.write() as conn:
        journal.record(conn, book, [entry(person_id=f"m{number}") for number in range(50)])
    length = book.path.stat().st_size
    assert catch_up(store, book, collector([])) == Replayed(0, 0)
    with store.write() as conn:
        journal.record(conn, book, [entry(person_id="m99")])
    for _ in range(2):
        assert catch_up(store, book, collector([])) == Replayed(0, 0)
    assert [place > length * 0.9 for place in places] == [False, True, True]
    assert places[2] == length


def test_a_start_carries_out_what_was_written_but_not_committed(store: Store, places: list[int]) -> None:
    book = Journal(store.data_dir)
    with store.write() as conn:
        journal.record(conn, book, [entry()])
    assert catch_up(store, book, collector([])) == Replayed(0, 0)
    lost = entry("erase", "m2", 1)
    book.append([lost])
    seen: list[Entry] = []
    assert catch_up(store, book, collector(seen)) == Replayed(1, 0)
    assert seen == [lost]
    assert catch_up(store, book, collector(seen)) == Replayed(0, 0)
    assert len(seen) == 1
    assert places[-1] > 0


def test_a_failure_is_tried_again_at_the_next_start(store: Store) -> None:
    book = Journal(store.data_dir)
    book.append([entry(), entry("erase")])

    def fail(_conn: Connection, made: Entry) -> None:
        if made.kind == "erase":
            raise LookupError

    with pytest.raises(LookupError):
        catch_up(store, book, fail)
    seen: list[Entry] = []
    assert catch_up(store, book, collector(seen)) == Replayed(1, 0)
    assert [made.kind for made in seen] == ["erase"]


def test_another_journal_is_read_from_its_beginning(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    book = Journal(store.data_dir)
    with store.write() as conn:
        journal.record(conn, book, [entry(), entry()])
    catch_up(store, book, collector([]))
    book.path.unlink()
    assert catch_up(store, book, collector([])) == Replayed(0, 0)
    assert "if it was lost, restore it from a backup" in caplog.text
    other = entry("erase", "m2")
    book.append([other])
    seen: list[Entry] = []
    assert catch_up(store, book, collector(seen)) == Replayed(1, 0)
    assert seen == [other]
    caplog.clear()
    assert catch_up(store, book, collector(seen)) == Replayed(0, 0)
    assert caplog.text == ""


def test_without_a_journal_there_is_nothing_to_do(store: Store) -> None:
    assert catch_up(store, Journal(store.data_dir), collector([])) == Replayed(0, 0)
    with store.read() as conn:
        assert installation.get(conn, installation.JOURNAL) is None
