from sqlalchemy import Connection

from directory.store import quarantine, runs
from directory.store.quarantine import QuarantineRow
from directory.store.runs import SourceRun, SourceState, StagedItem, Verb
from directory.store.session import Store
from tests.store.samples import HOUR, NOW


def staged(conn: Connection, run: int, verb: Verb = "import") -> list[StagedItem]:
    """All items of a verb, page by page."""
    found: list[StagedItem] = []
    while part := runs.staged_page(conn, run, verb, after=found[-1].seq if found else -1):
        found += part
    return found


def test_the_state_of_a_source(store: Store) -> None:
    state = SourceState("plains", '"etag"', "Mon, 02 Nov 2026 12:00:00 GMT", "contract", NOW, 2)
    with store.write() as conn:
        assert runs.state_of(conn, "plains") == SourceState("plains")
        runs.save_state(conn, state)
        runs.save_state(conn, SourceState("other"))
        runs.save_state(conn, SourceState("other", failures=1))
        assert runs.state_of(conn, "plains") == state
        assert runs.states(conn) == {"other": SourceState("other", failures=1), "plains": state}


def test_the_life_of_a_run(store: Store) -> None:
    with store.write() as conn:
        number = runs.start(conn, "plains", NOW)
        runs.progress(conn, number, {"received": 1})
        assert runs.get(conn, number) == SourceRun(number, "plains", "running", {"received": 1}, "", NOW, None, [])
        runs.finish(conn, number, "held", counts={"received": 2}, now=NOW + HOUR, reason="shrank", notices=["extra column"])
        held = SourceRun(number, "plains", "held", {"received": 2}, "shrank", NOW, NOW + HOUR, ["extra column"])
        assert runs.held(conn, "plains") == held
        runs.finish(conn, number, "released", counts={"received": 2}, now=NOW + HOUR)
        assert runs.held(conn, "plains") is None
        assert runs.get(conn, 99) is None


def test_runs_that_never_ended_are_interrupted(store: Store) -> None:
    with store.write() as conn:
        first, second, other = (runs.start(conn, source, NOW) for source in ("plains", "plains", "other"))
        runs.finish(conn, first, "complete", counts={}, now=NOW)
        assert runs.interrupt(conn, "plains", NOW + HOUR) == [second]
        assert [run.status for run in runs.of_source(conn, "plains", 9)] == ["interrupted", "complete"]
        assert {name: run.id for name, run in runs.latest(conn).items()} == {"plains": second, "other": other}
        assert len(runs.of_source(conn, "plains", 1)) == 1


def test_after_a_restore_every_source_is_due_and_asked_unconditionally(store: Store) -> None:
    with store.write() as conn:
        runs.save_state(conn, SourceState("plains", '"etag"', "Mon, 02 Nov 2026 12:00:00 GMT", "contract", NOW, 2))
        runs.save_state(conn, SourceState("other", next_due=NOW + HOUR))
        runs.start_over(conn)
        assert runs.states(conn) == {"other": SourceState("other"), "plains": SourceState("plains", contract="contract")}


def test_staged_items_come_by_verb_and_number(store: Store) -> None:
    items = [StagedItem(number, f"x{number}", "import", f"line {number}", b"r", "c", {"bio": "b"}, [], NOW) for number in range(4500)]
    with store.write() as conn:
        number, other = runs.start(conn, "plains", NOW), runs.start(conn, "other", NOW)
        runs.stage(conn, number, items)
        runs.stage(conn, number, [StagedItem(4500, "gone", "withdraw")])
        runs.stage(conn, other, [StagedItem(0, "x0", "absent")])
    with store.write() as conn:
        assert staged(conn, number) == items
        assert [item.seq for item in runs.staged_page(conn, number, "import", after=4498)] == [4499]
        assert staged(conn, number, "withdraw") == [StagedItem(4500, "gone", "withdraw")]
        assert runs.count_staged(conn, number) == {"import": 4500, "withdraw": 1}
        runs.stage(conn, number, [StagedItem(0, "x0", "absent")])
        assert staged(conn, number, "absent") == [StagedItem(0, "x0", "absent")]
        assert len(staged(conn, number)) == 4499
        assert runs.clear_staged(conn, number) == 4501
        assert staged(conn, other, "absent") == [StagedItem(0, "x0", "absent")]


def test_the_quarantine(store: Store) -> None:
    with store.write() as conn:
        run = runs.start(conn, "plains", NOW)
        bad = QuarantineRow("plains", run, "line 17", "no-name", "there is no name", NOW, "a-17", "name.family", "", "a-17,,")
        pushed, elsewhere = (QuarantineRow(source, None, "record", "bad", "no", NOW) for source in ("plains", "other"))
        quarantine.add(conn, [bad, pushed, elsewhere])
        rows = quarantine.of_source(conn, "plains")
        assert [(row.locator, row.id > 0) for row in rows] == [("line 17", True), ("record", True)]
        assert quarantine.of_source(conn, "plains", after=rows[0].id) == rows[1:]
        assert quarantine.count(conn) == {"plains": 2, "other": 1}
        assert quarantine.clear_record(conn, "plains", "a-17") == 1
        quarantine.remove(conn, [rows[1].id])
        assert quarantine.count(conn) == {"other": 1}
