"""Verify: compare ids and versions of engine and store in one ordered pass, and repair what differs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from directory.core.clock import Clock
from directory.search.engine import Applied, Change, IndexedVersion, Tombstone
from directory.store import outbox, people, profiles
from directory.store.session import Store
from indexer.document import DocumentBuilder

PAGE = 2000
INDEXED_PAGE = 10_000
"""Engines look at all ids for each page of them; Elasticsearch gives no more than this at once."""
REPAIR = 500
SHOWN = 20


class Target(Protocol):
    """The serving index or a generation under construction."""

    def apply(self, changes: Sequence[Change]) -> list[Applied]: ...
    def versions(self, after: str, limit: int) -> list[IndexedVersion]: ...


@dataclass(slots=True)
class Difference:
    """Counts of what differs, with some ids of each kind. `stale`: another version is indexed; `lingering`: indexed though not listed;
    `missing`: listed though not indexed. Of these, `waiting` are on their way: their change is in the outbox; `refused` are those that
    a repair could not write."""

    compared: int = 0
    stale: int = 0
    missing: int = 0
    lingering: int = 0
    waiting: int = 0
    repaired: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All differences."""
        return self.stale + self.missing + self.lingering

    @property
    def unexplained(self) -> int:
        """Differences that nobody is about to put right."""
        return max(0, self.total - self.waiting - self.repaired)

    def note(self, kind: str, person_id: str) -> None:
        """Count one difference."""
        setattr(self, kind, getattr(self, kind) + 1)
        shown = self.ids.setdefault(kind, [])
        if len(shown) < SHOWN:
            shown.append(person_id)


class Verifier:
    """Compares a target with the store. Memory stays flat whatever the size."""

    def __init__(self, store: Store, builder: DocumentBuilder, clock: Clock) -> None:
        self._store = store
        self._builder = builder
        self._clock = clock

    def compare(self, target: Target, *, repair: bool, progress: Callable[[int], None] = lambda _done: None) -> Difference:
        """One ordered pass. `repair` writes what differs, and returns in `refused` who can't be built or is not taken."""
        found = Difference()
        wrong: list[str] = []
        indexed = _Ordered(target)
        for person_id, version, listed in self._stored():
            found.compared += 1
            held = indexed.take(person_id, lambda foreign: self._foreign(found, wrong, foreign))
            kind = _difference(version, held, listed=listed)
            if kind:
                found.note(kind, person_id)
                wrong.append(person_id)
            if found.compared % PAGE == 0:
                progress(found.compared)
            if len(wrong) >= REPAIR:
                self._settle(target, found, wrong, repair=repair)
        indexed.rest(lambda foreign: self._foreign(found, wrong, foreign))
        self._settle(target, found, wrong, repair=repair)
        return found

    def _stored(self) -> Iterator[tuple[str, int, bool]]:
        after = ""
        while True:
            with self._store.read() as conn:
                rows = profiles.versions(conn, after, PAGE)
            if not rows:
                return
            yield from ((row.person_id, row.version, row.listed) for row in rows)
            after = rows[-1].person_id

    def _foreign(self, found: Difference, wrong: list[str], held: IndexedVersion) -> None:
        """The engine holds somebody whom the store does not know (a database was replaced)."""
        if not held.withdrawn:
            found.note("lingering", held.id)
            wrong.append(held.id)

    def _settle(self, target: Target, found: Difference, wrong: list[str], *, repair: bool) -> None:
        left: Sequence[str] = wrong
        if wrong and repair:
            changes, broken = self._current(wrong)
            outcomes = target.apply(changes)
            found.repaired += sum(row.outcome == "applied" for row in outcomes)
            found.refused |= broken | {row.id: row.reason for row in outcomes if row.outcome == "rejected"}
            left = [row.id for row in outcomes if row.outcome == "stale"]
        if left:
            with self._store.read() as conn:
                found.waiting += len(outbox.people(conn, left))
        wrong.clear()

    def _current(self, ids: Sequence[str]) -> tuple[list[Change], dict[str, str]]:
        """Documents and tombstones for these people as the store has them now."""
        today = self._clock().date()
        with self._store.read() as conn:
            rows = profiles.by_ids(conn, ids)
            known = people.get(conn, ids)
        changes, broken = self._builder.build_all(rows.values(), today)
        gone = [Tombstone(name, known[name].version if name in known else FOREIGN) for name in ids if name not in rows]
        return [*changes, *gone], broken


FOREIGN = 2**62
"""Version of the tombstone for an id that the store never had: beats whatever is there."""


def _difference(version: int, held: IndexedVersion | None, *, listed: bool) -> str:
    if held is None or held.withdrawn:
        return "missing" if listed else ""
    if not listed:
        return "lingering"
    return "stale" if held.version != version else ""


class _Ordered:
    """Walks the target's ids in step with the store's."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._rows: list[IndexedVersion] = []
        self._at = 0
        self._after = ""
        self._ended = False

    def _peek(self) -> IndexedVersion | None:
        if self._at >= len(self._rows) and not self._ended:
            self._rows = self._target.versions(self._after, INDEXED_PAGE)
            self._at = 0
            self._ended = not self._rows
            if self._rows:
                self._after = self._rows[-1].id
        return None if self._ended else self._rows[self._at]

    def take(self, person_id: str, foreign: Callable[[IndexedVersion], None]) -> IndexedVersion | None:
        """What the target holds of this id; ids before it, which the store lacks, go to `foreign`."""
        while (row := self._peek()) is not None and row.id < person_id:
            self._at += 1
            foreign(row)
        if row is None or row.id != person_id:
            return None
        self._at += 1
        return row

    def rest(self, foreign: Callable[[IndexedVersion], None]) -> None:
        """Ids behind the store's last one."""
        while (row := self._peek()) is not None:
            self._at += 1
            foreign(row)
