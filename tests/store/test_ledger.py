import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import text

from directory.core.errors import Conflict
from directory.store import ledger
from directory.store.ledger import ChainBroken, Head
from directory.store.session import Store
from directory.store.statements import RANGE
from tests.store.samples import HOUR, NOW, add_people, event

DROP_TRIGGERS = {
    "sqlite": ("DROP TRIGGER consent_event_no_update", "DROP TRIGGER consent_event_no_delete"),
    "postgresql": ("DROP TRIGGER consent_event_no_change ON consent_event",),
}


@pytest.fixture
def filled(store: Store) -> Store:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        ledger.append(conn, [event("m1"), event("m2")], NOW)
    with store.write() as conn:
        ledger.append(conn, [event("m1", "withdrawn", NOW - HOUR), event("m1", purpose="contact")], NOW + HOUR)
    return store


def tamper(store: Store, statement: str) -> None:
    with store.write() as conn:
        for drop in DROP_TRIGGERS[store.dialect]:
            conn.execute(text(drop))
        conn.execute(text(statement))


def test_events_come_back_in_the_order_of_recording(filled: Store) -> None:
    with filled.read() as conn:
        assert ledger.of_people(conn, ["m1", "m2", "m3"]) == {
            "m1": [event("m1"), event("m1", "withdrawn", NOW - HOUR), event("m1", purpose="contact")],
            "m2": [event("m2")],
        }


def test_the_chain_is_whole(filled: Store) -> None:
    with filled.read() as conn:
        assert ledger.verify(conn) == 4
        assert ledger.head(conn).seq == 4


def test_an_empty_ledger(store: Store) -> None:
    with store.write() as conn:
        ledger.append(conn, [], NOW)
        assert ledger.head(conn) == Head(0, bytes(32))
        assert ledger.verify(conn) == 0


def test_the_same_events_give_the_same_hash_on_both_databases(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        ledger.append(conn, [event("m1")], NOW)
        moment = "2026-11-02T12:00:00.123456+00:00"
        content = f'[1,"m1","listing","granted","institution","plains","{moment}","form 12",null,"{moment}"]'
        assert ledger.head(conn).hash == hashlib.sha256(bytes(32) + content.encode()).digest()


def test_every_content_of_an_event_is_sealed(store: Store) -> None:
    variants = [
        event("m2"),
        event("m1", "expired"),
        event("m1", at=NOW + HOUR),
        event("m1", purpose="contact"),
        replace(event("m1"), basis="self"),
        replace(event("m1"), source="other"),
        replace(event("m1"), evidence=""),
    ]
    hashes = set()
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        for variant in [event("m1"), *variants]:
            undone = conn.begin_nested()
            ledger.append(conn, [variant], NOW)
            hashes.add(ledger.head(conn).hash)
            undone.rollback()
    assert len(hashes) == 8


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_event SET state = 'granted' WHERE seq = 3",
        "DELETE FROM consent_event WHERE seq = 1",
        "DELETE FROM consent_event",
    ],
)
def test_the_database_refuses_changes(filled: Store, statement: str) -> None:
    with pytest.raises(Conflict) as caught, filled.write() as conn:
        conn.execute(text(statement))
    assert str(caught.value) == "the database refused the change: consent_event is append-only"
    with filled.read() as conn:
        assert ledger.verify(conn) == 4


def test_the_database_refuses_to_replace_or_empty(filled: Store) -> None:
    statement = "TRUNCATE consent_event CASCADE"
    if filled.dialect == "sqlite":
        statement = "INSERT OR REPLACE INTO consent_event SELECT * FROM consent_event WHERE seq = 1"
    with pytest.raises(Conflict, match="append-only"), filled.write() as conn:
        conn.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE consent_event SET state = 'granted' WHERE seq = 3", 3),
        ("UPDATE consent_event SET recorded_at = at WHERE seq = 4", 4),
        ("UPDATE consent_event SET person_id = 'm2' WHERE seq = 1", 1),
        ("DELETE FROM consent_event WHERE seq = 2", 2),
        ("DELETE FROM consent_event WHERE seq = 1", 1),
        ("UPDATE consent_event SET hash = prev_hash WHERE seq = 2", 2),
    ],
)
def test_tampering_is_found_with_its_place(filled: Store, statement: str, seq: int) -> None:
    tamper(filled, statement)
    with filled.read() as conn, pytest.raises(ChainBroken) as caught:
        ledger.verify(conn)
    assert (caught.value.seq, str(caught.value)) == (seq, f"the consent ledger is broken at event {seq}")


def test_the_head_shows_that_the_end_was_cut(filled: Store) -> None:
    with filled.read() as conn:
        before = ledger.head(conn)
    tamper(filled, "DELETE FROM consent_event WHERE seq = 4")
    with filled.read() as conn:
        assert ledger.verify(conn) == 3
        assert ledger.head(conn) != before


def test_a_long_chain_is_verified_in_ranges(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        ledger.append(conn, (event("m1") for _ in range(RANGE * 2 + 1)), NOW)
    with store.read() as conn:
        assert ledger.verify(conn) == RANGE * 2 + 1
