"""The engines that the contract suite runs on. Another engine is one more entry in `KITS`."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import pytest
from elasticsearch import Elasticsearch

from directory.search.engine import SearchEngine
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.embedded import EmbeddedEngine
from tests.corpus import mentors


class Kit(Protocol):
    """Opens engines over one and the same index, as the processes of an installation do."""

    def open(self) -> SearchEngine: ...
    def close(self) -> None: ...


class EmbeddedKit:
    """The embedded engine in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: list[EmbeddedEngine] = []

    def open(self) -> SearchEngine:
        engine = EmbeddedEngine(self._folder / "index", vocabularies_fingerprint="corpus")
        self._opened.append(engine)
        return engine

    def close(self) -> None:
        for engine in self._opened:
            engine.close()


class ElasticsearchKit:
    """The Elasticsearch engine behind an alias of its own."""

    def __init__(self) -> None:
        self.address = Address(elasticsearch_url(), f"test-{secrets.token_hex(6)}", replicas=0, seconds=20)
        self._opened: list[ElasticsearchEngine] = []

    def open(self) -> ElasticsearchEngine:
        engine = ElasticsearchEngine(self.address, vocabularies_fingerprint="corpus")
        self._opened.append(engine)
        return engine

    def close(self) -> None:
        for engine in self._opened:
            engine.close()
        with closing(Elasticsearch(self.address.url, request_timeout=20)) as client:
            for name in client.indices.get(index=f"{self.address.index}-*", features="aliases").body:
                client.indices.delete(index=name)


def elasticsearch_url() -> str:
    """The server that tests may use."""
    url = os.environ.get("TEST_ELASTICSEARCH_URL", "")
    if not url:
        pytest.skip("TEST_ELASTICSEARCH_URL is not set, see `make services`")
    return url


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
