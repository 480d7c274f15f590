"""Who may run a source now: a lease in the store, renewed while the run goes on, checked inside every writing transaction."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from directory.core.clock import Clock
from directory.core.errors import Conflict
from directory.store import leases
from directory.store.heartbeat import heartbeat
from directory.store.holders import holder_name
from directory.store.session import Store


class SourceLease:
    """Held while a source is run; a second worker gets Conflict. A worker that died, or fell silent for `ttl`, loses it."""

    def __init__(self, store: Store, source: str, clock: Clock, ttl: timedelta) -> None:
        self._store = store
        self._name = f"source:{source}"
        self._source = source
        self._clock = clock
        self._ttl = ttl
        self._token = 0
        self._beating = ExitStack()

    def __enter__(self) -> Self:
        with self._store.write() as conn:
            token = leases.acquire(conn, self._name, holder_name("runner"), self._clock(), self._ttl)
        if token is None:
            raise Conflict(f"{self._source} is being run by somebody else; try again when that run has ended.")
        self._token = token
        # reading a slow source can take hours in which nothing is written
        self._beating.enter_context(heartbeat(self._beat, self._ttl))
        return self

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits only if the lease is still ours. Raises Conflict otherwise."""
        with self._store.write() as conn:
            if not leases.renew(conn, self._name, self._token, self._clock(), self._ttl):
                raise Conflict(f"The lease on {self._source} was lost: another worker took over.")
            yield conn

    def _beat(self) -> None:
        with self.write():
            pass  # renewing is all

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._beating.close()
        with self._store.write() as conn:
            leases.release(conn, self._name, self._token, self._clock())
