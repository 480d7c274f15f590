"""A directory of invented mentors behind the real application: records come in as from a source, the real engine indexes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from flask import Flask
from flask.testing import FlaskClient

from directory.app import create_app
from directory.bootstrap import Parts, build
from directory.core.record_reader import RecordReader
from directory.demo.people import records
from directory.services.ingest import Arrival, take_in, take_out
from directory.settings import load_settings
from directory.store.schema import upgrade

NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCE: Final = "plains"
AGREED: Final = [{"purpose": "listing", "state": "granted", "at": "2026-11-01", "evidence": "form 12"}]

SOURCES: Final = """
[source.plains]
kind = "mentor-feed"
label = "Example University of the Plains, feed"
path = "plains.json"
institution = { name = "Example University of the Plains", city = "Lincoln", state = "NE" }
"""


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **step: float) -> None:
        self.now += timedelta(**step)


class Directory:
    """The application with its parts, and what happens to a directory from outside."""

    def __init__(self, parts: Parts, time: Time) -> None:
        self.parts = parts
        self.time = time
        self.app: Flask = create_app(parts)

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def harvest(self, items: Iterable[Mapping[str, Any]], source: str = SOURCE) -> None:
        """Take records in as the runner does."""
        reader = RecordReader(self.parts.vocabularies)
        arrivals = []
        for item in items:
            parsed = reader.read(item, source=source, received_at=self.time())
            assert parsed.record is not None, parsed.problems
            arrivals.append(Arrival(parsed.record, b"\0" * 16, "test"))
        with self.parts.store.write() as conn:
            take_in(conn, source, arrivals, self.parts.policy, self.time())

    def drop(self, external_ids: list[str], source: str = SOURCE) -> None:
        """The source reports that these people withdrew."""
        with self.parts.store.write() as conn:
            take_out(conn, source, external_ids, self.parts.policy, self.time(), explicit=True)

    def index(self) -> None:
        """Let the indexer work off the outbox."""
        while self.parts.indexer.drain().taken:
            pass

    def get(self, path: str, **arguments: Any) -> Any:
        """The JSON body of an answer that has to be 200."""
        response = self.client.get(path, query_string=arguments or None)
        assert response.status_code == 200, (path, arguments, response.get_data(as_text=True))
        return orjson.loads(response.data)

    def search(self, **arguments: Any) -> Any:
        """One page of the search."""
        return self.get("/api/v1/mentors", **arguments)

    def walk(self, between: Callable[[], None] = lambda: None, **arguments: Any) -> Iterator[Any]:
        """Every page of the search, following `links.next`; `between` is called before each but the first."""
        page = self.search(**arguments)
        yield page
        while "next" in page["links"]:
            between()
            page = self.get(page["links"]["next"])
            yield page

    def items(self, **arguments: Any) -> list[dict[str, Any]]:
        """All items of a search."""
        return [item for page in self.walk(**arguments) for item in page["items"]]

    def id_of(self, family: str) -> str:
        """The id of the one listed mentor of a name."""
        (found,) = (item["id"] for item in self.items(q=f'"{family}"'))
        return str(found)


def record(external_id: str, family: str, **facts: Any) -> dict[str, Any]:
    """A small record of somebody who agreed to be listed."""
    return {
        "id": external_id,
        "updated_at": "2026-11-20T09:00:00Z",
        "name": {"given": "Ines", "family": family},
        "institution": {"name": "Example University of the Plains", "city": "Lincoln", "state": "NE"},
        "consent": AGREED,
    } | facts


def invented(parts: Parts, count: int, start: int = 0) -> list[dict[str, Any]]:
    """Records of the demo's generator."""
    return list(records(count, start, vocabularies=parts.vocabularies, today=NOW.date()))


@contextmanager
def open_directory(folder: Path, **environment: str) -> Iterator[Directory]:
    """An empty directory with the shipped vocabularies, one source, SQLite and the embedded engine."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "vocabularies").symlink_to(Path(__file__).parents[2] / "config" / "vocabularies")
    (config / "directory.toml").write_text("", encoding="utf-8")
    (config / "sources.toml").write_text(SOURCES, encoding="utf-8")
    time = Time()
    given = {"MENTORS_CONFIG": str(config), "MENTORS_DATA": str(folder / "data")} | environment
    parts = build(load_settings(given), clock=time)
    try:
        upgrade(parts.store)
        yield Directory(parts, time)
    finally:
        parts.close()
