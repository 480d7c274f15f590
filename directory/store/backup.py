"""Backups: a folder with the database, the journal, the secret and a manifest that proves all of them. Protect it like the database."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from directory.core.clock import iso
from directory.core.errors import Invalid
from directory.store import backup_postgres, backup_sqlite, ledger, people, runs, schema
from directory.store.journal import Journal, read_entries
from directory.store.postgres import take_time
from directory.store.replay import Apply, Replayed, replay
from directory.store.secret import NAME, install_secret, secret, stored_secret
from directory.store.session import Store
from directory.store.tables import metadata

FORMAT: Final = "mentor-backup/1"
MANIFEST: Final = "manifest.json"
WAYS: Final[Mapping[str, ModuleType]] = {"sqlite": backup_sqlite, "postgresql": backup_postgres}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `ledger_hash` is the head of the consent ledger: a later ledger without it has been cut."""

    format: str
    made_at: str
    dialect: str
    revision: str
    ledger_seq: int
    ledger_hash: str
    counts: Mapping[str, int]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """The restored backup, the schema steps applied to it and the decisions replayed on it."""

    manifest: Manifest
    steps: tuple[str, ...]
    replayed: Replayed


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(conn: Connection) -> dict[str, Any]:
    end = ledger.head(conn)
    counts = {str(table.name): conn.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables}
    return {"revision": schema.revision_of(conn), "ledger_seq": end.seq, "ledger_hash": end.hash.hex(), "counts": counts}


def _write_private(path: Path, content: bytes) -> Path:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def _copy_journal(journal: Journal, target: Path) -> Path:
    copy = _write_private(target, b"")
    if journal.path.exists():
        shutil.copyfile(journal.path, copy)
    return copy


def backup(store: Store, target: Path, now: datetime) -> Manifest:
    """Writes a backup of the running store into the new or empty folder `target`. `Invalid` if the store has no tables or the folder
    holds something, `Unavailable` if the copy fails; a folder without manifest is not a backup."""
    pending = schema.pending(store)
    if pending:
        raise Invalid("the database is not up to date: run `mentors db upgrade`", where="database", value=pending[0])
    value = secret(store)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(target.iterdir()):
        raise Invalid("the folder for the backup is not empty", where="target", value=str(target), allowed=("a new or empty folder",))
    file, facts = WAYS[store.dialect].dump(store, target, _describe)
    # after the database: the journal may then know more than the copy, never less
    journal = _copy_journal(Journal(store.data_dir), target / "withdrawals.ndjson")
    key = _write_private(target / NAME, value)
    files = {path.name: _digest(path) for path in (file, journal, key)}
    manifest = Manifest(format=FORMAT, made_at=iso(now), dialect=store.dialect, files=files, **facts)
    _write_private(target / MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup, every file of which was compared with it. `Invalid` names what is wrong."""
    try:
        manifest = Manifest(**orjson.loads((source / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError):
        raise Invalid("this folder is not a complete backup", where=MANIFEST, value=str(source)) from None
    if manifest.format != FORMAT or manifest.dialect not in WAYS:
        raise Invalid("this kind of backup is not known", where=MANIFEST, value=manifest.format, allowed=(FORMAT,))
    for name, digest in manifest.files.items():
        path = source / Path(name).name
        if not path.is_file() or _digest(path) != digest:
            raise Invalid("a file of the backup is missing or was changed", where=name, allowed=("the file as it was backed up",))
    return manifest


def adopt_secret(source: Path, data_dir: Path) -> None:
    """Gives an empty data folder the secret of the backup that is about to be restored into it, before anything makes another one.
    `Invalid` for a damaged backup."""
    read_manifest(source)
    if not (data_dir / NAME).exists():
        install_secret(data_dir, (source / NAME).read_bytes())


def _check(store: Store, source: Path, manifest: Manifest) -> None:
    if manifest.dialect != store.dialect:
        raise Invalid("the backup is of another database", where="database.url", value=store.dialect, allowed=(manifest.dialect,))
    if manifest.revision not in schema.revisions():
        raise Invalid("the backup was made by a newer version of this program", where=MANIFEST, value=manifest.revision)
    adopt_secret(source, store.data_dir)
    if stored_secret(store.data_dir) != (source / NAME).read_bytes():
        raise Invalid("the backup belongs to another installation: its secret differs", where=NAME, allowed=("the secret of the backup",))


def restore(source: Path, store: Store, apply: Apply) -> Restored:
    """Replaces the content of the store by a backup, brings the tables up to date and replays the journal, so that nobody who withdrew
    since is back. `apply` carries out one decision. Versions leap forward: rebuild the search index afterwards. All sources are due.

    `Invalid` for a backup that is damaged, newer than the program or of another installation; then nothing was changed.
    """
    manifest = read_manifest(source)
    _check(store, source, manifest)
    journal = Journal(store.data_dir)

    def prepare(fresh: Store) -> Restored:
        with fresh.read() as conn:
            take_time(conn)
            ledger.verify(conn)
            if _describe(conn)["ledger_hash"] != manifest.ledger_hash:
                raise Invalid("the consent ledger of the backup is not the one of its manifest", where=MANIFEST)
        steps = schema.upgrade(fresh)
        with fresh.write() as conn:
            take_time(conn)
            people.leap(conn)
            runs.start_over(conn)
        journal.adopt(read_entries(source / "withdrawals.ndjson"))
        return Restored(manifest, tuple(steps), replay(fresh, journal, apply))

    result: Restored = WAYS[store.dialect].load(store, source / next(iter(manifest.files)), prepare)
    return result
