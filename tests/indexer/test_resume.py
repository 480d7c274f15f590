"""A rebuild of the whole product that is killed, and what happened to the people in the meantime."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.engines.embedded import rebuild as generation
from tests.dialects import both_engines, everywhere
from tests.world import World, record, records

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from directory.bootstrap import build
from directory.settings import load_settings
import indexer.rebuild
from indexer.engines.embedded import rebuild

indexer.rebuild.PAGE, rebuild.COMMIT_EVERY = 10, 20

def watch(done, total):
    if done >= int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

environment = {name: value for name, value in os.environ.items() if name.startswith("MENTORS_")}
build(load_settings(environment)).rebuilder.rebuild(watch)
"""


def killed(world: World, at: int) -> None:
    """A rebuild by another process that dies when so many documents are loaded; every second page of ten was committed."""
    command = [sys.executable, "-c", KILLED, str(at)]
    ended = subprocess.run(command, cwd=ROOT, env=world.environment | {"PATH": os.environ["PATH"]}, check=False)
    assert ended.returncode == -signal.SIGKILL


@everywhere
def test_only_what_is_missing_is_loaded_and_everything_is_compared(world: World, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "COMMIT_EVERY", 20)
    world.harvest(records(60))
    world.drain()
    killed(world, 30)
    killed(world, 50)
    assert len(world.shown()) == 60
    ids = sorted(world.person(f"p{number:03}") for number in range(60))
    by_id = {world.person(f"p{number:03}"): f"p{number:03}" for number in range(60)}
    world.parts.consent.withdraw(ids[0], evidence="letter")
    world.harvest([record(name, headline="New words") if name == by_id[ids[1]] else record(name) for name in sorted(by_id.values())])
    seen: list[int] = []
    done = world.parts.rebuilder.rebuild(lambda now, _total: seen.append(now), wait_seconds=5)
    assert done.loaded == (20 if engine == "embedded" else 10)  # the server has also the last page before the kill
    assert (min(seen), max(seen)) == (60, 60)
    assert done.caught_up == 2
    assert by_id[ids[0]] not in world.shown()
    assert (len(world.visible()), world.differences()) == (59, 0)


@both_engines
def test_somebody_new_in_the_part_that_was_loaded_is_found(world: World) -> None:
    world.harvest(records(60))
    killed(world, 50)
    world.harvest([*records(60), *[record(f"n{number}") for number in range(12)]])
    world.parts.rebuilder.rebuild(lambda _now, _total: None, wait_seconds=5)
    assert (len(world.shown()), world.differences()) == (72, 0)
    assert len(world.generations()) == 1
