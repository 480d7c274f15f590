"""Changes on their way to the engine: "person N changed", without content, in the same transaction as the change.

Rows are claimed for a while and deleted when the engine has them; a claim that runs out is free again. Nothing relies on the order
of ids, because on PostgreSQL a smaller id can be committed later.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from directory.store.many import insert_many
from directory.store.statements import chunks
from directory.store.tables import SHORT, outbox


@dataclass(frozen=True, slots=True)
class Claimed:
    """All claimed rows of one person. `attempts` counts this one too; `hides`: the person has to disappear."""

    ids: tuple[int, ...]
    person_id: str
    hides: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A change that no attempt could bring to the engine and that waits for an operator."""

    id: int
    person_id: str
    hides: bool
    attempts: int
    error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much is on its way. Of those that are not parked `oldest` is when the first was made, `failing` how many were tried and came
    back, and `trouble` why the first of these did."""

    pending: int
    parked: int
    oldest: datetime | None
    failing: int = 0
    trouble: str = ""

    @property
    def count(self) -> int:
        """All changes that the engine does not have."""
        return self.pending + self.parked


AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a change that nobody has tried is free. From the moment on when it was made, it would wait as long as a clock was set back."""

_FRESH: Final = ("person_id", "hides", "created_at", "available_at", "attempts", "error", "parked")
_HIDDEN: Final = select(outbox.c.person_id).where(outbox.c.hides).distinct().order_by(outbox.c.person_id).limit(bindparam("most"))
"""Built once, because every request asks it."""


def add(conn: Connection, rows: Iterable[tuple[str, bool]], now: datetime) -> None:
    """Reports changes as (person id, hides); `hides` marks one that takes somebody off the list."""
    insert_many(conn, outbox, _FRESH, ((person_id, hides, now, AT_ONCE, 0, "", False) for person_id, hides in rows))


class _Free(NamedTuple):
    id: int
    person_id: str
    attempts: int


def _free(conn: Connection, *, hides: bool, now: datetime, limit: int) -> list[_Free]:
    c = outbox.c
    mark = c.hides if hides else ~c.hides
    idle = or_(c.claimed_until.is_(None), c.claimed_until <= now)
    query = select(c.id, c.person_id, c.attempts).where(~c.parked, mark, c.available_at <= now, idle)
    return [_Free(*row) for row in conn.execute(query.order_by(c.id).limit(limit).with_for_update(skip_locked=True))]


def due(conn: Connection, worker: str, now: datetime) -> bool:
    """Whether there is something to do for `worker`: a free change, or one claimed by another worker, who may be dead."""
    c = outbox.c
    idle = or_(c.claimed_by.is_(None), c.claimed_by != worker, c.claimed_until <= now)
    return conn.scalar(select(c.id).where(~c.parked, c.available_at <= now, idle).limit(1)) is not None


def free_claims(conn: Connection) -> None:
    """Frees what workers claimed that are gone, without counting the attempt; for whoever has just become the only worker."""
    free = {"claimed_by": None, "claimed_until": None, "attempts": outbox.c.attempts - 1}
    conn.execute(update(outbox).where(outbox.c.claimed_by.is_not(None)).values(free))


def free_claims_of(conn: Connection, is_gone: Callable[[str], bool]) -> int:
    """Frees in the same way what those workers claimed that are gone, and leaves the claims of others alone; returns how many changes."""
    c = outbox.c
    gone = [name for name in conn.scalars(select(c.claimed_by).where(c.claimed_by.is_not(None)).distinct()) if name and is_gone(name)]
    left = select(c.id).where(c.claimed_by.in_(gone)).with_for_update(skip_locked=True)
    ids = list(conn.scalars(left)) if gone else []
    for part in chunks(ids):
        free = {"claimed_by": None, "claimed_until": None, "attempts": c.attempts - 1}
        conn.execute(update(outbox).where(c.id.in_(part)).values(free))
    return len(ids)


def people(conn: Connection, person_ids: Sequence[str]) -> set[str]:
    """Those of the persons for whom a change waits, parked ones included."""
    c = outbox.c.person_id
    return {person_id for part in chunks(person_ids) for person_id in conn.scalars(select(c).where(c.in_(part)).distinct())}


def claim(conn: Connection, worker: str, *, now: datetime, limit: int, lease: timedelta) -> list[Claimed]:
    """Takes up to `limit` free changes for `lease`, those that hide somebody first, then the oldest; grouped by person.

    Two workers never get the same row, as long as `lease` lasts.
    """
    hiding = _free(conn, hides=True, now=now, limit=limit)
    rest = limit - len(hiding)
    others = _free(conn, hides=False, now=now, limit=rest) if rest else []
    ids = [row.id for row in (*hiding, *others)]
    for part in chunks(ids):
        taken = {"claimed_by": worker, "claimed_until": now + lease, "attempts": outbox.c.attempts + 1}
        conn.execute(update(outbox).where(outbox.c.id.in_(part)).values(taken))
    groups: dict[str, list[_Free]] = defaultdict(list)
    for row in (*hiding, *others):
        groups[row.person_id].append(row)
    hidden = {row.person_id for row in hiding}
    return [
        Claimed(tuple(row.id for row in rows), person_id, person_id in hidden, max(row.attempts for row in rows) + 1)
        for person_id, rows in groups.items()
    ]


def done(conn: Connection, ids: Sequence[int]) -> None:
    """The engine has these changes."""
    for part in chunks(ids):
        conn.execute(delete(outbox).where(outbox.c.id.in_(part)))


def retry(conn: Connection, worker: str, ids: Sequence[int], error_code: str, *, available_at: datetime) -> None:
    """Gives changes that `worker` still claims back, to be claimed again from `available_at` on."""
    free = {"claimed_by": None, "claimed_until": None, "available_at": available_at, "error": error_code[:SHORT]}
    for part in chunks(ids):
        conn.execute(update(outbox).where(outbox.c.id.in_(part), outbox.c.claimed_by == worker).values(free))


def park(conn: Connection, worker: str, ids: Sequence[int], error: str) -> None:
    """Puts changes that `worker` still claims aside, so that they block nobody, until `release_parked`."""
    aside = {"claimed_by": None, "claimed_until": None, "parked": True, "error": error[:SHORT]}
    for part in chunks(ids):
        conn.execute(update(outbox).where(outbox.c.id.in_(part), outbox.c.claimed_by == worker).values(aside))


def parked(conn: Connection, limit: int) -> list[Parked]:
    """What an operator has to look at, oldest first."""
    c = outbox.c
    query = select(c.id, c.person_id, c.hides, c.attempts, c.error, c.created_at).where(c.parked).order_by(c.id).limit(limit)
    return [Parked(*row) for row in conn.execute(query)]


def release_parked(conn: Connection) -> int:
    """Lets all parked changes be claimed again, with their attempts forgotten; returns how many."""
    return conn.execute(update(outbox).where(outbox.c.parked).values(parked=False, attempts=0, error="", available_at=AT_ONCE)).rowcount


def pending_hidden(conn: Connection, limit: int) -> list[str]:
    """Persons whom the engine may still show though they are off the list, parked changes included.

    Costs only its result (partial index).
    """
    return list(conn.scalars(_HIDDEN, {"most": limit}))


def stats(conn: Connection) -> Backlog:
    """The backlog, for readiness, metrics and alarms: its age says more than its size."""
    c = outbox.c
    tried = c.error != ""
    rows = conn.execute(select(c.parked, tried, func.count()).group_by(c.parked, tried))
    counted = {(parked, failed): count for parked, failed, count in rows}
    waiting, failing = counted.get((False, False), 0), counted.get((False, True), 0)
    oldest = conn.scalar(select(func.min(c.created_at)).where(~c.parked))
    trouble = conn.scalar(select(c.error).where(~c.parked, tried).order_by(c.id).limit(1)) if failing else None
    parked = sum(count for (aside, _), count in counted.items() if aside)
    return Backlog(waiting + failing, parked, oldest, failing, trouble or "")


def give_back(conn: Connection, worker: str, ids: Sequence[int], error_code: str, *, available_at: datetime) -> None:
    """Returns changes that `worker` still claims and nobody could have indexed (the engine was down); the attempt does not count."""
    free = {"claimed_by": None, "claimed_until": None, "available_at": available_at, "error": error_code[:SHORT]}
    for part in chunks(ids):
        conn.execute(
            update(outbox).where(outbox.c.id.in_(part), outbox.c.claimed_by == worker).values(free | {"attempts": outbox.c.attempts - 1})
        )
