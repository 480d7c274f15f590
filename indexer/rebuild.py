"""Rebuild: a new generation from the store, without downtime and without losing a change.

Loaded in the order of ids while the old generation serves and follows the outbox. The last step holds the right to write to the
engine: it compares the new generation with the store once more, repairs what changed since, and swaps. What changes during that
step waits in the outbox and follows behind the swap. The old generation is deleted by the swap, because it holds people who
withdrew.

A rebuild that was killed goes on where it stood: pages are applied one after another, each when the engine has acknowledged the one
before, so everybody up to the largest id was loaded. The comparison finds what changed in that part since. A lease tells a rebuild
that was killed from one that runs.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from directory.core.clock import Clock
from directory.core.errors import Conflict, Unavailable
from directory.search.engine import Generation, SearchEngine
from directory.store import outbox, profiles
from directory.store.heartbeat import heartbeat
from directory.store.profiles import ProfileRow
from directory.store.session import Store
from indexer.document import DocumentBuilder
from indexer.rebuild_lease import rebuild_lease
from indexer.repair import Repairer
from indexer.verify import Difference, Verifier
from indexer.worker import Indexer

log = logging.getLogger(__name__)

PAGE = 1000
MOST_PASSES = 5
SMALL = 1000
WAIT_SECONDS = 600.0
"""A worker lets go of the right to write as soon as it has nothing to do; a large backlog can take minutes."""
PAUSE_SECONDS = 0.1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: documents loaded, changes caught up with before the swap, and people whom the engine does not take; those
    are handed to the outbox, where they are tried again and shown."""

    generation: str
    loaded: int
    caught_up: int
    refused: int


class Rebuilder:
    """Builds and swaps generations."""

    def __init__(self, store: Store, engine: SearchEngine, builder: DocumentBuilder, indexer: Indexer, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._builder = builder
        self._indexer = indexer
        self._verifier = Verifier(store, builder, clock)
        self._serving = Repairer(store, engine, self._verifier, indexer, clock)
        self._clock = clock

    def rebuild(self, progress: Progress, *, wait_seconds: float = WAIT_SECONDS) -> Rebuilt:
        """Build, check, swap. Raises Conflict while another rebuild runs or the worker is busy for longer than `wait_seconds`,
        Unavailable when the check fails; the old one serves on."""
        with rebuild_lease(self._store, self._clock, self._indexer.lease):
            return self._rebuild(progress, wait_seconds)

    def _rebuild(self, progress: Progress, wait_seconds: float) -> Rebuilt:
        generation = self._engine.start_generation()
        try:
            loaded = self._load(generation, progress)
            caught_up = self._catch_up(generation)
            self._take_over(wait_seconds)
            with heartbeat(self._indexer.keep, self._indexer.lease):
                last = self._verifier.compare(generation, repair=True)
                self._hand_over(last.refused)
                self._check(self._verifier.compare(generation, repair=False))
                self._indexer.keep()
                self._engine.swap(generation)
                self._make_good()
        except BaseException:
            generation.abandon()
            raise
        finally:
            self._indexer.release()
        log.info("rebuild: generation %s serves, %d documents were loaded", generation.name, loaded)
        return Rebuilt(generation.name, loaded, caught_up + last.repaired, len(last.refused))

    def _load(self, generation: Generation, progress: Progress) -> int:
        """The documents loaded now; those of an earlier start of the same rebuild count for the progress alone."""
        with self._store.read() as conn:
            total = profiles.count_listed(conn)
        after, loaded = generation.resumed_after, 0
        before = generation.count() if after else 0
        while True:
            with self._store.read() as conn:
                rows = profiles.page_for_index(conn, after, PAGE)
            if not rows:
                return loaded
            loaded += self._put(generation, rows)
            after = rows[-1].person_id
            progress(before + loaded, max(total, before + loaded))

    def _put(self, generation: Generation, rows: Sequence[ProfileRow]) -> int:
        """What can't be built or is not taken shows in the comparison that follows."""
        changes, _ = self._builder.build_all(rows, self._clock().date())
        return sum(row.outcome == "applied" for row in generation.apply(changes))

    def _catch_up(self, generation: Generation) -> int:
        """Passes without the right to write, so that the last one, which has it, is short."""
        caught_up = 0
        for _ in range(MOST_PASSES):
            found = self._verifier.compare(generation, repair=True)
            caught_up += found.repaired
            if found.total <= SMALL:
                break
        return caught_up

    def _take_over(self, wait_seconds: float) -> None:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                self._indexer.hold()
            except Conflict:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _hand_over(self, refused: Mapping[str, str]) -> None:
        if not refused:
            return
        log.warning("rebuild: %d people can't be indexed; `mentors index status` will show them", len(refused))
        with self._store.write() as conn:
            waiting = outbox.people(conn, list(refused))
            outbox.add(conn, [(person, False) for person in refused if person not in waiting], self._clock())

    def _make_good(self) -> None:
        """A process that was stopped for longer than the right to write lasts may have swapped without it: others have brought changes to
        the generation before, and forgotten them."""
        try:
            self._indexer.keep()
        except Conflict:
            log.warning("rebuild: another indexer wrote during the swap; the new index is compared once more")
            self._verifier.compare(self._serving, repair=True)

    @staticmethod
    def _check(left: Difference) -> None:
        if left.unexplained:
            raise Unavailable(f"The new index differs from the store in {left.unexplained} people after its repair; the old one serves on.")
