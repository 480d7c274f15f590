"""Two directories: a large one that tests only read, and a small fresh one for each test that changes something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.api.people import Directory, invented, open_directory

SIZE = 240


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """About 225 listed mentors. Read only."""
    with open_directory(tmp_path_factory.mktemp("directory")) as made:
        made.harvest(invented(made.parts, SIZE))
        made.index()
        yield made


@pytest.fixture
def client(directory: Directory) -> FlaskClient:
    return directory.client


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Directory]:
    """An empty directory of this test alone."""
    with open_directory(tmp_path / "fresh") as made:
        yield made
