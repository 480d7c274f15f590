"""What a run has read and not yet carried out.

Nothing is imported before the whole source was read and looked at. Until then the items lie in files without a name: whatever ends the
process, they are gone with it, and the next run reads the source again. Only a run that is held puts them into the store, where they
wait for an operator.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Protocol, Self, TypeVar, get_args

import orjson
from sqlalchemy import Connection

from connectors.source_lease import SourceLease
from directory.core.errors import Unavailable
from directory.store import runs
from directory.store.runs import StagedItem, Verb
from directory.store.session import Store

T = TypeVar("T")

VERBS: Final[tuple[Verb, ...]] = get_args(Verb)


class Staging(Protocol):
    """The staged items of one run."""

    def pages(self, verb: Verb, size: int) -> Iterator[list[StagedItem]]:
        """Those with a verb, at most `size` at a time. What is done may leave the staging between two pages."""
        ...

    def done(self, conn: Connection, items: Sequence[StagedItem]) -> None:
        """Inside the transaction that carries items out."""
        ...


class Spool:
    """Items in files below `folder` until it is closed. Memory holds one number for each that was replaced."""

    def __init__(self, folder: Path) -> None:
        self._files = ExitStack()
        with _disk():
            self._lines: dict[Verb, IO[bytes]] = {verb: self._open(folder) for verb in VERBS}
        self._written = 0
        self._highest = -1
        self._newest: dict[int, int] = {}

    def add(self, items: Iterable[StagedItem]) -> None:
        """One with a number that is there replaces it. Raises Unavailable when the disk does not take it."""
        with _disk():
            for item in items:
                if item.seq <= self._highest:
                    self._newest[item.seq] = self._written
                self._highest = max(self._highest, item.seq)
                self._lines[item.verb].write(_line(self._written, item))
                self._written += 1

    def pages(self, verb: Verb, size: int) -> Iterator[list[StagedItem]]:
        """See `Staging`. In the order in which they came."""
        with _disk():
            file = self._lines[verb]
            file.seek(0)
            yield from parts(self._read(verb, file), size)

    def done(self, conn: Connection, items: Sequence[StagedItem]) -> None:
        """See `Staging`. A run that breaks off here is begun anew, and finds unchanged what was done."""

    def _read(self, verb: Verb, lines: IO[bytes]) -> Iterator[StagedItem]:
        for line in lines:
            place, seq, *row = orjson.loads(line)
            if self._newest.get(seq, place) == place:
                yield _item(seq, verb, row)

    def _open(self, folder: Path) -> IO[bytes]:
        return self._files.enter_context(tempfile.TemporaryFile(dir=folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()


class Held:
    """Items in the store, by number; they stay until they are done."""

    def __init__(self, store: Store, run: int) -> None:
        self._store = store
        self._run = run

    def take(self, lease: SourceLease, spool: Spool, size: int) -> None:
        """Keep everything that a spool has."""
        for verb in VERBS:
            for page in spool.pages(verb, size):
                with lease.write() as conn:
                    runs.stage(conn, self._run, page)

    def pages(self, verb: Verb, size: int) -> Iterator[list[StagedItem]]:
        """See `Staging`."""
        after = -1
        while True:
            with self._store.read() as conn:
                found = runs.staged_page(conn, self._run, verb, after=after)
            if not found:
                return
            yield from parts(found, size)
            after = found[-1].seq

    def done(self, conn: Connection, items: Sequence[StagedItem]) -> None:
        """See `Staging`. A release that is broken off and taken up again does each of them once."""
        runs.unstage(conn, self._run, [item.seq for item in items])


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"What was read can't be kept until it is imported: {error.strerror or type(error).__name__}.") from error


def _line(place: int, item: StagedItem) -> bytes:
    row = (
        place, item.seq, item.external_id, item.locator, item.raw_hash.hex(), item.contract, item.facts, item.consent, item.changed_at,
    )  # fmt: skip
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _item(seq: int, verb: Verb, row: list[Any]) -> StagedItem:
    external_id, locator, raw_hash, contract, facts, consent, changed_at = row
    moment = datetime.fromisoformat(changed_at) if changed_at else None
    return StagedItem(seq, external_id, verb, locator, bytes.fromhex(raw_hash), contract, facts, consent, moment)
