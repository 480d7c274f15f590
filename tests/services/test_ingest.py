"""Who is meant by a record, and what the words of sources together allow."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from directory.core.identity import MatchKey
from directory.services.consent import expire
from directory.store import ledger, people, records, runs
from directory.store.journal import Journal
from directory.store.runs import SourceRun
from tests.dialects import both
from tests.world import CONSENT, World, orcid, record

NPI = "1234567893"
OTHER_NPI = "1245319599"


def keys(world: World, external_id: str, source: str = "plains") -> set[tuple[str, str]]:
    with world.store.read() as conn:
        person = world.person(external_id, source)
        return {(key.kind, key.value) for key in people.keys_of(conn, [person]).get(person, [])}


def states(world: World) -> dict[str, str]:
    return {f"{row[0]}/{row[1]}": row[-1] for row in world.table("source_record")}


def verified(world: World) -> int:
    with world.store.read() as conn:
        return ledger.verify(conn)


@both
def test_one_orcid_is_one_person(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("x", orcid=orcid(1)), record("y")], "harbor")
    assert world.person("a") == world.person("x", "harbor")
    assert world.persons() == 2
    assert len(world.visible()) == 2
    assert keys(world, "a") == {("orcid", orcid(1)), ("source", "plains/a"), ("source", "harbor/x")}


@both
def test_two_items_of_one_source_with_one_orcid_are_one_person(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(1))])
    assert world.person("a") == world.person("b")
    assert len(world.visible()) == 1


def test_never_by_name(world: World) -> None:
    same = {"name": {"given": "Ada", "family": "Same"}, "department": "Surgery", "institution": {"name": "Example University"}}
    world.harvest([record("a", **same), record("b", **same)])
    world.harvest([record("a", **same)], "harbor")
    assert world.persons() == 3
    assert world.visible() == ["Same"] * 3


def test_an_npi_that_both_state_is_one_person(world: World) -> None:
    world.harvest([record("a", npi=NPI)])
    world.harvest([record("x", npi=NPI), record("y", npi=OTHER_NPI)], "harbor")
    assert world.person("a") == world.person("x", "harbor") != world.person("y", "harbor")


@both
def test_who_has_another_orcid_is_another_person_whatever_else_is_the_same(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1), npi=NPI), record("b", orcid=orcid(2), npi=NPI)])
    world.harvest([record("x", orcid=orcid(3), npi=NPI)], "harbor")
    assert len({world.person("a"), world.person("b"), world.person("x", "harbor")}) == 3
    assert len(world.visible()) == 3


@both
def test_a_corrected_orcid_of_one_record_keeps_the_person_and_lets_go_of_the_wrong_one(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    person = world.person("a")
    world.harvest([record("a", orcid=orcid(2))])
    assert world.person("a") == person
    assert keys(world, "a") == {("orcid", orcid(2)), ("source", "plains/a")}
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    assert world.person("x", "harbor") != person


@both
def test_a_corrected_orcid_moves_the_record_to_the_person_who_has_it(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(2))])
    first, second = world.person("a"), world.person("b")
    world.harvest([record("a", orcid=orcid(2)), record("b", orcid=orcid(2))])
    assert world.person("a") == world.person("b") == second
    assert world.visible() in (["a"], ["b"])
    with world.store.read() as conn:
        assert first not in people.keys_of(conn, [first, second])


@both
def test_a_corrected_orcid_takes_the_record_away_from_somebody_else(world: World) -> None:
    """`a` was taken for the person of `x`, by a wrong iD: the two must not stay one person."""
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.harvest([record("a", orcid=orcid(1))])
    assert len(world.visible()) == 1
    world.harvest([record("a", orcid=orcid(2))])
    assert world.person("a") != world.person("x", "harbor")
    assert keys(world, "a") == {("orcid", orcid(2)), ("source", "plains/a")}
    assert keys(world, "x", "harbor") == {("orcid", orcid(1)), ("source", "harbor/x")}
    assert world.visible() == ["a", "x"]


def test_two_swapped_orcids(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(2))])
    first, second = world.person("a"), world.person("b")
    world.harvest([record("a", orcid=orcid(2)), record("b", orcid=orcid(1))])
    assert (world.person("a"), world.person("b")) == (second, first)
    assert world.visible() == ["a", "b"]


def test_both_records_of_a_person_corrected_alike_keep_the_person(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(1))])
    person = world.person("a")
    world.harvest([record("a", orcid=orcid(2)), record("b", orcid=orcid(2))])
    assert world.person("a") == world.person("b") == person


def test_an_orcid_that_is_left_out_is_not_a_correction(world: World) -> None:
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("a")])
    assert world.person("a") == world.person("x", "harbor")


def test_a_record_that_learns_its_orcid_joins_the_person(world: World) -> None:
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.harvest([record("a")])
    assert len(world.visible()) == 2
    world.harvest([record("a", orcid=orcid(1))])
    assert world.person("a") == world.person("x", "harbor")
    assert len(world.visible()) == 1


@both
def test_two_imports_that_meet_the_same_new_person_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looks whether the person is known before the other has said so, if it gets the chance."""
    for source in ("plains", "harbor"):
        world.harvest([record(f"{source}-0", orcid=orcid(0))], source)  # the institutions are known, nobody waits for them
        world.publish([record(f"{source}-{number}", orcid=orcid(number)) for number in range(41)], source)
    real, meeting = people.find, threading.Barrier(2)

    def find(*arguments: Any) -> Any:
        found = real(*arguments)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(1)
        return found

    monkeypatch.setattr(people, "find", find)
    with ThreadPoolExecutor(2) as pool:
        for report in pool.map(world.parts.runner.run, ("plains", "harbor")):
            assert report.counts["added"] == 40
    assert world.persons() == 41
    assert len(world.visible()) == 41
    assert world.differences() == 0
    verified(world)


@both
@pytest.mark.parametrize("decide", ["withdraw", "erase"])
def test_a_decision_while_an_import_is_under_way(world: World, decide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import waits for the decision and then knows of it, also when it meant a record that brings something new."""
    world.harvest([record("a", orcid=orcid(1))])
    person = world.person("a")
    world.publish([record("x", orcid=orcid(1), bio="Canary")], "harbor")
    started = threading.Event()
    real = Journal.append

    def slow(self: Journal, entries: object) -> None:
        importing.start()
        started.wait(1)  # the import gets as far as it can before the decision commits
        real(self, entries)  # type: ignore[arg-type]

    def harvest() -> None:
        world.parts.runner.run("harbor")
        started.set()

    importing = threading.Thread(target=harvest)
    monkeypatch.setattr(Journal, "append", slow)
    verb: Callable[[], object] = {
        "withdraw": lambda: world.parts.consent.withdraw(person, evidence="letter"),
        "erase": lambda: world.parts.consent.erase(person),
    }[decide]
    verb()
    importing.join()
    assert world.visible() == []
    assert states(world) == ({"plains/a": "live"} if decide == "withdraw" else {})
    assert [row.counts["suppressed"] for row in runs_of(world, "harbor")] == [1]


def runs_of(world: World, source: str) -> list[SourceRun]:
    with world.store.read() as conn:
        return runs.of_source(conn, source, 9)


def test_a_source_ends_only_its_own_grant(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.harvest([record("a", orcid=orcid(1), consent=None)])
    assert len(world.visible()) == 1
    world.harvest([record("x", orcid=orcid(1), consent=None)], "harbor")
    assert world.visible() == []


@both
def test_a_second_record_of_the_same_source_keeps_the_listing(world: World) -> None:
    """Somebody is in the list twice; one of the two leaves, or says nothing any more."""
    both_records = [record("a", orcid=orcid(1)), record("b", orcid=orcid(1))]
    world.harvest(both_records)
    world.harvest(both_records[1:])
    assert world.harvest(both_records[1:]).removed == 1
    assert world.visible() == ["b"]
    world.harvest([record("a", orcid=orcid(1), consent=None), both_records[1]])
    assert len(world.visible()) == 1
    world.harvest([record("a", orcid=orcid(1), consent=None), record("b", orcid=orcid(1), consent=None)])
    assert world.visible() == []


@both
def test_an_explicit_withdrawal_stands_against_other_institutions(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.harvest([{"id": "a", "withdrawn": True}])
    assert world.visible() == []
    world.harvest([record("x", orcid=orcid(1), headline="New words")], "harbor")
    assert world.visible() == []  # a grant from before
    later = CONSENT | {"at": world.clock.now.isoformat(), "evidence": "form 13"}
    world.harvest([record("x", orcid=orcid(1), consent=[later])], "harbor")
    assert world.visible() == ["x"]


def test_an_explicit_withdrawal_counts_after_the_grant_ran_out(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1), consent=[CONSENT | {"at": "2025-12-01"}])])
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    world.clock.now = world.clock.now.replace(month=12, day=20)
    with world.store.write() as conn:
        expire(conn, [world.person("a")], world.parts.policy, world.clock())
    world.harvest([{"id": "a", "withdrawn": True}])
    assert world.visible() == []


def test_a_record_that_turns_out_to_be_of_somebody_who_withdrew_goes(world: World) -> None:
    """A second institution listed the person before it knew the iD."""
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("x"), record("y")], "harbor")
    world.withdraw("a")
    assert world.visible() == ["x", "y"]
    report = world.harvest([record("x", orcid=orcid(1)), record("y")], "harbor")
    assert (report.counts["suppressed"], world.visible()) == (1, ["y"])
    assert states(world)["harbor/x"] == "absent"
    before = world.written()
    assert world.run("harbor").counts["suppressed"] == 1
    assert world.written() == before


def test_the_statements_that_no_source_may_make_are_passed_over(world: World) -> None:
    wide = [CONSENT, CONSENT | {"purpose": "widgets"}, CONSENT | {"purpose": "federation"}]
    world.harvest([record("a", consent=wide)])
    with world.store.read() as conn:
        events = ledger.of_people(conn, [world.person("a")])[world.person("a")]
    assert [event.purpose for event in events] == ["listing"]


def test_the_same_content_in_other_words_only_renews_the_stamp(world: World) -> None:
    world.harvest([record("a", keywords=["ultrasound"])])
    before = world.written()
    assert world.harvest([record("a", keywords=["  ultrasound "])]).counts["unchanged"] == 1
    after = world.written()
    (old,), (new,) = before.pop("source_record"), after.pop("source_record")
    assert after == before
    assert [number for number, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]] == [3]  # raw_hash
    with world.store.read() as conn:
        assert records.hashes(conn, "plains", ["a"])["a"].raw_hash == new[3]


def test_keys_of_two_people_who_state_the_same_npi_do_not_wander(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1), npi=NPI)])
    world.harvest([record("x", orcid=orcid(2), npi=NPI)], "harbor")
    for number in range(3):
        world.harvest([record("x", orcid=orcid(2), npi=NPI, headline=f"Version {number}")], "harbor")
        with world.store.read() as conn:
            assert people.find(conn, [MatchKey("npi", NPI)]) == {MatchKey("npi", NPI): world.person("a")}
