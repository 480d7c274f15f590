"""The indexer over the whole product."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, open_world


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def engine() -> str:
    return "embedded"


@pytest.fixture
def world(tmp_path: Path, dialect: str, engine: str) -> Iterator[World]:
    with open_world(tmp_path, dialect, engine=engine, settings={"WORKER_ATTEMPTS": "3", "WORKER_BATCH": "50"}) as opened:
        yield opened
