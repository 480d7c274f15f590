"""A directory of its own for one size, in one folder: configuration, feed, store and index, and copies of the same mentors elsewhere.

A folder that is kept can be measured again without a new load: what is complete has a mark, and what has none is made anew.
"""

import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.installation import Installation
from directory.core.clock import system_clock
from directory.core.vocabulary_files import load_vocabularies
from directory.demo.files import write_feed
from directory.demo.people import records
from directory.settings import shipped_config

SOURCE: Final = "example"
EVERY: Final = 100
"""One record in so many differs in the changed feed."""

LOADED: Final = "loaded"
INDEX: Final = "elasticsearch-index"
"""Its name outlives a load that was not finished, so that the next rebuild removes what is there under it."""

SOURCES: Final = """
[source.example]
kind = "mentor-feed"
label = "Example, all mentors"
institution = { name = "Example University of the Plains", city = "Lincoln", state = "NE" }
path = "feed.ndjson"
every = "1d"
enabled = false
"""
"""Not enabled, so that the worker indexes and the benchmark decides when the source is run."""


class Place:
    """The folder of one size. One whose load was not finished begins anew."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self.feed = self.config / "feed.ndjson"
        self._vocabularies = load_vocabularies(shipped_config() / "vocabularies")
        if not self.mark(LOADED):
            self._begin()
        self._today = date.fromisoformat(self.mark("today"))

    def _begin(self) -> None:
        index = self.mark(INDEX)
        for part in (self.config, self.data, self.folder / "marks"):
            shutil.rmtree(part, ignore_errors=True)
        self.set_mark(INDEX, index)
        self.config.mkdir(parents=True)
        shutil.copytree(shipped_config() / "vocabularies", self.config / "vocabularies")
        shutil.copy(shipped_config() / "directory.toml", self.config)
        (self.config / "sources.toml").write_text(SOURCES, encoding="utf-8")
        today = system_clock().date()
        write_feed(self.feed, self.size, vocabularies=self._vocabularies, today=today)
        self.set_mark("today", today.isoformat())

    @property
    def config(self) -> Path:
        """The folder of settings, vocabularies and the feed."""
        return self.folder / "config"

    @property
    def data(self) -> Path:
        """The folder of store and embedded index."""
        return self.folder / "data"

    @property
    def sql(self) -> Path:
        """The file of the SQL way."""
        return self.folder / "sql.sqlite"

    def installation(self, engine: str, listen: str, **settings: str) -> Installation:
        """Programs over the store of this place."""
        own = {"MENTORS_CONFIG": str(self.config), "MENTORS_DATA": str(self.data), "MENTORS_LISTEN": listen, "MENTORS_LOG_LEVEL": "error"}
        return Installation(engine, listen, {**own, **settings})

    def mark(self, name: str) -> str:
        """What was noted under a name, "" if nothing was."""
        file = self.folder / "marks" / name
        return file.read_text("utf-8") if file.exists() else ""

    def set_mark(self, name: str, text: str) -> None:
        """Note something for the next run."""
        (self.folder / "marks").mkdir(parents=True, exist_ok=True)
        (self.folder / "marks" / name).write_text(text, encoding="utf-8")

    def sample(self, count: int) -> Iterator[dict[str, Any]]:
        """The first records of the feed."""
        return records(min(count, self.size), vocabularies=self._vocabularies, today=self._today)

    def change(self) -> int:
        """Rewrite the feed with another headline in one record of `EVERY`; returns how many differ."""
        changed = 0
        before = self.feed.rename(self.feed.with_suffix(".before"))
        with before.open("rb") as lines, self.feed.open("wb") as out:
            for number, stored in enumerate(lines):
                line = stored
                if number % EVERY == 1 and number <= self.size:
                    record: Mapping[str, Any] = orjson.loads(stored)
                    line = orjson.dumps({**record, "headline": f"Changed on the way, number {number}"}) + b"\n"
                    changed += 1
                out.write(line)
        before.unlink()
        return changed

    def bytes_of(self, name: str) -> int:
        """Size of a folder or of the files that begin so, in the data folder."""
        found = (path for path in self.data.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in found if str(path.relative_to(self.data)).startswith(name))
