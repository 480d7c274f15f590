"""Several items with one id: the first counts, unless a later one takes back what it says. Pages are read while people withdraw."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.report import RunReport
from tests.dialects import both
from tests.world import CONSENT, World, open_world, record, records

TOMBSTONE = {"id": "p000", "withdrawn": True, "at": "2026-11-20"}
REFUSAL = record("p000", consent=[CONSENT | {"state": "withdrawn", "at": None}])
CHANGED = record("p000", headline="New words")


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path, dialect) as opened:
        yield opened


def counts(report: RunReport) -> dict[str, int]:
    return {name: number for name, number in report.counts.items() if number}


def notes(report: RunReport) -> list[tuple[str, str, bool]]:
    return [(row.where, row.message, row.fatal) for row in report.problems]


@both
@pytest.mark.parametrize(
    "first", [record("p000"), CHANGED, record("p000", consent=None), REFUSAL], ids=["same", "new", "silent", "refusal"]
)
@pytest.mark.parametrize("apart", [0, 600])
def test_a_withdrawal_wins_wherever_it_stands(world: World, first: dict[str, Any], apart: int) -> None:
    """Also over an item that was staged in an earlier batch."""
    others = records(apart + 2, start=1)
    world.harvest([record("p000"), *others])
    report = world.harvest([first, *others, TOMBSTONE])
    total = apart + 4
    assert counts(report) == {"received": total, "unchanged": total - 1, "withdrawn": 1}
    assert (report.status, report.lapsed, report.absent) == ("complete", 0, 0)
    place = f"items/{total - 1}"
    assert notes(report) == [(place, "takes back what items/0 says, which has the same id; the withdrawal is what counts", False)]
    assert world.visible() == [f"p{number:03}" for number in range(1, apart + 3)]
    before = world.written()
    before["outbox"] = []
    assert counts(world.run()) == {"received": total, "unchanged": total}
    assert world.written() == before
    assert world.differences() == 0


@both
def test_somebody_new_who_withdraws_in_the_same_feed_is_not_taken(world: World) -> None:
    for _ in range(2):
        assert counts(world.harvest([record("p000"), TOMBSTONE, record("p001")])) in (
            {"received": 3, "added": 1, "unchanged": 2},
            {"received": 3, "unchanged": 3},
        )
        assert world.visible() == ["p001"]
    assert world.persons() == 1


def test_a_withdrawal_that_comes_first_wins_too(world: World) -> None:
    world.harvest(records(2))
    report = world.harvest([TOMBSTONE, CHANGED, record("p001"), TOMBSTONE])
    assert counts(report) == {"received": 4, "withdrawn": 1, "unchanged": 1, "rejected": 2}
    assert notes(report) == [(place, "has the id of items/0, which is the one that counts", True) for place in ("items/1", "items/3")]
    assert world.visible() == ["p001"]


def test_a_withdrawal_wins_over_an_item_that_can_t_be_read(world: World) -> None:
    world.harvest(records(2))
    report = world.harvest([{"id": "p000", "name": {"given": "Ada"}}, record("p001"), CHANGED, TOMBSTONE])
    assert counts(report) == {"received": 4, "rejected": 2, "unchanged": 1, "withdrawn": 1}
    assert world.visible() == ["p001"]


@both
def test_a_refusal_wins_over_consent_and_silence(world: World) -> None:
    world.harvest([record("p000"), record("p001"), record("p002", consent=None)])
    others = [record("p001"), record("p002", consent=None)]
    for first in (record("p000"), CHANGED, record("p000", consent=None)):
        for _ in range(2):
            report = world.harvest([first, REFUSAL, *others])
            assert (report.status, report.lapsed, report.counts["rejected"]) == ("complete", 0, 0)
            assert world.visible() == ["p001"]
        assert counts(report) == {"received": 4, "unchanged": 4}
    report = world.harvest([REFUSAL, record("p000"), *others])
    assert counts(report) == {"received": 4, "unchanged": 3, "rejected": 1}
    report = world.harvest([REFUSAL, REFUSAL | {"headline": "Other words"}, *others])
    assert counts(report) == {"received": 4, "unchanged": 3, "rejected": 1}
    assert world.visible() == ["p001"]


@both
def test_a_held_run_withdraws_and_does_not_bring_back(world: World) -> None:
    world.harvest(records(30))
    report = world.harvest([CHANGED, record("new"), TOMBSTONE])
    assert (report.status, counts(report)) == ("held", {"received": 3, "unchanged": 1, "withdrawn": 1, "held": 1})
    assert "p000" not in world.visible()
    assert counts(world.parts.runner.release("plains")) == {"received": 3, "unchanged": 1, "withdrawn": 1, "added": 1}
    assert world.visible() == ["new"]


def test_a_check_says_the_same(world: World) -> None:
    world.harvest(records(3))
    world.publish([CHANGED, record("new"), record("p001"), record("p002"), TOMBSTONE, TOMBSTONE | {"id": "new"}])
    checked = world.parts.runner.check("plains")
    assert checked.adds_up
    assert checked.counts == world.run().counts
    assert counts(checked) == {"received": 6, "unchanged": 5, "withdrawn": 1}


def test_a_further_item_does_not_touch_what_is_known_of_the_first(world: World) -> None:
    """Problems of the item that counts stay, those of the other are not noted."""
    odd, other = record("p000", rank="baron"), record("p000", rank="duke", orcid="0")
    for _ in range(2):
        assert world.harvest([odd, other, record("p001")]).counts["rejected"] == 1
        known = sorted((row[3], row[5], row[6]) for row in world.table("quarantine"))
        assert known == [("p000", "id", "p000"), ("p000", "rank", "baron")]


def test_rows_of_a_spreadsheet(tmp_path: Path) -> None:
    header = "id,family name,consent,withdrawn\n"
    with open_world(tmp_path, sources={"plains": 'kind = "csv"\npath = "plains.csv"'}) as world:
        sheet = world.config / "plains.csv"
        sheet.write_text(header + "a,Invented-a,yes,\nb,Invented-b,yes,f\nc,Invented-c,yes,\n a ,Other,yes,\n")
        report = world.run()
        assert counts(report) == {"received": 4, "added": 3, "rejected": 1}
        assert [(row.where, row.code, row.message) for row in report.problems] == [
            ("line 5", "duplicate-id", "has the id of line 2, which is the one that counts")
        ]
        assert world.visible() == ["-a", "-b", "-c"]
        sheet.write_text(header + "a,Invented-a,yes,\nb,Invented-b,yes,f\nc,Invented-c,yes,\na,Invented-a,,t\nc,Invented-c,no,\n")
        assert counts(world.run()) == {"received": 5, "unchanged": 3, "withdrawn": 1, "updated": 1}
        assert world.visible() == ["-b"]
