"""`mentors index`: what is indexed, what waits, what differs."""

import json
from collections.abc import Sequence

import pytest

from directory.core.errors import Unavailable
from directory.search.engine import Applied, Change
from directory.store import outbox
from indexer.engines.embedded import EmbeddedEngine
from indexer.engines.first import NO_INDEX
from tests.cli.conftest import Mentors
from tests.world import World, record, records


def test_status_drain_and_verify(world: World, mentors: Mentors) -> None:
    world.harvest(records(5))
    body = json.loads(mentors("index", "status", "--json").stdout)
    assert (body["engine"], body["pending"], body["parked"], body["parked_changes"]) == ("embedded", 5, 0, [])
    result = mentors("index", "verify", "--json")
    assert (result.exit_code, result.stderr) == (2, f"Error: {NO_INDEX}\n")
    result = mentors("index", "drain")
    assert (result.exit_code, result.output) == (0, "5 changes indexed.\n")
    result = mentors("index", "verify", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        0,
        {"compared": 5, "missing": 0, "stale": 0, "lingering": 0, "waiting": 0, "repaired": 0, "ids": {}},
    )
    body = json.loads(mentors("index", "status", "--json").stdout)
    assert (body["documents"], body["tombstones"], body["pending"], body["oldest"], body["up_to_date"]) == (5, 0, 0, None, "ok")
    assert mentors("index", "status").output.splitlines()[1] == "0 changes wait, 0 parked"
    assert len(world.shown()) == 5


def test_verify_finds_and_repairs(world: World, mentors: Mentors) -> None:
    world.harvest(records(3))
    assert mentors("index", "drain").exit_code == 0
    world.harvest([record("p000", headline="New words"), *records(2, start=1)])
    with world.store.write() as conn:
        outbox.done(conn, [row[0] for row in world.table("outbox")])
    result = mentors("index", "verify")
    assert (result.exit_code, result.output.splitlines()) == (
        1,
        ["3 compared, 0 missing, 1 stale, 0 lingering, 0 waiting, 0 repaired", f"  stale: {world.person('p000')}"],
    )
    assert mentors("index", "verify", "--repair").exit_code == 0
    assert mentors("index", "verify").exit_code == 0


def test_rebuild(world: World, mentors: Mentors) -> None:
    world.harvest(records(4))
    result = mentors("index", "rebuild")
    assert result.exit_code == 0
    assert result.output.endswith(" serves: 4 loaded, 0 caught up.\n")
    assert mentors("index", "status").output.splitlines()[1] == "0 changes wait, 0 parked"
    assert len(world.shown()) == 4


def test_a_parked_change_is_shown_and_can_be_tried_again(world: World, mentors: Mentors, monkeypatch: pytest.MonkeyPatch) -> None:
    world.harvest(records(3))
    person = world.person("p001")
    real = EmbeddedEngine.apply

    def apply(self: EmbeddedEngine, changes: Sequence[Change]) -> list[Applied]:
        bad = [Applied(change.id, "rejected", "a text can't be encoded") for change in changes if change.id == person]
        return [*real(self, [change for change in changes if change.id != person]), *bad]

    monkeypatch.setattr(EmbeddedEngine, "apply", apply)
    world.environment["MENTORS_WORKER_ATTEMPTS"] = "2"
    result = mentors("index", "drain")
    assert (result.exit_code, result.stdout) == (1, "3 changes indexed. Waiting for another try: 1, parked: 0.\n")
    with world.store.write() as conn:
        conn.exec_driver_sql("UPDATE outbox SET available_at = created_at")
    assert mentors("index", "drain").exit_code == 1
    assert json.loads(mentors("index", "status", "--json").stdout)["parked_changes"] == [
        {"person": person, "attempts": 2, "error": "a text can't be encoded"}
    ]
    assert f"  parked: {person} after 2 attempts: a text can't be encoded" in mentors("index", "status").output
    monkeypatch.undo()
    assert mentors("index", "drain").output == "0 changes indexed. Waiting for another try: 0, parked: 1.\n"
    assert mentors("index", "drain", "--retry-parked").output == "1 change indexed.\n"
    assert len(world.shown()) == 3


def test_status_says_what_waits_while_the_engine_does_not_answer(world: World, mentors: Mentors, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise Unavailable("the engine is away")

    world.harvest(records(2))
    for name in ("apply", "status"):
        monkeypatch.setattr(EmbeddedEngine, name, down)
    assert (mentors("index", "drain").exit_code, world.parts.settings.engine.kind) == (2, "embedded")
    result = mentors("index", "status")
    lines = result.output.splitlines()
    assert (result.exit_code, lines[0].startswith("2 changes wait, 0 parked, oldest since "), lines[1:]) == (
        1,
        True,
        ["  2 changes came back: the engine is away", "the engine is away"],
    )
    body = json.loads(mentors("index", "status", "--json").stdout)
    assert (body["pending"], body["failing"], body["trouble"], body["documents"]) == (2, 2, "the engine is away", None)
    assert body["up_to_date"] == "the engine is away"
