from dataclasses import replace

from sqlalchemy import event

from directory.store import records
from directory.store.records import RecordStamp
from directory.store.session import Store
from directory.store.statements import RANGE
from tests.store.samples import HOUR, NOW, add_people, record, record_row


def test_a_record_comes_back_whole(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        records.save(conn, [record_row("m1")])
    with store.read() as conn:
        found = records.of_people(conn, ["m1", "m2"])
    assert found == {"m1": [record_row("m1")]}
    assert found["m1"][0].record == record()


def test_saving_replaces_whole(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        records.save(conn, [record_row("m1", "a"), record_row("m2", "b")])
        newer = replace(record_row("m2", "a", raw_hash=b"n" * 16), facts={"bio": "x"}, consent=[], missing_runs=3, received_at=NOW + HOUR)
        records.save(conn, [newer])
        assert records.of_people(conn, ["m1", "m2"]) == {"m2": [newer, record_row("m2", "b")]}


def test_stamps_tell_what_is_unchanged(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        records.save(conn, [record_row("m1", "a"), record_row("m1", "a", source="other", raw_hash=b"o" * 16)])
        stamp = RecordStamp(b"r" * 16, "c1", "live", 0, "m1", b"c" * 16)
        assert records.hashes(conn, "plains", ["a", "b"]) == {"a": stamp}
        assert records.hashes(conn, "plains", []) == {}


def test_live_ids_stream_in_order(store: Store) -> None:
    ids = [f"{number:05}" for number in range(RANGE * 2 + 1)]
    with store.write() as conn:
        add_people(conn, "m1")
        records.save(conn, [record_row("m1", external_id) for external_id in reversed(ids)])
        records.save(conn, [record_row("m1", "00000x", source="other")])
        records.set_state(conn, "plains", ["00003"], "absent")
    with store.read() as conn:
        assert list(records.live_ids(conn, "plains")) == [external_id for external_id in ids if external_id != "00003"]
        assert records.count_live(conn, "plains") == len(ids) - 1
        assert list(records.live_ids(conn, "none")) == []


def test_missing_runs_are_counted_and_forgotten(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        records.save(conn, [record_row("m1", "a"), record_row("m1", "b"), record_row("m1", "c")])
        records.set_state(conn, "plains", ["c"], "withdrawn")
        assert records.mark_missing(conn, "plains", ["a", "b", "c"]) == {"a": 1, "b": 1}
        assert records.mark_missing(conn, "plains", ["a"]) == {"a": 2}
        assert records.mark_seen(conn, "plains", ["a", "c"]) == 1
        stamps = records.hashes(conn, "plains", ["a", "b", "c"])
        assert {key: stamp.missing_runs for key, stamp in stamps.items()} == {"a": 0, "b": 1, "c": 0}


def test_changing_the_state_names_whom_it_concerns(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        records.save(conn, [record_row("m1", "a"), record_row("m2", "b")])
        assert records.set_state(conn, "plains", ["a", "b", "z"], "absent") == {"a": "m1", "b": "m2"}
        assert records.set_state(conn, "plains", ["a", "b"], "absent") == {}
        assert records.set_state(conn, "plains", ["b"], "live") == {"b": "m2"}
        assert records.erase(conn, "m1") == [("plains", "a")]
        assert records.hashes(conn, "plains", ["a", "b"]).keys() == {"b"}


def test_a_batch_costs_few_statements(store: Store) -> None:
    ids = [f"{number:05}" for number in range(1000)]
    statements: list[str] = []
    with store.write() as conn:
        add_people(conn, *(f"m{external_id}" for external_id in ids))
        event.listen(conn, "before_cursor_execute", lambda _c, _cur, statement, *_: statements.append(statement))
        records.save(conn, [record_row(f"m{external_id}", external_id) for external_id in ids])
        assert len(statements) == 1
        assert len(records.hashes(conn, "plains", ids)) == 1000
        assert len(records.of_people(conn, [f"m{external_id}" for external_id in ids])) == 1000
        assert records.mark_missing(conn, "plains", ids) == dict.fromkeys(ids, 1)
    assert len(statements) == 7
