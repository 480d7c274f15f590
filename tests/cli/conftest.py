"""Commands in the process of the test, with the settings of a world; what a command does to logging is undone."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from directory.cli import main
from directory.logs import NOISY
from tests.world import World, open_world

Mentors = Callable[..., Result]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, sources={"plains": "", "harbor": ""}) as opened:
        yield opened


def call(environment: dict[str, str], *arguments: str) -> Result:
    """Run a command; it must not end with a trace."""
    result = CliRunner().invoke(main, list(arguments), env={"MENTORS_LISTEN": "127.0.0.1:0", **environment})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.stderr
    return result


@pytest.fixture
def mentors(world: World) -> Mentors:
    """Runs a command over the world."""
    return lambda *arguments: call(world.environment, *arguments)
