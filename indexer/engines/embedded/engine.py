"""The engine port on tantivy: reading follows the files, writing belongs to one process."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.search.engine import Applied, Change, EngineStatus, Generation, Hit, IndexedVersion, Page, SearchRequest
from directory.search.fields import FACETS, MISSING
from indexer.engines.embedded.generations import UNREADABLE, Folder, Spec
from indexer.engines.embedded.lookup import tombstones, versions
from indexer.engines.embedded.pairs import PAIRED, Values
from indexer.engines.embedded.rebuild import Rebuild
from indexer.engines.embedded.schema import fingerprint, layout, schema
from indexer.engines.embedded.search import Search
from indexer.engines.embedded.spelling import Spelling, matches
from indexer.engines.embedded.suggest import suggest_people
from indexer.engines.embedded.views import View, Views
from indexer.engines.embedded.writer import Writer
from indexer.engines.first import NO_INDEX, MayBegin, always

NAME: Final = "embedded"


class EmbeddedEngine:
    """`SearchEngine` over the files below `folder`.

    One process may write; its first `apply` takes the lock of the serving generation and keeps it until `close` or a swap. Others
    open with `read_only` and see each change with their next request. `spec` is the fingerprint that a rebuild would write now:
    another one in `status().spec` means that a rebuild is due. Local disks only: files are mapped into memory. `may_begin` is asked
    before an empty index is made where there is none. `values` are the keys of facets that are known now, for those of `PAIRED`; they
    are part of the vocabularies, and only make selections of two of them quicker.

    Every reading method raises Unavailable when there is no index yet or it can't be read.
    """

    many_writers = False

    def __init__(
        self,
        folder: Path,
        *,
        vocabularies_fingerprint: str,
        values: Values | None = None,
        read_only: bool = False,
        may_begin: MayBegin = always,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spec = fingerprint(vocabularies_fingerprint)
        self._built_for = Spec(self.spec, layout(), _paired(values or {}))
        self._folder = Folder(folder)
        self._read_only = read_only
        self._may_begin = may_begin
        self._views = Views(self._folder, self._built_for.layout, monotonic)
        self._search = Search(self._views)
        self._spelling = Spelling(monotonic)
        self._writing = Lock()
        self._writer: tuple[str, Writer] | None = None

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Raises Conflict when another process writes to the index or this one was opened to read only."""
        self._check_writable()
        with self._writing:
            self._ensure_exists()
            outcomes: list[Applied] = []
            while True:
                generation, writer = self._open_writer()
                outcomes = _joined(outcomes, self._apply(writer, changes))
                if self._folder.current() == generation:
                    return outcomes

    def search(self, request: SearchRequest) -> Page:
        """Raises Invalid for names that the field table does not have, InvalidCursor for a cursor of another question."""
        with self._reading():
            return self._search.page(self._view(), request)

    def suggest(self, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]:
        with self._reading():
            return suggest_people(self._view(), prefix, scope=scope, exclude=exclude, limit=limit)

    def corrections(self, word: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[str]:
        with self._reading():
            return self._spelling.corrections(self._view(), word, scope=scope, exclude=exclude, limit=limit)

    def matches(self, word: str, *, scope: str, exclude: tuple[str, ...]) -> int:
        with self._reading():
            return matches(self._view(), word, scope=scope, exclude=exclude)

    def start_generation(self) -> Generation:
        """Goes on with a rebuild for the same spec that was killed. Raises Conflict while another one runs."""
        self._check_writable()
        self._begin()
        left = self._folder.unfinished(self._built_for)
        try:
            with self._reading():
                return Rebuild(self._folder, left or self._folder.create(self._built_for))
        except Unavailable:
            if not left:
                raise
            self._folder.remove(left)
            return Rebuild(self._folder, self._folder.create(self._built_for))

    def swap(self, generation: Generation) -> None:
        """The earlier generation is deleted, because it holds people who have withdrawn since."""
        if not isinstance(generation, Rebuild) or not generation.belongs_to(self._folder):
            raise Invalid("Only a generation that this engine started can serve.", where="generation")
        with self._writing:
            generation.finish()
            self._close_writer()
            self._folder.serve(generation.name)
            self._folder.remove_older()

    def count(self) -> int:
        with self._reading():
            return _documents(self._view())

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        with self._reading():
            return versions(self._view().searcher, schema(), after, limit)

    def status(self) -> EngineStatus:
        """Answers also when the index is missing or of another version; counts are 0 then. Raises Unavailable for one of this version
        that can't be read."""
        generation = self._folder.current()
        written = self._folder.spec(generation)
        try:
            with self._reading():
                view = self._view()
                held = tombstones(view.searcher, schema())
                return EngineStatus(NAME, view.generation, self._folder.spec(view.generation).spec or written.spec, _documents(view), held)
        except Unavailable:
            if generation and written.layout == self._built_for.layout:
                raise
            return EngineStatus(NAME, generation, written.spec, 0, 0)

    def close(self) -> None:
        """Let go of the lock and of all files, after background merges are done."""
        with self._writing:
            self._close_writer()
        self._search.close()
        self._views.forget()

    def _view(self) -> View:
        if not self._read_only:
            self._ensure_exists()
        return self._views.current()

    def _ensure_exists(self) -> None:
        if not self._begin():
            raise Unavailable(NO_INDEX, retry_after=60)

    def _begin(self) -> bool:
        """Make the first index if there is none; False where only a rebuild may make one."""
        if self._folder.mark() is None:
            if not self._may_begin():
                return False
            self._folder.create_first(self._built_for)
        return True

    def _check_writable(self) -> None:
        if self._read_only:
            raise Conflict("This process opened the search index to read only.")

    def _apply(self, writer: Writer, changes: Sequence[Change]) -> list[Applied]:
        try:
            outcomes = writer.stage(changes)
            writer.commit()
        except BaseException:  # whatever stopped it, half a batch must not stay in the writer
            self._close_writer()
            raise
        return outcomes

    def _open_writer(self) -> tuple[str, Writer]:
        """The writer of the serving generation, which another process may have swapped since the last call."""
        generation = self._folder.current()
        if self._writer is None or self._writer[0] != generation:
            self._close_writer()
            if self._folder.spec(generation).layout != self._built_for.layout:
                raise Unavailable("The search index is of another version of this program: run `mentors index rebuild`.", retry_after=60)
            self._writer = generation, Writer(self._folder.data(generation), self._folder.spec(generation).values)
            self._folder.remove_older()
        return self._writer

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer[1].close()
            self._writer = None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """tantivy reports unreadable files as ValueError; requests are checked before they reach it."""
        try:
            yield
        except (ValueError, OSError) as error:
            raise Unavailable(UNREADABLE) from error


def _paired(values: Values) -> Values:
    return {facet: (*values[facet], *([MISSING] if FACETS[facet].nullable else [])) for facet in PAIRED if facet in values}


def _documents(view: View) -> int:
    return view.searcher.num_docs - tombstones(view.searcher, schema())


def _joined(earlier: Sequence[Applied], later: Sequence[Applied]) -> list[Applied]:
    """A batch that was applied to two generations was applied if either took it."""
    if not earlier:
        return list(later)
    return [first if first.outcome == "applied" else second for first, second in zip(earlier, later, strict=True)]
