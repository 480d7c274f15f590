"""A directory of its own for one size: configuration, feed, store and index in one folder."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from directory.bootstrap import Parts, build, settle
from directory.core.clock import system_clock
from directory.core.vocabulary_files import load_vocabularies
from directory.demo.files import write_feed
from directory.demo.people import records
from directory.settings import load_settings, shipped_config, with_environment
from directory.store import schema

SOURCE: Final = "example"
EVERY: Final = 100
"""One record in so many differs in the changed feed."""

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
    """The folder of one size."""

    def __init__(self, folder: Path, size: int, listen: str) -> None:
        self.folder = folder
        self.listen = listen
        self.size = size
        self._own = {"MENTORS_CONFIG": str(folder / "config"), "MENTORS_DATA": str(folder / "data"), "MENTORS_LISTEN": listen}
        self._own |= {"MENTORS_LOG_LEVEL": "error"}
        config = folder / "config"
        config.mkdir(parents=True)
        shutil.copytree(shipped_config() / "vocabularies", config / "vocabularies")
        shutil.copy(shipped_config() / "directory.toml", config)
        (config / "sources.toml").write_text(SOURCES, encoding="utf-8")
        self.feed = config / "feed.ndjson"
        self._today = system_clock().date()
        self._vocabularies = load_vocabularies(config / "vocabularies")
        write_feed(self.feed, size, vocabularies=self._vocabularies, today=self._today)

    @property
    def environment(self) -> dict[str, str]:
        """For programs that work in this place."""
        return with_environment(self._own)

    def parts(self) -> Parts:
        """Parts that read the index; the worker process writes it."""
        parts = build(load_settings(self._own), read_only_engine=True)
        if schema.pending(parts.store):
            schema.upgrade(parts.store)
        settle()
        return parts

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
        found = (path for path in (self.folder / "data").rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in found if str(path.relative_to(self.folder / "data")).startswith(name))
