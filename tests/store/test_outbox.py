import pytest
from sqlalchemy import text

from directory.store import outbox
from directory.store.outbox import Backlog, Claimed, Parked
from directory.store.session import Store
from tests.store.samples import HOUR, NOW, add_people


@pytest.fixture
def filled(store: Store) -> Store:
    """Six changes: 1, 2 and 5 of m1, 3 of m2, 4 and 6 hide m3 and m1."""
    with store.write() as conn:
        add_people(conn, "m1", "m2", "m3")
        outbox.add(conn, [("m1", False), ("m1", False), ("m2", False), ("m3", True), ("m1", False), ("m1", True)], NOW)
    return store


def test_hiding_changes_come_first_then_the_oldest(filled: Store) -> None:
    with filled.write() as conn:
        assert outbox.claim(conn, "w", now=NOW, limit=1, lease=HOUR) == [Claimed((4,), "m3", True, 1)]
        assert outbox.claim(conn, "w", now=NOW, limit=3, lease=HOUR) == [Claimed((6, 1, 2), "m1", True, 1)]
        assert outbox.claim(conn, "w", now=NOW, limit=9, lease=HOUR) == [Claimed((3,), "m2", False, 1), Claimed((5,), "m1", False, 1)]
        assert outbox.claim(conn, "w", now=NOW, limit=9, lease=HOUR) == []


def test_what_nobody_has_tried_is_free_though_the_clock_is_set_back(filled: Store) -> None:
    with filled.write() as conn:
        assert outbox.due(conn, "w", NOW - HOUR)
        assert len(outbox.claim(conn, "w", now=NOW - HOUR, limit=9, lease=HOUR)) == 3


def test_two_workers_share_nothing(filled: Store) -> None:
    with filled.write() as conn:
        first = outbox.claim(conn, "a", now=NOW, limit=3, lease=HOUR)
        second = outbox.claim(conn, "b", now=NOW, limit=9, lease=HOUR)
    assert sorted(number for claimed in first + second for number in claimed.ids) == [1, 2, 3, 4, 5, 6]


def test_a_claim_that_ran_out_is_free_again(filled: Store) -> None:
    with filled.write() as conn:
        outbox.claim(conn, "a", now=NOW, limit=9, lease=HOUR)
        assert outbox.claim(conn, "b", now=NOW + HOUR / 2, limit=9, lease=HOUR) == []
        again = outbox.claim(conn, "b", now=NOW + HOUR, limit=1, lease=HOUR)
        assert again == [Claimed((4,), "m3", True, 2)]


def test_done_retry_and_park(filled: Store) -> None:
    with filled.write() as conn:
        outbox.claim(conn, "a", now=NOW, limit=9, lease=HOUR)
        outbox.done(conn, [1, 2, 5, 6])
        outbox.retry(conn, "a", [3], "engine-down", available_at=NOW + HOUR / 4)
        outbox.park(conn, "a", [4], "x" * 999)
        assert outbox.stats(conn) == Backlog(pending=1, parked=1, oldest=NOW, failing=1, trouble="engine-down")
        assert outbox.claim(conn, "b", now=NOW, limit=9, lease=HOUR) == []
        assert outbox.claim(conn, "b", now=NOW + HOUR / 4, limit=9, lease=HOUR) == [Claimed((3,), "m2", False, 2)]
        assert outbox.parked(conn, 9) == [Parked(4, "m3", True, 1, "x" * 300, NOW)]
        assert outbox.release_parked(conn) == 1
        assert outbox.claim(conn, "b", now=NOW + HOUR, limit=1, lease=HOUR) == [Claimed((4,), "m3", True, 1)]


def test_hidden_persons_are_known_until_the_engine_has_them(filled: Store) -> None:
    with filled.write() as conn:
        assert outbox.pending_hidden(conn, 9) == ["m1", "m3"]
        assert outbox.pending_hidden(conn, 1) == ["m1"]
        outbox.claim(conn, "a", now=NOW, limit=9, lease=HOUR)
        outbox.park(conn, "a", [4], "poison")
        assert outbox.pending_hidden(conn, 9) == ["m1", "m3"]
        outbox.done(conn, [6])
        assert outbox.pending_hidden(conn, 9) == ["m3"]


def test_an_id_is_never_used_twice(filled: Store) -> None:
    with filled.write() as conn:
        outbox.done(conn, [6])
    with filled.write() as conn:
        outbox.add(conn, [("m2", False)], NOW)
        outbox.done(conn, [6])
        assert outbox.stats(conn).pending == 6


def test_an_empty_outbox(store: Store) -> None:
    with store.write() as conn:
        outbox.add(conn, [], NOW)
        assert outbox.stats(conn) == Backlog(0, 0, None)
        assert outbox.pending_hidden(conn, 9) == []
        outbox.done(conn, [])


def test_the_question_of_every_search_reads_only_its_answer(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, *(f"m{number}" for number in range(20_000)))
        outbox.add(conn, ((f"m{number}", number % 5000 == 0) for number in range(20_000)), NOW)
        conn.execute(text("ANALYZE"))
    query = "SELECT DISTINCT person_id FROM outbox WHERE hides ORDER BY person_id LIMIT 9"
    explain = "EXPLAIN QUERY PLAN " if store.dialect == "sqlite" else "EXPLAIN "
    with store.read() as conn:
        assert outbox.pending_hidden(conn, 9) == ["m0", "m10000", "m15000", "m5000"]
        plan = " ".join(
            str(row) for row in conn.execute(text(explain + query.replace("hides", "hides = 1" if store.dialect == "sqlite" else "hides")))
        )
    assert "ix_outbox_hidden" in plan


def test_claims_of_the_dead_are_free_and_those_of_others_stay(filled: Store) -> None:
    with filled.write() as conn:
        outbox.claim(conn, "dead", now=NOW, limit=2, lease=HOUR)
        outbox.claim(conn, "alive", now=NOW, limit=2, lease=HOUR)
        assert outbox.free_claims_of(conn, lambda name: name == "dead") == 2
        assert outbox.free_claims_of(conn, lambda name: name == "dead") == 0
        left = outbox.claim(conn, "c", now=NOW, limit=9, lease=HOUR)
        assert sorted(number for row in left for number in row.ids) == [3, 4, 5, 6]
        assert {row.attempts for row in left} == {1}


def test_who_lost_a_claim_can_only_report_that_it_is_done(filled: Store) -> None:
    with filled.write() as conn:
        outbox.claim(conn, "a", now=NOW, limit=9, lease=HOUR)
        outbox.claim(conn, "b", now=NOW + HOUR, limit=9, lease=HOUR)
        outbox.retry(conn, "a", [1], "slow", available_at=NOW + HOUR)
        outbox.park(conn, "a", [2], "slow")
        outbox.give_back(conn, "a", [3], "slow", available_at=NOW + HOUR)
        assert outbox.claim(conn, "c", now=NOW + HOUR, limit=9, lease=HOUR) == []
        assert outbox.stats(conn) == Backlog(6, 0, NOW)
        outbox.done(conn, [4])
        assert outbox.stats(conn).pending == 5
