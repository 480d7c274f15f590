"""The journal of persons' own decisions, outside the database, so that restoring an older backup brings back nobody who withdrew since.

An entry is on disk before the database commits the decision. One that the database never committed is therefore possible, and the
next start or replay carries it out: it is what the person asked for. An institution's word that somebody withdrew stands here too,
because the institution need not say it twice. Lines hold ids, keyed hashes, purposes and times, never names.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
from sqlalchemy import Connection

from directory.core.errors import Unavailable
from directory.store.many import insert_many
from directory.store.statements import insert
from directory.store.tables import decision

log = logging.getLogger(__name__)

Kind = Literal["withdraw", "erase", "grant"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision of a person. `purpose` is empty for an erasure; `key_hashes` (`core.identity.key_hash`) find the person in a
    database that knows another id, or none. `source` names the institution's source that spoke for the person, if one did."""

    id: str
    kind: Kind
    person_id: str
    purpose: str
    at: datetime
    key_hashes: tuple[str, ...] = ()
    source: str = ""


def new_entry(kind: Kind, person_id: str, at: datetime, *, purpose: str = "", key_hashes: Iterable[str] = (), source: str = "") -> Entry:
    """An entry with a fresh id."""
    return Entry(secrets.token_hex(12), kind, person_id, purpose, at, tuple(sorted(key_hashes)), source)


class Placed(NamedTuple):
    """An entry and the byte of the file that it begins at."""

    place: int
    entry: Entry

    @property
    def mark(self) -> str:
        """Says up to which entry a journal is known: where that one begins, and which one it is."""
        return f"{self.place} {self.entry.id}"


def _line(entry: Entry) -> bytes:
    return orjson.dumps(asdict(entry) | {"at": entry.at.astimezone(UTC).isoformat()}) + b"\n"


def _entry(line: bytes) -> Entry:
    data: dict[str, Any] = orjson.loads(line)
    return Entry(**data | {"at": datetime.fromisoformat(data["at"]), "key_hashes": tuple(data["key_hashes"])})


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Journal:
    """The append-only file `journal/withdrawals.ndjson` in the data folder."""

    data_dir: Path

    @property
    def path(self) -> Path:
        """The file; it need not exist."""
        return self.data_dir / "journal" / "withdrawals.ndjson"

    def append(self, entries: Iterable[Entry]) -> None:
        """Adds entries; they are on disk when this returns. `Unavailable` if they can't be written: then commit nothing."""
        lines = b"".join(map(_line, entries))
        try:
            new = not self.path.exists()
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write(descriptor, lines)
            finally:
                os.close(descriptor)
            if new:
                _sync_folder(self.path.parent)
                _sync_folder(self.data_dir)
        except OSError as error:
            raise Unavailable(f"the journal of decisions can't be written ({os.strerror(error.errno or 0)})") from error

    def adopt(self, entries: Iterable[Entry]) -> int:
        """Adds those entries that the file does not have (from the copy in a backup); returns how many."""
        known = {entry.id for entry in self.read()}
        fresh = [entry for entry in entries if entry.id not in known]
        if fresh:
            self.append(fresh)
        return len(fresh)

    def read(self) -> Iterator[Entry]:
        """All entries, as `read_entries` does; none if there is no file."""
        return read_entries(self.path) if self.path.exists() else iter(())

    def behind(self, mark: str | None) -> list[Placed]:
        """The entries behind a mark with their places, without reading what is before it; all entries if the mark is None or
        of another file."""
        if mark is None:
            return list(_placed(self.path)) if self.path.exists() else []
        place, _, entry_id = mark.partition(" ")
        rest = _placed(self.path, int(place)) if self.path.exists() else iter(())
        last = next(rest, None)
        if last and last.entry.id == entry_id:
            return list(rest)
        log.warning("the journal in the data folder is not the one that the database knows: if it was lost, restore it from a backup")
        return self.behind(None)


def read_entries(path: Path) -> Iterator[Entry]:
    """The entries of a journal file in its order. A line that a crash cut off was never acknowledged: it is passed over, and logged."""
    return (found.entry for found in _placed(path))


def _placed(path: Path, start: int = 0) -> Iterator[Placed]:
    """Entries from a byte of the file on."""
    with path.open("rb") as file:
        file.seek(start)
        place = start
        for line in file:
            try:
                yield Placed(place, _entry(line))
            except (ValueError, TypeError, KeyError):
                if line.strip():
                    log.warning("the journal's entry at byte %d can't be read and is passed over", place)
            place += len(line)


def _write(descriptor: int, lines: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        lines = b"\n" + lines  # a crash cut the last line off: keep the next one readable
    rest = memoryview(lines)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def record(conn: Connection, journal: Journal, entries: Iterable[Entry]) -> None:
    """Makes decisions durable outside the database and notes them inside, in the transaction that carries them out, before it commits."""
    made = list(entries)
    if not made:
        return
    insert_many(conn, decision, ("id", "at"), [(entry.id, entry.at) for entry in made])
    journal.append(made)


def take(conn: Connection, entry: Entry) -> bool:
    """Notes in the database that it takes this decision in. False: it has it already. Waits for another transaction that is about to."""
    fresh = insert(conn.dialect, decision).values(id=entry.id, at=entry.at).on_conflict_do_nothing()
    return conn.scalar(fresh.returning(decision.c.id)) is not None
