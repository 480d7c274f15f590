"""What `mentors serve` and `mentors worker` do before they begin, and what keeps them from it."""

import sys

import pytest

from directory.cli import web, worker
from directory.store import restoring
from directory.store.journal import new_entry
from tests.cli.conftest import Mentors
from tests.world import World, record

BEGUN = ["serve", "worker"]


@pytest.fixture(autouse=True)
def _begin_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "start_server", lambda _settings: None)
    monkeypatch.setattr(worker, "run_until_signal", lambda _worker: None)
    monkeypatch.setattr(worker, "COMMAND", (sys.executable, "-c", "import sys; sys.stdin.read()"))


@pytest.mark.parametrize("command", BEGUN)
def test_a_decision_that_was_written_but_not_committed_is_carried_out(world: World, mentors: Mentors, command: str) -> None:
    world.harvest([record("a"), record("b")])
    world.parts.journal.append([new_entry("withdraw", world.person("a"), world.clock(), purpose="listing")])
    world.parts.indexer.release()
    world.parts.engine.close()
    assert "Decisions of the journal that the store lacked, carried out now: 1\n" in mentors(command).stderr
    assert world.listed() == 1
    assert "Decisions" not in mentors(command).stderr


@pytest.mark.parametrize("command", BEGUN)
def test_a_lost_key_is_not_replaced(world: World, mentors: Mentors, command: str) -> None:
    (world.data / "secret.key").unlink()
    result = mentors(command)
    assert result.exit_code == 2
    assert result.stderr == "Error: secret.key is missing, and no other one fits this database: restore secret.key from a backup\n"


@pytest.mark.parametrize("command", [*BEGUN, "config check"])
def test_an_interrupted_restore_has_to_be_ended_first(world: World, mentors: Mentors, command: str) -> None:
    with world.store.write() as conn:
        restoring.begin(conn)
    result = mentors(*command.split())
    assert (result.exit_code, result.stderr) == (2, "Error: a restore was interrupted: run `mentors restore` again\n")
    assert mentors("db", "upgrade").output == "Nothing to upgrade.\n"
    with world.store.write() as conn:
        restoring.end(conn)
