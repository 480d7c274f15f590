"""Who may rebuild now: a lease in the store, so that one rebuild never takes another that still runs for one that was killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from directory.core.clock import Clock
from directory.core.errors import Conflict
from directory.store import leases
from directory.store.heartbeat import heartbeat
from directory.store.holders import holder_name
from directory.store.session import Store

LEASE: Final = "rebuild"


@contextmanager
def rebuild_lease(store: Store, clock: Clock, ttl: timedelta) -> Iterator[None]:
    """Held while the block runs. Raises Conflict when somebody else has it; one who died on another machine has it for `ttl` more.

    Whoever loses it while it runs is stopped by the engine: what another rebuild has taken over can't be written to any more.
    """
    with store.write() as conn:
        token = leases.acquire(conn, LEASE, holder_name(LEASE), clock(), ttl)
    if token is None:
        given_up = f"if it was killed on another machine, wait {ttl.total_seconds():.0f} s"
        raise Conflict(f"Another rebuild of the search index is running; {given_up}.")

    def beat() -> None:
        with store.write() as conn:
            if not leases.renew(conn, LEASE, token, clock(), ttl):
                raise Conflict("The lease on the rebuild was lost: another rebuild took over.")

    try:
        with heartbeat(beat, ttl):
            yield
    finally:
        with store.write() as conn:
            leases.release(conn, LEASE, token, clock())
