"""The engines that the contract suite runs on. Another engine is one more entry in `KITS`."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from directory.search.engine import SearchEngine
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.embedded import EmbeddedEngine
from tests.corpus import KEYS, mentors
from tests.search_engines import WITHOUT_ELASTICSEARCH, delete_indexes, indexes, server_url

ROOT = Path(__file__).parents[2]


class Kit(Protocol):
    """Opens engines over one and the same index, as the processes of an installation do."""

    place: tuple[str, ...]
    """How `other_process` is told of it."""

    def open(self) -> SearchEngine: ...
    def generations(self) -> list[str]: ...
    def close(self) -> None: ...


class EmbeddedKit:
    """The embedded engine in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "index"
        self.place: tuple[str, ...] = ("embedded", str(self._folder))
        self._opened: list[EmbeddedEngine] = []

    def open(self) -> SearchEngine:
        engine = EmbeddedEngine(self._folder, vocabularies_fingerprint="corpus", values=KEYS)
        self._opened.append(engine)
        return engine

    def generations(self) -> list[str]:
        """All that exist, in the order in which they were made."""
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    def close(self) -> None:
        for engine in self._opened:
            engine.close()


class ElasticsearchKit:
    """The Elasticsearch engine behind an alias of its own."""

    def __init__(self) -> None:
        self.address = Address(elasticsearch_url(), f"test-{secrets.token_hex(6)}", replicas=0, seconds=20)
        self.place: tuple[str, ...] = ("elasticsearch", self.address.url, self.address.index)
        self._opened: list[ElasticsearchEngine] = []

    def open(self) -> ElasticsearchEngine:
        engine = ElasticsearchEngine(self.address, vocabularies_fingerprint="corpus")
        self._opened.append(engine)
        return engine

    def generations(self) -> list[str]:
        """All that exist, in the order in which they were made."""
        return indexes(self.address.index)

    def close(self) -> None:
        for engine in self._opened:
            engine.close()
        delete_indexes(self.address.index)


def elasticsearch_url() -> str:
    """The server that tests may use."""
    url = server_url()
    if not url:
        pytest.skip(WITHOUT_ELASTICSEARCH)
    return url


@contextmanager
def other_process(what: str, place: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """`tests/engines/other_process.py`, which is dead at the end of the block."""
    command = [sys.executable, "-m", "tests.engines.other_process", what, *place]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()
            started.communicate()


KITS: dict[str, Callable[[Path], Kit]] = {"embedded": EmbeddedKit, "elasticsearch": lambda folder: ElasticsearchKit()}


@pytest.fixture(params=KITS, scope="module")
def kit_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def kit(kit_name: str, tmp_path: Path) -> Iterator[Kit]:
    """A new, empty index."""
    made = KITS[kit_name](tmp_path)
    yield made
    made.close()


@pytest.fixture
def engine(kit: Kit) -> SearchEngine:
    """An engine over an empty index."""
    return kit.open()


@pytest.fixture(scope="module")
def corpus_engine(kit_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    """An engine that holds the corpus; tests only read it."""
    made = KITS[kit_name](tmp_path_factory.mktemp("corpus"))
    opened = made.open()
    opened.apply(mentors())
    yield opened
    made.close()
