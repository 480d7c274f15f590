"""Everything that is measured in one directory, in an order in which every index has the state of the store when it is asked."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from benchmarks import concurrency, footprint, freshness, loading, rebuilding, searching
from benchmarks.copies import embedded, is_usable, match_store, on_elasticsearch, remove
from benchmarks.installation import Installation
from benchmarks.place import LOADED, Place
from benchmarks.processes import server, worker
from benchmarks.questions import Question, mixed, questions
from benchmarks.report import Row
from benchmarks.results import Results

MOST_LOADED_TWICE: Final = 100_000
"""Larger directories are not loaded a second time to measure the load on Elasticsearch."""

FILLED: Final = "filled"

BY_PLACE: Final = frozenset(("beside", "changes", "concurrency", "loading", "rebuilding", "searching", "size"))
ASKING: Final = frozenset(("beside", "searching", "size"))


class OneSize:
    """Measures what was named and keeps it. `url` is a server for Elasticsearch, "" for none."""

    def __init__(self, place: Place, names: frozenset[str], url: str, results: Results, day: str) -> None:
        self._place = place
        self._names = names
        self._results = results
        self._day = day
        self._local = embedded(place)
        self._url = url
        self._remote = on_elasticsearch(place, url) if url else None
        self._started = time.monotonic()

    def measure(self) -> None:
        """All of it."""
        if not self._place.mark(LOADED):
            self._put("loading", self._load())
        if self._names - {"loading"}:
            self._keep_up()
        if self._names & (ASKING | {"concurrency"}):
            with self._local.parts() as parts:
                kinds = questions(self._place, parts)
                if self._names & ASKING:
                    self._ask(parts, kinds)
            if "concurrency" in self._names:
                paths = mixed(kinds)
                self._put("concurrency", [row for one in self._both() for row in concurrency.measure(self._place.size, one, paths)])

    def remove_index(self) -> None:
        """Delete what is on the server."""
        if self._remote:
            remove(self._remote)

    def _both(self) -> list[Installation]:
        return [self._local, self._remote] if self._remote else [self._local]

    def _put(self, name: str, figures: Any) -> None:
        self._results.put(name, self._place.size, figures, self._day)
        print(f"{self._place.size:,} mentors: {name} measured after {time.monotonic() - self._started:.0f} s", flush=True)

    def _load(self) -> Sequence[Row]:
        rows = [_load(self._place, self._local)]
        self._place.set_mark(LOADED, "yes")
        if self._url and "loading" in self._names and self._place.size <= MOST_LOADED_TWICE:
            with self._second_place() as (place, installation):
                rows.append(_load(place, installation))
        return rows

    @contextmanager
    def _second_place(self) -> Iterator[tuple[Place, Installation]]:
        place = Place(self._place.folder / "second", self._place.size)
        installation = on_elasticsearch(place, self._url)
        try:
            yield place, installation
        finally:
            remove(installation)
            shutil.rmtree(place.folder)

    def _keep_up(self) -> None:
        """Changes, each brought to one index alone by the worker; rebuilds, or else repairs of what the other worker did."""
        changes: list[Row] = []
        rebuilt: list[Row] = []
        if "changes" in self._names:
            changes += _change(self._place, self._local)
        if self._remote:
            rebuilt += self._bring_up(self._remote)
            if "changes" in self._names:
                changes += _change(self._place, self._remote)
        rebuilt += self._bring_up(self._local)
        if changes:
            self._put("changes", changes)
        if "rebuilding" in self._names:
            self._put("rebuilding", rebuilt[::-1])

    def _bring_up(self, installation: Installation) -> list[Row]:
        filled = f"{FILLED} {installation.engine}"
        found = installation is self._local or self._place.mark(filled)
        if found and "rebuilding" not in self._names and is_usable(installation):
            match_store(installation)
            return []
        row = rebuilding.measure(self._place, installation)
        self._place.set_mark(filled, "yes")
        return [row]

    def _ask(self, parts: Any, kinds: list[Question]) -> None:
        with ExitStack() as running:
            serving = running.enter_context(server(self._local))
            if self._remote:
                running.enter_context(server(self._remote))
            self._put("searching", searching.measure(self._place, parts, kinds, self._local, self._remote))
            self._put("size", [footprint.measure(self._place, serving, self._remote)])


def _load(place: Place, installation: Installation) -> Row:
    with installation.parts() as parts, worker(installation) as indexing:
        return loading.measure(place, installation.engine, parts, indexing)


def _change(place: Place, installation: Installation) -> Sequence[Row]:
    with installation.parts() as parts, worker(installation):
        return freshness.measure(place, installation.engine, parts)
