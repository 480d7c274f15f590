"""Putting right what differs in the index that serves, with the right to write to it."""

from collections.abc import Callable, Sequence

from directory.core.clock import Clock
from directory.core.errors import Conflict
from directory.search.engine import Applied, Change, IndexedVersion, SearchEngine, Tombstone
from directory.store import outbox, people
from directory.store.heartbeat import heartbeat
from directory.store.session import Store
from indexer.verify import Difference, Verifier
from indexer.worker import Indexer


class Repairer:
    """Compares the serving index with the store and writes what differs."""

    def __init__(self, store: Store, engine: SearchEngine, verifier: Verifier, indexer: Indexer, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._verifier = verifier
        self._indexer = indexer
        self._clock = clock

    def repair(self, progress: Callable[[int], None]) -> Difference:
        """One ordered pass. Raises Conflict while somebody else writes to the engine."""
        self._indexer.hold()
        try:
            with heartbeat(self._indexer.keep, self._indexer.lease):
                return self._verifier.compare(self, repair=True, progress=progress)
        finally:
            self._indexer.release()

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        """What the index holds."""
        return self._engine.versions(after, limit)

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Write; where a worker that has nothing to do has the files open, let it: the changes of people whom the store knows go to the
        outbox."""
        try:
            return self._engine.apply(changes)
        except Conflict:
            with self._store.write() as conn:
                known = people.get(conn, [change.id for change in changes])
                reported = [(change.id, isinstance(change, Tombstone)) for change in changes if change.id in known]
                outbox.add(conn, reported, self._clock())
            return [Applied(change.id, "stale") for change in changes]
