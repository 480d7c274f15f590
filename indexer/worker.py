"""From outbox to engine: claim changes, load the state of now, write documents and tombstones, forget the change.

A row of the outbox says only that a profile changed; what is written is what the store says at this moment. Rows are
removed after the engine has the change, so a crash repeats work and loses none. The rows of people who changed meanwhile stay
too: a writer that was held up may bring what is outdated to a new generation, which knows nothing of people who left before it was
made. A change that keeps failing is parked for an operator and never blocks the others.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from directory.core.clock import Clock
from directory.core.errors import Conflict, DirectoryError
from directory.search.engine import Applied, Change, SearchEngine, Tombstone
from directory.store import installation, leases, outbox, people, profiles
from directory.store.holders import holder_name, is_gone
from directory.store.outbox import Claimed
from directory.store.session import Store
from indexer.document import DocumentBuilder

log = logging.getLogger(__name__)

LEASE = "indexer"
"""Whoever holds this lease writes to the engine alone: the last step of a rebuild, a repair and, where the engine has one writer, the
worker or a drain."""

FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Drained:
    """What one pass did. `taken` 0 means that nothing was due."""

    taken: int = 0
    applied: int = 0
    stale: int = 0
    parked: int = 0
    retried: int = 0


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """From the settings."""

    batch: int = 5000
    lease: timedelta = timedelta(seconds=60)
    attempts: int = 8


class Indexer:
    """Takes changes from the outbox to the engine. One at a time works, by lease; others wait. With an engine of many writers all work,
    each on the changes that it claimed, while nobody has the lease."""

    def __init__(self, store: Store, engine: SearchEngine, builder: DocumentBuilder, clock: Clock, limits: WorkerLimits) -> None:
        self._store = store
        self._engine = engine
        self._builder = builder
        self._clock = clock
        self._limits = limits
        self._name = holder_name(LEASE)
        self._token: int | None = None
        self._noted = False

    @property
    def lease(self) -> timedelta:
        """How long the right to write to the engine lasts without `keep`."""
        return self._limits.lease

    def drain(self) -> Drained:
        """One batch. Raises Conflict while somebody else writes to the engine, Unavailable when store or engine are down.

        With nothing to do it only reads, and lets go of the right to write, which a rebuild may be waiting for.
        """
        now = self._clock()
        with self._store.read() as conn:
            due = outbox.due(conn, self._name, now)
        if not due:
            self.release()
            return Drained()
        claimed = self._claim_beside_others() if self._engine.many_writers else self._claim_alone()
        if not claimed:
            return Drained()
        try:
            return self._work(claimed)
        except Conflict:  # another process still has the engine's own lock: it may as well do this work, so let it
            self._give_back(claimed, "", timedelta())
            self.release()
            raise
        except DirectoryError as error:
            self._give_back(claimed, str(error), FIRST_DELAY)
            raise

    def _claim_alone(self) -> list[Claimed]:
        with self._holding() as conn:
            return self._claim(conn)

    def _claim_beside_others(self) -> list[Claimed]:
        """Nothing while a rebuild compares for the last time: what is claimed then could end in the generation that it replaces."""
        with self._store.write() as conn:
            if not leases.keep_free(conn, LEASE, self._clock()):
                raise Conflict("A rebuild or a repair has the search index for itself.")
            claimed = self._claim(conn)
            if not claimed and outbox.free_claims_of(conn, is_gone):
                claimed = self._claim(conn)
            return claimed

    def _claim(self, conn: Connection) -> list[Claimed]:
        return outbox.claim(conn, self._name, now=self._clock(), limit=self._limits.batch, lease=self._limits.lease)

    def hold(self) -> None:
        """Take or renew the right to write to the engine. Raises Conflict."""
        with self._holding():
            pass

    @contextmanager
    def _holding(self) -> Iterator[Connection]:
        """A transaction that also takes or renews the right to write. It is believed in when it is committed: the token of one that was
        rolled back is given to the next one who asks."""
        with self._store.write() as conn:
            token = self._renewed(conn) or self._taken(conn)
            yield conn
        self._token = token

    def _renewed(self, conn: Connection) -> int | None:
        token = self._token
        renewed = token is not None and leases.renew(conn, LEASE, token, self._clock(), self._limits.lease)
        return token if renewed else None

    def _taken(self, conn: Connection) -> int:
        token = leases.acquire(conn, LEASE, self._name, self._clock(), self._limits.lease)
        if token is None:
            self._token = None
            raise Conflict("Another indexer is at work; it holds the right to write to the index.")
        if self._engine.many_writers:
            outbox.free_claims_of(conn, is_gone)
        else:
            outbox.free_claims(conn)  # whoever made them has lost the right, or died
        return token

    def keep(self) -> None:
        """Renew the right to write. Raises Conflict when somebody else has taken it meanwhile."""
        with self._store.write() as conn:
            if self._token is None or not leases.renew(conn, LEASE, self._token, self._clock(), self._limits.lease):
                raise Conflict("The right to write to the index was lost: another indexer took over.")

    def release(self) -> None:
        """Let another indexer take over at once."""
        if self._token is not None:
            with self._store.write() as conn:
                leases.release(conn, LEASE, self._token, self._clock())
            self._token = None

    def _work(self, claimed: Sequence[Claimed]) -> Drained:
        changes, broken = self._build(claimed)
        outcomes = self._apply(changes)
        failed = {row.id: row.reason for row in outcomes if row.outcome == "rejected"} | broken
        outdated = self._outdated(changes)
        parked = retried = 0
        with self._store.write() as conn:
            if not self._noted:
                installation.put(conn, installation.INDEXED, "yes")
            kept = failed.keys() | outdated
            outbox.done(conn, [row_id for row in claimed if row.person_id not in kept for row_id in row.ids])
            again = [row_id for row in claimed if row.person_id in outdated - failed.keys() for row_id in row.ids]
            outbox.give_back(conn, self._name, again, "", available_at=self._clock())
            for row in claimed:
                if row.person_id not in failed:
                    continue
                if row.attempts >= self._limits.attempts:
                    outbox.park(conn, self._name, row.ids, failed[row.person_id])
                    parked += 1
                else:
                    outbox.retry(conn, self._name, row.ids, failed[row.person_id], available_at=self._clock() + _delay(row.attempts))
                    retried += 1
        self._noted = True
        if failed:
            log.warning("index: %d changes failed, %d of them parked", len(failed), parked)
        applied = sum(row.outcome == "applied" for row in outcomes)
        return Drained(len(claimed), applied, sum(row.outcome == "stale" for row in outcomes), parked, retried)

    def _build(self, claimed: Sequence[Claimed]) -> tuple[list[Change], dict[str, str]]:
        today = self._clock().date()
        ids = [row.person_id for row in claimed]
        with self._store.read() as conn:
            rows = profiles.by_ids(conn, ids)
            gone = people.get(conn, [person for person in ids if person not in rows])
        changes, broken = self._builder.build_all(rows.values(), today)
        return [*(Tombstone(row.id, row.version) for row in gone.values()), *changes], broken

    def _outdated(self, changes: Sequence[Change]) -> set[str]:
        """Of whom the store says something else now than what was written a moment ago."""
        with self._store.read() as conn:
            versions = profiles.versions_of(conn, [change.id for change in changes])
        return {change.id for change in changes if versions.get(change.id) != change.version}

    def _apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Apply a batch. If something in it is more than the engine can take, one by one, so that the others are not held up."""
        try:
            return self._engine.apply(changes)
        except DirectoryError:
            raise
        except Exception as error:  # noqa: BLE001 what an engine's library raises for a change that it can't take can't be known
            if len(changes) == 1:
                return [Applied(changes[0].id, "rejected", type(error).__name__)]
            return [row for change in changes for row in self._apply([change])]

    def _give_back(self, claimed: Sequence[Claimed], reason: str, delay: timedelta) -> None:
        """The engine did not take the batch as a whole: not the fault of any row, so no attempt is counted."""
        with self._store.write() as conn:
            ids = [row_id for row in claimed for row_id in row.ids]
            outbox.give_back(conn, self._name, ids, reason, available_at=self._clock() + delay)


def _delay(attempts: int) -> timedelta:
    return min(LONGEST_DELAY, FIRST_DELAY * int(2 ** min(attempts, 10)))
