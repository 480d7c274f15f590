"""Runs of sources: what each source is at, the runs themselves, and what a run has staged before it may change anything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, func, select, update

from directory.store.many import insert_many
from directory.store.statements import RANGE, chunks
from directory.store.tables import source_run, source_state, staged_item

Status = Literal["running", "complete", "incomplete", "held", "released", "dropped", "failed", "interrupted", "not-modified"]
Verb = Literal["import", "withdraw", "absent"]


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a source stands between its runs. Empty validators mean that the next request is unconditional; they count only
    while `contract`, the fingerprint of how records were mapped, is still the connector's."""

    name: str
    etag: str = ""
    last_modified: str = ""
    contract: str = ""
    next_due: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One run. `counts` maps outcomes to numbers, `reason` says why it did not simply complete."""

    id: int
    source: str
    status: Status
    counts: Mapping[str, int]
    reason: str
    started_at: datetime
    finished_at: datetime | None
    notices: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class StagedItem:
    """What a run will do with one external id. `facts` and `consent` are the stored JSON forms of an `import`, else None."""

    seq: int
    external_id: str
    verb: Verb
    locator: str = ""
    raw_hash: bytes = b""
    contract: str = ""
    facts: Mapping[str, Any] | None = None
    consent: Sequence[Mapping[str, str]] | None = None
    changed_at: datetime | None = None


_STATE: Final = tuple(f.name for f in fields(SourceState))
_RUN: Final = [source_run.c[f.name] for f in fields(SourceRun)]
_ITEM: Final = tuple(f.name for f in fields(StagedItem))
_ITEM_VALUES: Final = attrgetter(*_ITEM)


def state_of(conn: Connection, source: str) -> SourceState:
    """The state of a source; a blank one if it never ran."""
    row = conn.execute(select(*(source_state.c[name] for name in _STATE)).where(source_state.c.name == source)).first()
    return SourceState(*row) if row else SourceState(source)


def save_state(conn: Connection, state: SourceState) -> None:
    """Replaces the state of a source."""
    insert_many(conn, source_state, _STATE, [attrgetter(*_STATE)(state)], on_conflict="replace")


def states(conn: Connection) -> dict[str, SourceState]:
    """The states of all sources that ever ran."""
    query = select(*(source_state.c[name] for name in _STATE)).order_by(source_state.c.name)
    return {row.name: SourceState(*row) for row in conn.execute(query)}


def start(conn: Connection, source: str, now: datetime) -> int:
    """Begins a run and returns its number."""
    blank = {"source": source, "status": "running", "counts": {}, "reason": "", "started_at": now, "notices": []}
    number: int = conn.execute(source_run.insert().values(blank).returning(source_run.c.id)).scalar_one()
    return number


def progress(conn: Connection, run_id: int, counts: Mapping[str, int]) -> None:
    """Notes how far a running run is."""
    conn.execute(update(source_run).where(source_run.c.id == run_id).values(counts=dict(counts)))


def finish(
    conn: Connection,
    run_id: int,
    status: Status,
    *,
    counts: Mapping[str, int],
    now: datetime,
    reason: str = "",
    notices: Sequence[str] = (),
) -> None:
    """Ends a run, or settles a held one."""
    ended = {"status": status, "counts": dict(counts), "reason": reason, "finished_at": now, "notices": list(notices)}
    conn.execute(update(source_run).where(source_run.c.id == run_id).values(ended))


def interrupt(conn: Connection, source: str, now: datetime) -> list[int]:
    """Marks runs of a source that never ended; only the holder of the source's lease may call it. Returns their numbers."""
    left = update(source_run).where(source_run.c.status == "running", source_run.c.source == source)
    ended = left.values(status="interrupted", reason="the process that ran it ended", finished_at=now)
    return sorted(conn.scalars(ended.returning(source_run.c.id)))


def get(conn: Connection, run_id: int) -> SourceRun | None:
    """One run."""
    row = conn.execute(select(*_RUN).where(source_run.c.id == run_id)).first()
    return SourceRun(*row) if row else None


def of_source(conn: Connection, source: str, limit: int) -> list[SourceRun]:
    """The runs of a source, newest first."""
    query = select(*_RUN).where(source_run.c.source == source).order_by(source_run.c.id.desc()).limit(limit)
    return [SourceRun(*row) for row in conn.execute(query)]


def held(conn: Connection, source: str) -> SourceRun | None:
    """The newest run of a source that waits for an operator."""
    query = select(*_RUN).where(source_run.c.source == source, source_run.c.status == "held").order_by(source_run.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return SourceRun(*row) if row else None


def latest(conn: Connection) -> dict[str, SourceRun]:
    """The newest run of every source."""
    newest = select(func.max(source_run.c.id)).group_by(source_run.c.source)
    return {row.source: SourceRun(*row) for row in conn.execute(select(*_RUN).where(source_run.c.id.in_(newest)))}


def stage(conn: Connection, run_id: int, items: Iterable[StagedItem]) -> None:
    """Adds items to a run; one with a number that is staged replaces it."""
    insert_many(conn, staged_item, ("run_id", *_ITEM), ((run_id, *_ITEM_VALUES(item)) for item in items), on_conflict="replace")


def count_staged(conn: Connection, run_id: int) -> dict[str, int]:
    """Staged items of a run by verb."""
    c = staged_item.c
    return dict(conn.execute(select(c.verb, func.count()).where(c.run_id == run_id).group_by(c.verb)).all())


def clear_staged(conn: Connection, run_id: int) -> int:
    """Forgets what a run staged; returns how many items that were."""
    return conn.execute(delete(staged_item).where(staged_item.c.run_id == run_id)).rowcount


def staged_page(conn: Connection, run_id: int, verb: Verb, *, after: int) -> list[StagedItem]:
    """The next staged items of a run with a verb behind number `after`, by number."""
    c = staged_item.c
    query = select(*(c[name] for name in _ITEM)).where(c.run_id == run_id, c.verb == verb, c.seq > after).order_by(c.seq).limit(RANGE)
    return [StagedItem(*row) for row in conn.execute(query)]


def unstage(conn: Connection, run_id: int, numbers: Sequence[int]) -> None:
    """Forgets staged items that were carried out."""
    c = staged_item.c
    for part in chunks(numbers):
        conn.execute(delete(staged_item).where(c.run_id == run_id, c.seq.in_(part)))


def forget_validators(conn: Connection) -> None:
    """Make the next request to every source unconditional: somebody whose records were passed over may be listed again."""
    conn.execute(update(source_state).values(etag="", last_modified=""))


def start_over(conn: Connection) -> None:
    """After a restore: every source is due now and is asked unconditionally, because what it withdrew since the backup is known to
    nobody else."""
    forget_validators(conn)
    conn.execute(update(source_state).values(next_due=None, failures=0))
