"""Runs of a source through the whole of ingest: what is held, what removes, what repeats, who may run."""

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import Completion, Connector, Event, Item, SourceConfig, Validators
from connectors.report import RunReport
from connectors.runner import Runner
from connectors.source_lease import SourceLease
from directory.core.errors import Conflict, NotFound, SourceRefused, SourceUnavailable, Unavailable
from directory.store import leases, profiles, runs
from directory.store.holders import holder_name
from tests.dialects import both
from tests.fakes.source_server import SourceServer, failing, ok, with_validators
from tests.world import CONSENT, DAY, World, open_world, record, records

CSV_HEADER = "id,family name,research skills capacity,consent,consent date\n"
LEASE = timedelta(seconds=60)


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path, dialect) as opened:
        yield opened


def runner_of(world: World) -> Runner:
    return world.parts.runner


def latest(world: World) -> runs.SourceRun:
    with world.store.read() as conn:
        return runs.of_source(conn, "plains", 1)[0]


def counts(report: RunReport) -> dict[str, int]:
    return {name: number for name, number in report.counts.items() if number}


@both
def test_a_first_run_and_a_second(world: World) -> None:
    assert counts(world.harvest(records(12))) == {"received": 12, "added": 12}
    assert world.visible() == [f"p{number:03}" for number in range(12)]
    before = world.written()
    assert counts(world.run()) == {"received": 12, "unchanged": 12}
    assert world.written() == before
    assert latest(world).status == "complete"


def sheet(count: int) -> str:
    return CSV_HEADER + "".join(f"p{number:03},Invented{number:03},3,yes,10/1/2026\n" for number in range(count))


@both
def test_a_second_identical_spreadsheet_writes_nothing(tmp_path: Path, dialect: str) -> None:
    with open_world(tmp_path, dialect, sources={"plains": 'kind = "csv"\npath = "plains.csv"'}) as world:
        # a problem in a field, a row without a name and a broken one: they are reported once, not with every run
        rows = sheet(6) + "p-odd,Invented,three,yes,\np-bad,,3,yes,\n,Nobody,3,yes,\n"
        (world.config / "plains.csv").write_text(rows)
        assert counts(world.run()) == {"received": 9, "added": 7, "rejected": 2}
        before = world.written()
        assert len(before["quarantine"]) == 3
        world.drain()
        before["outbox"] = []
        for _ in range(3):
            assert counts(world.run()) == {"received": 9, "unchanged": 7, "rejected": 2}
            assert world.written() == before


@both
def test_a_second_identical_profile_list_writes_nothing(tmp_path: Path, dialect: str) -> None:
    mentoring = {"Narrative": "I read drafts.", "Types": ["Career mentor"]}
    body = b'{"Profiles": [{"FirstName": "Ann", "LastName": "Example", "FacultyMentoring": %s}]}'
    with SourceServer({"/v2/": ok(body % str(mentoring).replace("'", '"').encode())}) as server:
        lines = f"""kind = "ucsf-profiles"
[source.plains.options]
source = "tests of the directory"
names = ["ann.a", "ann.b"]
base_url = "{server.url("/v2/")}"
requests_per_second = 1000
[source.plains.options.mentoring_types]
"Career mentor" = {{ arena = "career-development" }}"""
        with open_world(tmp_path, dialect, sources={"plains": lines}) as world:
            assert counts(world.run()) == {"received": 2, "added": 2}
            before = world.written()
            assert counts(world.run()) == {"received": 2, "unchanged": 2}
            assert world.written() == before
            assert world.visible() == []  # no word about consent: invited


@both
@pytest.mark.parametrize("percent", [0, 1, 50, 89])
def test_a_feed_that_shrinks_is_held_and_removes_nobody(world: World, percent: int) -> None:
    world.harvest(records(100))
    everybody = world.visible()
    before = world.written()
    for _ in range(20):
        report = world.harvest(records(percent))
        assert (report.status, report.absent, report.removed) == ("held", 100 - percent, 0)
        assert counts(report) == {name: percent for name in ("received", "unchanged") if percent}
        assert report.reason == f"It would take {100 - percent} of 100 mentors off the list: {100 - percent} are not in it."
    assert world.written() == before
    assert world.visible() == everybody
    assert len(world.table("staged_item")) == 100 - percent  # only the last run can be released


@both
def test_a_few_absent_ones_leave_after_the_second_complete_run(world: World) -> None:
    world.harvest(records(100))
    report = world.harvest(records(95))
    assert (report.status, report.absent, report.removed) == ("complete", 5, 0)
    assert len(world.visible()) == 100
    truncated = world.harvest(records(95), total=99)
    assert (truncated.status, truncated.absent) == ("incomplete", 0)
    assert len(world.visible()) == 100
    report = world.harvest(records(95))
    assert (report.status, report.absent, report.removed) == ("complete", 5, 5)
    assert world.visible() == [f"p{number:03}" for number in range(95)]
    assert world.run().absent == 0


def test_who_is_back_in_time_has_to_be_absent_twice_again(world: World) -> None:
    world.harvest(records(20))
    world.harvest(records(18))
    assert world.harvest(records(20)).counts["unchanged"] == 20
    world.harvest(records(18))
    assert len(world.visible()) == 20
    assert world.harvest(records(18)).removed == 2


def test_being_in_a_held_run_ends_the_count_too(world: World) -> None:
    world.harvest(records(20))
    world.harvest(records(18))
    assert world.harvest(records(12, start=8)).status == "held"  # p018 and p019 are in it
    assert world.harvest(records(18)).removed == 0


def test_a_truncated_feed_removes_nobody_however_short(world: World) -> None:
    world.harvest(records(100))
    everybody = world.visible()
    for count in (0, 1, 60, 99):
        report = world.harvest(records(count), total=100)
        assert (report.status, report.absent) == ("incomplete", 0)
        assert f"{count} were found" in report.reason
    assert world.visible() == everybody


def test_an_unreadable_source_removes_nobody(world: World) -> None:
    world.harvest(records(10))
    everybody = world.visible()
    before = world.written()
    (world.config / "plains.json").write_bytes(b"<!doctype html><title>Sign in</title>")
    with pytest.raises(SourceRefused, match="web page"):
        world.run()
    assert (latest(world).status, latest(world).reason) == ("failed", latest(world).reason)
    assert world.written() == before
    assert world.visible() == everybody


@both
def test_a_release_carries_everything_out(world: World) -> None:
    world.harvest(records(20))
    changed = [record("p000", headline="New words"), *records(2, start=1), record("new")]
    report = world.harvest(changed)
    assert counts(report) == {"received": 4, "unchanged": 2, "held": 2}
    assert len(world.visible()) == 20
    report = runner_of(world).release("plains")
    assert report.adds_up
    assert (report.status, report.absent, report.removed) == ("released", 17, 17)
    assert counts(report) == {"received": 4, "unchanged": 2, "updated": 1, "added": 1}
    assert world.visible() == ["new", "p000", "p001", "p002"]
    assert world.table("staged_item") == []
    with pytest.raises(NotFound, match="No run of plains is held"):
        runner_of(world).release("plains")


@both
def test_a_drop_forgets_the_held_run(world: World) -> None:
    world.harvest(records(20))
    world.harvest([record("p000", headline="New words")])
    before = world.written()
    runner_of(world).drop("plains")
    assert (world.table("staged_item"), latest(world).status) == ([], "dropped")
    assert world.written() == before
    assert len(world.visible()) == 20
    with pytest.raises(NotFound, match="No run of plains is held"):
        runner_of(world).drop("plains")


def test_a_release_that_broke_off_can_be_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(20))
    world.harvest([record(f"n{number}") for number in range(6)])
    real = runs.unstage
    done: list[int] = []

    def failing_unstage(conn: object, run_id: int, numbers: list[int]) -> None:
        done.append(len(numbers))
        if len(done) == 2:
            raise Unavailable("the disk of the database is full")
        real(conn, run_id, numbers)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "unstage", failing_unstage)
    with pytest.raises(Unavailable):
        runner_of(world).release("plains")
    monkeypatch.undo()
    assert latest(world).status == "held"
    report = runner_of(world).release("plains")
    assert report.adds_up
    assert (counts(report), report.removed) == ({"received": 6, "added": 6}, 20)
    assert len(world.visible()) == 6


@both
def test_an_explicit_withdrawal_takes_effect_in_a_held_run(world: World) -> None:
    world.harvest(records(40))
    world.drain()
    tombstone = {"id": "p000", "withdrawn": True, "at": "2026-11-20"}
    report = world.harvest([tombstone, *records(3, start=1), record("new")])
    assert report.status == "held"
    assert counts(report) == {"received": 5, "withdrawn": 1, "unchanged": 3, "held": 1}
    assert world.shown() == [f"p{number:03}" for number in range(1, 40)]
    assert counts(world.harvest([tombstone, *records(39, start=1)])) == {"received": 40, "unchanged": 40}


def test_a_statement_of_refusal_is_not_silence(world: World) -> None:
    """Many may say no at once; that many say nothing may be an accident."""
    world.harvest(records(30))
    report = world.harvest([record(row["id"], consent=[CONSENT | {"state": "withdrawn", "at": None}]) for row in records(30)])
    assert (report.status, report.lapsed) == ("complete", 0)
    assert world.visible() == []


@both
def test_a_stated_refusal_takes_effect_in_a_held_run(world: World) -> None:
    world.harvest(records(40))
    world.drain()
    refusal = record("p000", consent=[CONSENT | {"state": "withdrawn", "at": "2026-11-20"}])
    changed = record("p001", headline="Changed in a run that is held")
    report = world.harvest([refusal, changed, *records(18, start=2)])
    assert (report.status, counts(report)) == ("held", {"received": 20, "updated": 1, "unchanged": 18, "held": 1})
    assert world.shown() == [f"p{number:03}" for number in range(1, 40)]
    assert runner_of(world).release("plains").status == "released"
    assert world.shown() == [f"p{number:03}" for number in range(1, 20)]


def test_an_emptied_consent_column_is_held(world: World) -> None:
    world.harvest(records(30))
    everybody = world.visible()
    report = world.harvest([record(row["id"], consent=None) for row in records(30)])
    assert (report.status, report.lapsed, counts(report)) == ("held", 30, {"received": 30, "held": 30})
    assert report.reason == "It would take 30 of 30 mentors off the list: 30 no longer state a consent."
    assert world.visible() == everybody
    runner_of(world).release("plains")
    assert world.visible() == []


def test_what_a_held_record_refuses_does_not_let_its_silence_about_listing_through(world: World) -> None:
    world.harvest(records(30))
    everybody = world.visible()
    no_contact = [{"purpose": "contact", "state": "withdrawn", "at": "2026-11-20"}]
    report = world.harvest([record(row["id"], consent=no_contact) for row in records(30)])
    assert (report.status, report.lapsed, counts(report)) == ("held", 30, {"received": 30, "held": 30})
    assert world.visible() == everybody


def test_one_emptied_consent_ends_that_listing(world: World) -> None:
    world.harvest(records(30))
    report = world.harvest([record("p000", consent=None), *records(29, start=1)])
    assert (report.status, report.lapsed, counts(report)) == ("complete", 1, {"received": 30, "updated": 1, "unchanged": 29})
    assert world.visible() == [f"p{number:03}" for number in range(1, 30)]


def test_absent_and_silent_ones_count_together(world: World) -> None:
    world.harvest(records(30))
    report = world.harvest([record(f"p{number:03}", consent=None) for number in range(3)] + records(24, start=3))
    assert report.reason == "It would take 6 of 30 mentors off the list: 3 are not in it and 3 no longer state a consent."


def test_a_rejected_item_keeps_the_person(world: World) -> None:
    world.harvest(records(10))
    for _ in range(3):
        report = world.harvest([{"id": "p000", "name": {"given": "Ada"}}, *records(9, start=1)])
        assert (counts(report), report.absent) == ({"received": 10, "rejected": 1, "unchanged": 9}, 0)
    assert len(world.visible()) == 10


def test_while_an_item_cannot_be_tied_to_anybody_nobody_counts_as_absent(world: World) -> None:
    world.harvest(records(10))
    for _ in range(3):
        report = world.harvest([{"name": {"family": "Who"}}, *records(9, start=1)])
        assert (report.status, report.absent, report.removed) == ("complete", 1, 0)
        assert report.reason == "It is not known whose the 1 rejected items without an id are, so nobody counts as absent."
    assert len(world.visible()) == 10


def test_of_two_items_with_one_id_the_first_is_taken(world: World) -> None:
    report = world.harvest([record("p000"), record("p000", headline="Other words"), record("p001")])
    assert counts(report) == {"received": 3, "added": 2, "rejected": 1}
    assert [(row.where, row.code) for row in report.problems] == [("items/1", "duplicate-id")]
    assert world.visible() == ["p000", "p001"]
    assert counts(world.run()) == {"received": 3, "unchanged": 2, "rejected": 1}


def test_a_corrected_record_leaves_the_quarantine(world: World) -> None:
    world.harvest([record("p000", orcid="0000"), record("p001", rank="baron"), {"id": "p002"}])
    assert {(row[3], row[5]) for row in world.table("quarantine")} == {("p000", "orcid"), ("p001", "rank"), ("p002", "name")}
    world.harvest([record("p000"), record("p001", rank="baron"), record("p002")], total=3)
    assert [row[3] for row in world.table("quarantine")] == ["p001"]


def test_an_incomplete_run_forgets_no_problem_that_it_did_not_come_to(world: World) -> None:
    world.harvest([record("p000"), record("p001", rank="baron"), {"id": "p002"}])
    before = world.table("quarantine")
    world.harvest([record("p000")], total=3)
    assert world.table("quarantine") == before


URL = 'kind = "mentor-feed"\nurl = "{}"'


@both
def test_not_modified_is_a_run_without_a_write(tmp_path: Path, dialect: str) -> None:
    with SourceServer({}) as server, open_world(tmp_path, dialect, sources={"plains": URL.format(server.url("/feed"))}) as world:
        body = feed_body(10)
        server.routes["/feed"] = with_validators(body, etag='"v1"')
        assert counts(world.run()) == {"received": 10, "added": 10}
        world.drain()
        before = world.written()
        report = world.run()
        assert (report.status, counts(report), latest(world).status) == ("not-modified", {}, "not-modified")
        assert server.requests[-1].headers["if-none-match"] == '"v1"'
        assert world.written() == before


def feed_body(count: int, start: int = 0) -> bytes:
    return json.dumps({"schema": "mentor-feed/1", "items": records(count, start)}).encode()


def test_after_an_absence_the_same_copy_is_read_again(tmp_path: Path) -> None:
    with SourceServer({}) as server, open_world(tmp_path, sources={"plains": URL.format(server.url("/feed"))}) as world:
        server.routes["/feed"] = with_validators(feed_body(10), etag='"v1"')
        world.run()
        server.routes["/feed"] = with_validators(feed_body(9), etag='"v2"')
        assert (world.run().absent, len(world.visible())) == (1, 10)
        report = world.run()
        assert (report.status, report.removed, len(world.visible())) == ("complete", 1, 9)
        assert "if-none-match" not in server.requests[-1].headers
        assert world.run().status == "not-modified"


def test_after_a_person_agreed_again_the_same_copy_is_read_again(tmp_path: Path) -> None:
    """What the source said meanwhile was passed over, and a source that has nothing new would never say it again."""
    with SourceServer({}) as server, open_world(tmp_path, sources={"plains": URL.format(server.url("/feed"))}) as world:
        server.routes["/feed"] = with_validators(feed_body(3), etag='"v1"')
        world.run()
        person = world.withdraw("p001")
        server.routes["/feed"] = with_validators(feed_body(3).replace(b"Inventedp001", b"Renamed"), etag='"v2"')
        assert counts(world.run()) == {"received": 3, "unchanged": 2, "suppressed": 1}
        assert world.run().status == "not-modified"
        world.parts.consent.grant(person, ["listing"], evidence="letter")
        assert counts(world.run()) == {"received": 3, "unchanged": 2, "updated": 1}
        assert world.visible() == ["Renamed", "p000", "p002"]


def test_what_was_half_read_is_not_taken_for_the_old_copy(tmp_path: Path) -> None:
    """The source goes back to a copy that was complete once, after a run of another copy broke off."""
    with SourceServer({}) as server, open_world(tmp_path, sources={"plains": URL.format(server.url("/feed"))}) as world:
        old = with_validators(feed_body(3), etag='"v1"')
        server.routes["/feed"] = old
        world.run()
        server.routes["/feed"] = ok(feed_body(4).replace(b"Invented", b"Renamed")[:-40])
        assert world.run().status == "incomplete"
        server.routes["/feed"] = old
        assert world.run().counts["updated"] == 3
        assert world.visible() == ["p000", "p001", "p002"]


def test_a_source_that_is_down_is_asked_again_ever_later(tmp_path: Path) -> None:
    with (
        SourceServer({"/feed": failing(403)}) as server,
        open_world(tmp_path, sources={"plains": URL.format(server.url("/feed"))}) as world,
    ):
        waits = []
        for _ in range(3):
            with pytest.raises((SourceRefused, SourceUnavailable)):
                world.run()
            with world.store.read() as conn:
                state = runs.state_of(conn, "plains")
            assert state.next_due is not None
            waits.append(round((state.next_due - world.clock.now).total_seconds() / 60))
        assert waits == [5, 10, 20]
        assert state.failures == 3


@both
def test_two_workers_never_run_one_source(world: World) -> None:
    world.harvest(records(3))
    with SourceLease(world.store, "plains", world.clock, LEASE):
        for attempt in (world.run, lambda: runner_of(world).release("plains"), lambda: runner_of(world).drop("plains")):
            with pytest.raises(Conflict, match="plains is being run by somebody else"):
                attempt()
    assert world.run().status == "complete"


def test_two_runs_at_once(world: World) -> None:
    world.publish(records(300))
    reached, go_on = threading.Event(), threading.Event()

    def watch(_done: int, _total: int | None) -> None:
        reached.set()
        assert go_on.wait(20)

    first = threading.Thread(target=lambda: runner_of(world).run("plains", watch))
    first.start()
    assert reached.wait(20)
    with pytest.raises(Conflict):
        runner_of(world).run("plains")
    go_on.set()
    first.join()
    assert [row[3] for row in world.table("source_run")] == [latest(world).counts]
    assert len(world.visible()) == 300


@both
def test_a_run_that_lost_its_lease_writes_nothing_more(world: World) -> None:
    world.harvest(records(5))
    before = world.written()
    world.publish([record(row["id"], headline="New words") for row in records(5)])

    def steal(_done: int, _total: int | None) -> None:
        with world.store.write() as conn:
            later = world.clock.now + timedelta(hours=1)
            assert leases.acquire(conn, "source:plains", holder_name("runner"), later, LEASE) is not None

    with pytest.raises(Conflict, match="The lease on plains was lost"):
        runner_of(world).run("plains", steal)
    assert world.written() == before
    world.clock.now += timedelta(hours=2)
    report = world.run()  # the successor was killed: its run is marked and its staging cleared
    assert counts(report) == {"received": 5, "updated": 5}


def test_the_lease_of_a_dead_process_is_taken_over_at_once(world: World) -> None:
    dead = holder_name("runner").split("/")
    dead[3] = "999999999"  # no machine has so many processes
    with world.store.write() as conn:
        leases.acquire(conn, "source:plains", "/".join(dead), world.clock(), LEASE)
    assert counts(world.harvest(records(1))) == {"received": 1, "added": 1}


def test_a_slow_source_keeps_its_lease(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = threading.Event()
    real = leases.renew

    def renew(*arguments: object) -> bool:
        if threading.current_thread().name == "heartbeat":
            beats.set()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(leases, "renew", renew)
    with SourceLease(world.store, "plains", world.clock, timedelta(seconds=0.3)):
        assert beats.wait(20)


class Broken:
    """A connector with a bug."""

    kind = "mentor-feed"
    contract = "broken"

    def __init__(self, at: str) -> None:
        self._at = at

    def discover(self, _state: Validators) -> Iterator[Event]:
        yield Item("items/0", b"x" * 16, "p000", {})
        if self._at == "discover":
            raise RuntimeError("secret payload")
        yield Completion(complete=True)

    def map(self, _item: Item) -> dict[str, object]:
        raise RuntimeError("secret payload")

    def place(self, _item: Item, path: str) -> str:
        return path


@pytest.mark.parametrize("at", ["discover", "map"])
def test_a_bug_ends_the_run_and_says_so(world: World, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(_config: SourceConfig) -> AbstractContextManager[Connector]:
        return nullcontext(Broken(at))

    monkeypatch.setattr(world.parts.runner, "_connect", connect)
    with pytest.raises(RuntimeError):
        runner_of(world).run("plains")
    assert (latest(world).status, latest(world).reason) == ("failed", "unforeseen error RuntimeError")
    with world.store.read() as conn:
        due = runs.state_of(conn, "plains").next_due
    assert due is not None
    assert due > world.clock.now


def test_a_run_that_was_killed_is_marked_by_the_next(world: World) -> None:
    with world.store.write() as conn:
        number = runs.start(conn, "plains", world.clock())
        runs.stage(conn, number, [runs.StagedItem(1, "p000", "import")])
    world.harvest(records(1))
    with world.store.read() as conn:
        first = runs.get(conn, number)
    assert first is not None
    assert (first.status, first.reason) == ("interrupted", "the process that ran it ended")


def test_a_check_writes_nothing(world: World) -> None:
    world.harvest(records(10))
    before = {**world.written(), "source_run": world.table("source_run"), "lease": world.table("lease")}
    world.publish([record("p000", headline="New words"), *records(7, start=1), record("new"), {"id": "odd"}])
    report = runner_of(world).check("plains")
    assert (report.status, report.absent) == ("checked", 2)
    assert counts(report) == {"received": 10, "added": 1, "updated": 1, "unchanged": 7, "rejected": 1}
    assert {**world.written(), "source_run": world.table("source_run"), "lease": world.table("lease")} == before


def test_an_unknown_source_is_named_with_those_there_are(world: World) -> None:
    for verb in (runner_of(world).run, runner_of(world).check, runner_of(world).release, runner_of(world).drop):
        with pytest.raises(NotFound) as caught:
            verb("nowhere")
        assert str(caught.value) == "There is no source 'nowhere' in sources.toml; sources are plains."


def test_dates_of_a_source_count_and_ours_do_not(world: World) -> None:
    """Without a date of the source, the same content in other words does not confirm an offer anew."""
    offer = {"arena": "research-skills", "capacity": 3}
    world.harvest([record("p000", offers=[offer]), record("p001", offers=[offer], updated_at="2026-11-01")])
    world.drain()
    world.clock.now += 2 * DAY
    rewritten = [record("p000", offers=[offer], keywords=[]), record("p001", offers=[offer], updated_at="2026-11-20")]
    assert counts(world.harvest(rewritten)) == {"received": 2, "unchanged": 1, "updated": 1}
    with world.store.read() as conn:
        rows = profiles.by_ids(conn, [world.person("p000"), world.person("p001")])
    days = {
        row.typed_facts.name.family: row.profile.provenance["offers"].at.date().isoformat() for row in rows.values() if row.typed_facts.name
    }
    assert days == {"Inventedp000": "2026-11-24", "Inventedp001": "2026-11-20"}
    assert counts(world.run()) == {"received": 2, "unchanged": 2}
