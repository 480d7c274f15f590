"""Leases: who may do a thing that only one process should do at a time, across machines that share the store."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, or_, select, update

from directory.store.holders import is_gone
from directory.store.statements import insert
from directory.store.tables import lease

NOBODY: Final = ""
"""Holder of a lease that is free, whatever its time: who waited for the one who let it go may have looked at the clock before."""


def acquire(conn: Connection, name: str, holder: str, now: datetime, ttl: timedelta) -> int | None:
    """Takes a lease that is free or has run out; None while somebody holds it, the same holder included.

    The token is larger than every earlier one of that name: whoever writes checks it by `renew` in the same transaction. A holder that
    was a process of this machine and has died (`holders.holder_name`) is not waited for.
    """
    _end_of_dead(conn, name, now)
    fresh = insert(conn.dialect, lease).values(name=name, holder=holder, token=1, until=now + ttl)
    taken = fresh.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": fresh.excluded.holder, "token": lease.c.token + 1, "until": fresh.excluded.until},
        where=or_(lease.c.until <= now, lease.c.holder == NOBODY),
    )
    token: int | None = conn.scalar(taken.returning(lease.c.token))
    return token


def keep_free(conn: Connection, name: str, now: datetime) -> bool:
    """Whether nobody holds a lease; then nobody can take it before the end of this transaction, and whoever let it run out has lost it.
    Any number of transactions may do this at once."""
    row = insert(conn.dialect, lease).values(name=name, holder=NOBODY, token=0, until=now)
    conn.execute(row.on_conflict_do_nothing())  # what is not there can't be locked
    _end_of_dead(conn, name, now)
    lapsed = update(lease).where(lease.c.name == name, lease.c.until <= now, lease.c.holder != NOBODY)
    conn.execute(lapsed.values(holder=NOBODY, token=lease.c.token + 1))
    return conn.scalar(select(lease.c.holder).where(lease.c.name == name).with_for_update(read=True)) == NOBODY


def renew(conn: Connection, name: str, token: int, now: datetime, ttl: timedelta) -> bool:
    """Prolongs a lease. False: it was let go, or somebody else has taken it meanwhile, and this transaction must be rolled back.

    A lease that ran out and that nobody took is still good. The row stays locked until the end of the transaction, so what is
    written beside it can't be overtaken by a successor.
    """
    held = update(lease).where(lease.c.name == name, lease.c.token == token, lease.c.holder != NOBODY)
    return conn.execute(held.values(until=now + ttl)).rowcount == 1


def release(conn: Connection, name: str, token: int, now: datetime) -> None:
    """Ends a lease early, if it is still held; the row stays, because its token must grow."""
    held = update(lease).where(lease.c.name == name, lease.c.token == token, lease.c.until > now)
    conn.execute(held.values(until=now, holder=NOBODY))


def _end_of_dead(conn: Connection, name: str, now: datetime) -> None:
    held = holder_of(conn, name, now)
    if held is not None and is_gone(held):
        conn.execute(update(lease).where(lease.c.name == name, lease.c.holder == held).values(until=now))


def holder_of(conn: Connection, name: str, now: datetime) -> str | None:
    """Who holds a lease now; None when it is free."""
    return conn.scalar(select(lease.c.holder).where(lease.c.name == name, lease.c.until > now, lease.c.holder != NOBODY))
