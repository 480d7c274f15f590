"""The one writer of a generation: the highest version of an id wins, whatever the order of arrival."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import tantivy
from tantivy import Index, IndexWriter

from directory.core.errors import Conflict, Unavailable
from directory.search.engine import Applied, Change
from indexer.engines.documents import UnusableDocument
from indexer.engines.embedded.documents import row
from indexer.engines.embedded.generations import open_index
from indexer.engines.embedded.lookup import held
from indexer.engines.embedded.pairs import Values
from indexer.engines.embedded.schema import schema

LIVE_HEAP: Final = 50_000_000
BUILD_HEAP: Final = 160_000_000
BUILD_THREADS: Final = 2


class Writer:
    """Holds the directory's lock while it is open; `values` are those of the generation. Raises Conflict when another process has it.

    After any error the writer is spent: close it and open another one, which starts from the last commit.
    """

    def __init__(self, data: Path, values: Values, *, bulk: bool = False) -> None:
        self._values = values
        self._index = open_index(data)
        self._writer: IndexWriter | None = _open(self._index, bulk=bulk)
        self._pending: dict[str, int] = {}

    @property
    def pending(self) -> int:
        """Changes that a crash would lose."""
        return len(self._pending)

    def stage(self, changes: Sequence[Change]) -> list[Applied]:
        """Take the changes that are newer than what the index holds; visible after `commit`."""
        known = self._known({change.id for change in changes if isinstance(change.id, str)})
        try:
            return [self._stage(change, known) for change in changes]
        except (ValueError, OSError) as error:
            raise Unavailable("The search index can't be written.") from error

    def commit(self) -> tantivy.Searcher:
        """Make what was staged durable; returns the view of it."""
        if self._pending:
            try:
                self._open_writer().commit()
            except (ValueError, OSError) as error:
                raise Unavailable("The search index can't be written.") from error
            self._pending.clear()
        self._index.reload()
        return self._index.searcher()

    def close(self) -> None:
        """Give up the lock and whatever was not committed.

        Waits for background merges, which would otherwise go on writing files into a folder that is about to be deleted.
        """
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(ValueError, OSError):  # a writer that failed before has nothing to wait for
                writer.wait_merging_threads()

    def _open_writer(self) -> IndexWriter:
        if self._writer is None:
            raise Conflict("This search index is no longer open for writing.")
        return self._writer

    def _known(self, ids: Iterable[str]) -> dict[str, int]:
        known = {person: self._pending[person] for person in ids if person in self._pending}
        rest = [person for person in ids if person not in known and _encodable(person)]
        return {**held(self._index.searcher(), schema(), rest), **known}

    def _stage(self, change: Change, known: dict[str, int]) -> Applied:
        try:
            document = _document(row(change, self._values))
        except UnusableDocument as problem:
            return Applied(str(change.id), "rejected", str(problem))
        if change.version <= known.get(change.id, -1):
            return Applied(change.id, "stale")
        writer = self._open_writer()
        if change.id in known:
            writer.delete_documents_by_term("id", change.id)
        writer.add_document(document)
        known[change.id] = self._pending[change.id] = change.version
        return Applied(change.id, "applied")


def _document(fields: Mapping[str, object]) -> tantivy.Document:
    """Typed here, because a wrong type that tantivy finds in its own thread kills the writer."""
    try:
        return tantivy.Document.from_dict(dict(fields), schema())
    except (ValueError, TypeError, OverflowError) as error:
        raise UnusableDocument("a text or key can't be encoded") from error


def _encodable(person: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in person)


def _open(index: Index, *, bulk: bool) -> IndexWriter:
    try:
        writer = index.writer(BUILD_HEAP, BUILD_THREADS) if bulk else index.writer(LIVE_HEAP, 1)
        writer.garbage_collect_files()  # a commit that was killed leaves files which the next one would want to create
    except ValueError as error:
        if "LockBusy" in str(error):
            raise Conflict("Another process writes to this search index.") from error
        raise Unavailable("The search index can't be opened for writing.") from error
    return writer
