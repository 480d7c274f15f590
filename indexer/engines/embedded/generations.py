"""The folder of the engine: one directory per generation and the file `CURRENT` that names the one that serves.

    CURRENT                     name of the serving generation, replaced atomically
    000003-5f2a9c/spec.json     what the generation was built for
    000003-5f2a9c/data/         the tantivy index

Numbers grow, so a directory with a smaller number than the serving one is left over and may go; one with a larger number is a rebuild
that runs or was killed.
"""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tantivy import Index

from directory.core.errors import Conflict, Unavailable
from indexer.engines.embedded.pairs import Values
from indexer.engines.embedded.schema import register, schema

POINTER: Final = "CURRENT"
UNREADABLE: Final = "The search index can't be read; if that lasts, run `mentors index rebuild`."
Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Spec:
    """`spec` is the fingerprint of everything documents were built from, `layout` of what code needs to read them, `values` are the keys
    that its documents have in pairs."""

    spec: str
    layout: str
    values: Values = field(default_factory=dict, compare=False)


class Folder:
    """Generations on disk. Not aware of what is in them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def mark(self) -> Mark | None:
        """Changes whenever another generation starts to serve; None before the first."""
        return file_mark(self.root / POINTER)

    def current(self) -> str:
        """Name of the serving generation, empty before the first."""
        try:
            return (self.root / POINTER).read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def data(self, name: str) -> Path:
        """Where a generation's index is."""
        return self.root / name / "data"

    def spec(self, name: str) -> Spec:
        """What a generation was built for; empty fingerprints when that can't be read."""
        try:
            found = json.loads((self.root / name / "spec.json").read_text("utf-8"))
            values = {facet: tuple(keys) for facet, keys in found.pop("values", {}).items()}
            return Spec(**found, values=values)
        except (OSError, ValueError, TypeError, AttributeError):
            return Spec("", "")

    def create(self, spec: Spec) -> str:
        """A new, empty generation with the highest number."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = max((_number(name) for name in self._names()), default=0) + 1
        name = f"{number:06d}-{secrets.token_hex(3)}"
        self.data(name).mkdir(parents=True)
        _write(self.root / name / "spec.json", json.dumps(asdict(spec)))
        Index(schema(), path=str(self.data(name)))
        return name

    def create_first(self, spec: Spec) -> None:
        """An empty generation that serves, unless another process was quicker. That one may have removed ours as a remnant by now."""
        try:
            name = self.create(spec)
            draft = self.root / name / POINTER
            _write(draft, name)
            os.link(draft, self.root / POINTER)
        except FileExistsError:
            self.remove(name)
            return
        except (FileNotFoundError, ValueError):
            if self.mark() is None:
                raise
            return
        draft.unlink(missing_ok=True)
        _sync(self.root)

    def serve(self, name: str) -> None:
        """Let a generation serve; durable when this returns."""
        draft = self.root / name / POINTER
        _write(draft, name)
        draft.replace(self.root / POINTER)
        _sync(self.root)

    def remove(self, name: str) -> None:
        """Delete a generation. Readers that hold it keep reading: its files are mapped into their memory."""
        shutil.rmtree(self.root / name, ignore_errors=True)

    def remove_older(self) -> None:
        """Delete what earlier swaps left behind."""
        current = self.current()
        for name in self._names():
            if _number(name) < _number(current):
                self.remove(name)

    def unfinished(self, spec: Spec) -> str:
        """The newest rebuild for this spec that was killed, empty without one; all others are deleted. Raises Conflict when one is
        still running."""
        current = self.current()
        left = [name for name in self._names() if name != current]
        if any(map(self._held, left)):
            raise Conflict("Another rebuild of the search index is running.")
        kept = [name for name in left if _number(name) > _number(current) and self.spec(name) == spec][-1:]
        for name in left:
            if name not in kept:
                self.remove(name)
        return "".join(kept)

    def _held(self, name: str) -> bool:
        """Whether a process has a generation open for writing."""
        try:
            Index.open(str(self.data(name))).writer(num_threads=1)
        except ValueError as error:
            return "LockBusy" in str(error)
        except OSError:
            return False
        return False

    def _names(self) -> list[str]:
        return sorted(path.name for path in self.root.glob("*-*") if path.is_dir() and _number(path.name))


def open_index(data: Path) -> Index:
    """An index handle that sees changes when it is told to. Raises Unavailable for files that can't be read."""
    try:
        index = Index.open(str(data))
        index.config_reader("manual")
    except (ValueError, OSError) as error:
        raise Unavailable(UNREADABLE) from error
    register(index)
    return index


def file_mark(path: Path) -> Mark | None:
    """Tells one atomically replaced version of a file from the next."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _number(name: str) -> int:
    head = name.partition("-")[0]
    return int(head) if head.isdecimal() else 0


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
