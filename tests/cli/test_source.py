"""`mentors source`: counts, problems with their place, exit codes 0, 1 and 2."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from connectors.report import OUTCOMES
from tests.cli.conftest import Mentors
from tests.connectors.hostile import CSV, FEED, LINES, Case
from tests.world import World, record, records

SUM = ("received", *OUTCOMES)
SHAPE = {"source", "run", "status", "reason", *SUM, "absent", "removed", "lapsed", "notices", "problems", "problems_left_out"}


def report(result: Result) -> dict[str, Any]:
    """The one object that --json prints, whose sum must be right."""
    body: dict[str, Any] = json.loads(result.stdout)
    assert set(body) == SHAPE
    assert body["received"] == sum(body[name] for name in OUTCOMES)
    assert all(set(row) == {"where", "field", "value", "message"} for row in body["problems"])
    return body


def numbers(body: dict[str, Any]) -> dict[str, int]:
    return {name: body[name] for name in SUM if body[name]}


def test_list(mentors: Mentors) -> None:
    assert json.loads(mentors("source", "list", "--json").stdout) == {
        "sources": [
            {"name": name, "kind": "mentor-feed", "label": f"Example {name.title()} University", "every_hours": 24.0, "enabled": True}
            for name in ("plains", "harbor")
        ]
    }
    assert mentors("source", "list").output.splitlines()[0].split() == ["plains", "mentor-feed", "Example", "Plains", "University"]


def test_check_and_run_of_a_good_source(world: World, mentors: Mentors) -> None:
    world.publish(records(3))
    result = mentors("source", "check", "plains", "--json")
    body = report(result)
    assert (result.exit_code, body["status"], body["run"], numbers(body)) == (0, "checked", None, {"received": 3, "added": 3})
    assert world.table("source_record") == []
    result = mentors("source", "run", "plains", "--json")
    body = report(result)
    assert (result.exit_code, body["status"], numbers(body)) == (0, "complete", {"received": 3, "added": 3})
    assert mentors("source", "run", "plains").output == "plains: complete. 3 received, 3 unchanged.\n"


def test_findings_are_exit_code_1_with_place_and_value(world: World, mentors: Mentors) -> None:
    world.publish([*records(2), record("odd", rank="baron"), {"id": "bad", "name": {"given": "Ada"}}])
    for verb in ("check", "run"):
        result = mentors("source", verb, "plains", "--json")
        body = report(result)
        assert (result.exit_code, numbers(body)) == (1, {"received": 4, "added": 3, "rejected": 1})
        assert [(row["where"], row["field"], row["value"]) for row in body["problems"]] == [
            ("items/2", "rank", "baron"),
            ("items/3", "name.family", ""),
        ]
    text = mentors("source", "quarantine", "plains").output
    assert [line.partition(": ")[0] for line in text.splitlines()] == ["items/2, rank", "items/3, name.family"]
    rows = json.loads(mentors("source", "quarantine", "plains", "--json").stdout)["problems"]
    assert {row["field"] for row in rows} == {"rank", "name.family"}
    assert mentors("source", "quarantine", "harbor").output == "Nothing to correct.\n"


def test_the_quarantine_is_shown_whole(world: World, mentors: Mentors) -> None:
    world.publish([{"id": f"bad-{number}", "name": {"given": "Ada"}} for number in range(2100)])
    text = mentors("source", "run", "plains").output
    assert "... and 2050 more; --json or `mentors source quarantine` shows all." in text
    assert len(mentors("source", "quarantine", "plains").output.splitlines()) == 2100
    assert len(json.loads(mentors("source", "quarantine", "plains", "--json").stdout)["problems"]) == 2100


def test_held_runs(world: World, mentors: Mentors) -> None:
    world.harvest(records(20))
    world.publish(records(3))
    result = mentors("source", "run", "plains", "--json")
    body = report(result)
    assert (result.exit_code, body["status"], body["absent"], body["removed"]) == (1, "held", 17, 0)
    assert body["reason"] == "It would take 17 of 20 mentors off the list: 17 are not in it."
    status = json.loads(mentors("source", "status", "plains", "--json").stdout)["sources"][0]
    assert (status["live"], status["runs"][0]["status"], status["runs"][1]["status"]) == (20, "held", "complete")
    result = mentors("source", "drop", "plains")
    assert (result.exit_code, result.output) == (0, "Run 2 of plains is dropped; nothing of it was imported.\n")
    assert mentors("source", "run", "plains").exit_code == 1
    result = mentors("source", "release", "plains", "--json")
    body = report(result)
    assert (result.exit_code, body["status"], body["removed"]) == (0, "released", 17)
    assert len(world.visible()) == 3


def test_status(world: World, mentors: Mentors) -> None:
    world.harvest([*records(2), record("silent", consent=None), {"id": "bad"}])
    status = json.loads(mentors("source", "status", "--json").stdout)["sources"]
    assert [(row["name"], row["live"], row["listed"], row["invited"], row["problems"], row["failures"]) for row in status] == [
        ("plains", 3, 2, 1, 1, 0),
        ("harbor", 0, 0, 0, 0, 0),
    ]
    assert status[0]["runs"][0]["received"] == 4
    text = mentors("source", "status").output.splitlines()
    assert text[0] == "plains: 3 live records, 2 listed, 1 waits for a consent (invited), 1 problem"
    assert text[1].endswith("complete: 4 received, 3 added, 1 rejected")
    assert text[3] == "  never run"


def test_who_waits_for_a_consent(world: World, mentors: Mentors) -> None:
    old = [{"purpose": "listing", "state": "granted", "at": "2020-01-01"}]
    no = [{"purpose": "listing", "state": "withdrawn", "at": "2026-10-01"}]
    other = [{"purpose": "contact", "state": "granted", "at": "2026-10-01"}]
    lot = [
        *records(3),
        record("silent", consent=None),
        record("old", consent=old),
        record("no", consent=no),
        record("other", consent=other),
    ]
    world.publish(lot)
    for verb in ("check", "run"):
        assert report(mentors("source", verb, "plains", "--json"))["notices"] == [
            "3 new or changed records grant no listing: stored, and not shown while nobody agrees"
        ]
    world.withdraw("p001")
    assert mentors("source", "status", "plains").output.splitlines()[0] == (
        "plains: 7 live records, 2 listed, 3 wait for a consent (invited), 0 problems"
    )


def test_problems_are_shown_in_the_order_of_their_places(world: World, mentors: Mentors) -> None:
    world.publish([{"id": f"bad{number}"} if number in (2, 11) else record(f"r{number}", rank="baron") for number in range(12)])
    for result in (mentors("source", "run", "plains"), mentors("source", "quarantine", "plains")):
        places = [int(line.partition(",")[0].removeprefix("items/")) for line in result.stdout.splitlines() if line.startswith("items/")]
        assert len(places) >= 12
        assert places == sorted(places)


Battery = list[tuple[str, str, Callable[[], Case]]]
KINDS: Battery = [("csv", ".csv", case) for case in CSV.values()]
KINDS += [("mentor-feed", ".json", case) for case in FEED.values()]
KINDS += [("mentor-feed", ".ndjson", case) for case in LINES.values()]
NAMES = [
    f"{kind}{suffix}-{name}"
    for kind, suffix, cases in (("csv", "", CSV), ("feed", ".json", FEED), ("feed", ".ndjson", LINES))
    for name in cases
]


@pytest.mark.parametrize(("kind", "suffix", "make"), KINDS, ids=NAMES)
def test_the_hostile_battery(world: World, mentors: Mentors, tmp_path: Path, kind: str, suffix: str, make: Callable[[], Case]) -> None:
    """Every bad file ends with a report or one sentence, checked or run, and the good rows beside the bad ones are taken."""
    case = make()
    file = world.config / f"hostile{suffix}"
    file.write_bytes(case.content)
    block = f'[source.hostile]\nkind = "{kind}"\npath = "{file.name}"\ninstitution = {{ name = "Example Hostile University" }}\n'
    (world.config / "sources.toml").write_text(block)
    results = [
        mentors("source", "check", "--kind", kind, str(file), "--json"),
        mentors("source", "run", "hostile", "--json"),
        mentors("source", "run", "hostile", "--json"),
    ]
    if case.refused:
        assert [result.exit_code for result in results] == [2] * 3
        assert all(result.stderr.startswith("Error: ") and not result.stdout for result in results)
        return
    people = set(case.ids)
    rejected = len(case.bad) + len(case.ids) - len(people)  # of several items with one id one counts
    for result in results:
        body = report(result)
        assert result.exit_code == (1 if rejected else 0)
        assert (body["received"], body["rejected"]) == (len(case.ids) + len(case.bad), rejected)
        assert [row["where"] for row in body["problems"] if row["where"] in dict(case.bad)] == [where for where, _ in case.bad]
        assert all(row["message"] for row in body["problems"])
    assert {row[1] for row in world.table("source_record")} == people
    assert report(results[2])["unchanged"] == len(people)
