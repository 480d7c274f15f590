"""Whether this process can do its work, and what an operator should know."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from directory.core.clock import Clock
from directory.core.errors import DirectoryError
from directory.search.engine import SearchEngine
from directory.store import installation, outbox, profiles, schema
from directory.store.outbox import Backlog
from directory.store.session import Store

OLD_OUTBOX_SECONDS = 60
EMPTY_INDEX = "the index is empty though mentors are listed: run `mentors index rebuild`"
NO_INDEX = "there is no search index yet: run `mentors worker`"
LOST_INDEX = "the search index is gone: run `mentors index rebuild`"
OTHER_SPEC = "the index was built for other fields or vocabularies: run `mentors index rebuild`"


@dataclass(frozen=True, slots=True)
class Readiness:
    """`checks` maps a part to "ok" or what is wrong with it; `warnings` do not make the process unready."""

    ready: bool
    checks: Mapping[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers for the metrics page, read when it is asked for. None where the store or the engine did not answer."""

    pending: int | None
    parked: int | None
    failing: int | None
    oldest_seconds: float | None
    indexed: int | None


class HealthService:
    """Looks at the store, the engine and the outbox."""

    def __init__(self, store: Store, engine: SearchEngine, spec: str, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._spec = spec
        self._clock = clock

    def readiness(self) -> Readiness:
        """Check every part; never raises."""
        checks: dict[str, str] = {}
        warnings: list[str] = []
        try:
            waiting = schema.pending(self._store)
            checks["store"] = "run `mentors db upgrade`" if waiting else "ok"
            warnings += self._warnings()
        except DirectoryError as error:
            checks["store"] = str(error)
        try:
            status = self._engine.status()
            checks["engine"] = "ok" if status.spec == self._spec else OTHER_SPEC if status.generation else self._missing()
            if checks["store"] == checks["engine"] == "ok" and status.documents == 0 and self._lists_somebody():
                checks["engine"] = EMPTY_INDEX
        except DirectoryError as error:
            checks["engine"] = str(error)
        return Readiness(all(value == "ok" for value in checks.values()), checks, tuple(warnings))

    def _missing(self) -> str:
        with self._store.read() as conn:
            return NO_INDEX if installation.never_indexed(conn) else LOST_INDEX

    def _lists_somebody(self) -> bool:
        """Somebody is listed and no change is on its way to the index."""
        with self._store.read() as conn:
            return profiles.any_listed(conn) and outbox.stats(conn).pending == 0

    def figures(self) -> Figures:
        """Numbers of the moment; they cost a look through the outbox and nothing larger. Never raises: an engine that is down must not hide
        the backlog."""
        pending: int | None
        parked: int | None
        failing: int | None
        oldest: float | None
        pending = parked = failing = oldest = indexed = None
        with suppress(DirectoryError):
            backlog = self._backlog()
            pending, parked, failing, oldest = backlog.pending, backlog.parked, backlog.failing, self._age(backlog)
        with suppress(DirectoryError):
            indexed = self._engine.count()
        return Figures(pending, parked, failing, oldest, indexed)

    def _warnings(self) -> list[str]:
        """About the outbox."""
        backlog = self._backlog()
        found = []
        if (age := self._age(backlog)) > OLD_OUTBOX_SECONDS:
            found.append(f"the oldest change waits {age:.0f} s for the index: is `mentors worker` running?")
        if backlog.failing:
            found.append(f"{backlog.failing} changes came back from the index: {backlog.trouble}")
        if backlog.parked:
            found.append(f"{backlog.parked} changes are parked: see `mentors index status`")
        return found

    def _backlog(self) -> Backlog:
        with self._store.read() as conn:
            return outbox.stats(conn)

    def _age(self, backlog: Backlog) -> float:
        return (self._clock() - backlog.oldest).total_seconds() if backlog.oldest else 0.0
