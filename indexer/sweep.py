"""What the calendar changes by itself: consents that run out, confirmations that lapse, pauses that end, rejected items that get old."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from directory.core.clock import Clock
from directory.services.consent import expire
from directory.services.ingest import IngestPolicy
from directory.store import installation, profiles, quarantine
from directory.store.session import Store

log = logging.getLogger(__name__)

BATCH = 500
RANGE = 5000
"""People made due in one transaction."""

Due = Callable[[Connection, datetime, int], list[str]]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many people, and how many rejected items, each kind of change concerned."""

    expired: int
    changed: int
    purged: int


class Sweeper:
    """Finds what is due by index, never by a scan of people. Rejected items are kept for `keep`."""

    def __init__(self, store: Store, policy: IngestPolicy, clock: Clock, keep: timedelta) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._keep = keep

    def sweep(self) -> Swept:
        """Everything that is due now."""
        now = self._clock()
        self._follow_policy(now)
        return Swept(self._turn(profiles.expired_listed, now), self._turn(profiles.due, now), self._purge(now))

    def _follow_policy(self, now: datetime) -> None:
        """Settings that decide over listings, or the trust in a source, are not those that the profiles were computed by: all are due."""
        wanted = self._policy.listing.fingerprint
        with self._store.read() as conn:
            noted = installation.get(conn, installation.POLICY)
        if noted == wanted:
            return
        if noted is not None:
            self._make_due(now)
        with self._store.write() as conn:
            installation.put(conn, installation.POLICY, wanted)

    def _make_due(self, now: datetime) -> None:
        """In ranges, so that no writer waits long; whatever breaks it off, the next sweep begins anew."""
        after = ""
        while True:
            with self._store.write() as conn:
                after = profiles.make_due(conn, now, after, RANGE)
            if not after:
                return

    def _turn(self, due: Due, now: datetime) -> int:
        """The same moment for all batches: whoever was recomputed for it is not due again, or something is wrong with the row."""
        done, before = 0, [""]
        while True:
            with self._store.read() as conn:
                ids = due(conn, now, BATCH)
            if not ids:
                return done
            if ids == before:
                log.error("sweep: %d profiles stay due after they were recomputed, the first is %s", len(ids), ids[0])
                return done
            before = ids
            with self._store.write() as conn:
                expire(conn, ids, self._policy, now)
            done += len(ids)

    def _purge(self, now: datetime) -> int:
        before = now - self._keep
        with self._store.read() as conn:
            if not quarantine.older(conn, before):
                return 0
        with self._store.write() as conn:
            return quarantine.purge(conn, before)
