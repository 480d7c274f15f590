"""One vocabulary, one cast and one set of files for all tests of the demo."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from directory.core.vocabulary import Vocabularies
from directory.core.vocabulary_files import load_vocabularies
from directory.demo.files import write_files
from directory.demo.people import Cast
from directory.demo.plan import DemoPlan
from directory.demo.replay import ReplayServer

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="session")
def vocabularies() -> Vocabularies:
    return load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies")


@pytest.fixture
def cast(vocabularies: Vocabularies) -> Cast:
    return Cast(vocabularies, today=TODAY)


@pytest.fixture(scope="session")
def people(vocabularies: Vocabularies) -> list[dict[str, Any]]:
    """The 3,000 of the demo; read only."""
    return list(Cast(vocabularies, today=TODAY).records(3000))


@pytest.fixture(scope="session")
def served(vocabularies: Vocabularies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPlan]:
    """The files of the demo, with the profile server running."""
    folder = tmp_path_factory.mktemp("demo")
    with ReplayServer(folder / "profiles") as server:
        yield write_files(folder, vocabularies=vocabularies, today=TODAY, replay_url=server.url)
