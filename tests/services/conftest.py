"""The use cases over the whole product, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, open_world

SOURCES = {"plains": "", "harbor": "", "lakes": ""}


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path, dialect, sources=SOURCES) as opened:
        yield opened
