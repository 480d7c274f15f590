"""The engine port on Elasticsearch: any number of processes read and write; the server compares versions."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Final

from elasticsearch import BadRequestError, NotFoundError

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.search.engine import Applied, Change, EngineStatus, Generation, Hit, IndexedVersion, Page, SearchRequest
from indexer.engines.elasticsearch.bulk import Gone, write
from indexer.engines.elasticsearch.connection import Address, Session, connect
from indexer.engines.elasticsearch.errors import OPERATOR, Refused, translated
from indexer.engines.elasticsearch.generations import Generations, Serving
from indexer.engines.elasticsearch.lookup import counts, versions
from indexer.engines.elasticsearch.mapping import fingerprint, layout
from indexer.engines.elasticsearch.places import Places
from indexer.engines.elasticsearch.rebuild import Rebuild
from indexer.engines.elasticsearch.search import Search
from indexer.engines.elasticsearch.spelling import corrections, matches
from indexer.engines.elasticsearch.suggest import suggest_people
from indexer.engines.elasticsearch.views import Views
from indexer.engines.first import NO_INDEX, MayBegin, always

NAME: Final = "elasticsearch"
CHECKED_FOR: Final = 1.0
"""Seconds for which an answer without hits is believed to come from the generation that was last seen. One with hits names it."""

SWAPS: Final = 5


class ElasticsearchEngine:
    """`SearchEngine` over the indexes behind one alias.

    Others may open it with `read_only`; the first that writes makes the index, if `may_begin` says so. `spec` is the fingerprint that a
    rebuild would write now: another one in `status().spec` means that a rebuild is due.

    Every method raises Unavailable when the servers can't be reached, don't answer in time, refuse, or when the index is missing or of
    another layout. Searching takes `address.seconds` at most, writing `address.bulk_seconds`.
    """

    many_writers = True

    def __init__(self, address: Address, *, vocabularies_fingerprint: str, read_only: bool = False, may_begin: MayBegin = always) -> None:
        """Raises Invalid for a setting that can't be used. Nothing is sent yet."""
        _check_name(address.index)
        self.spec = fingerprint(vocabularies_fingerprint)
        self._address = address
        self._client = connect(address)
        self._layout = layout()
        self._generations = Generations(address.index, spec=self.spec, layout=self._layout, replicas=address.replicas)
        self._read_only = read_only
        self._may_begin = may_begin
        self._search = Search(Views())
        self._places = Places()
        self._lock = Lock()
        self._serving: Serving | None = None
        self._checked = 0.0

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Raises Conflict when this process opened the index to read only."""
        self._check_writable()
        outcomes: list[Applied] = []
        with translated():
            session = self._writing()
            for _ in range(SWAPS):
                serving = self._look(session)
                try:
                    written = write(session, self._address.index, changes)
                    session.refresh()
                except (Gone, NotFoundError):
                    continue
                outcomes = _joined(outcomes, written.outcomes)
                if written.indexes <= {serving.name} and self._look(session).name == serving.name:
                    return outcomes
        raise Unavailable(NO_INDEX, retry_after=OPERATOR)

    def search(self, request: SearchRequest) -> Page:
        """Raises Invalid for names that the field table does not have, InvalidCursor for a cursor of another question."""
        with self._places.taken(), translated():
            session = self._reading()
            with self._doubted(session):
                page = self._search.page(session, self._known(session), request)
            self._check_source(session, page.generation if page.hits else "")
            return page

    def suggest(self, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]:
        with self._asking(self._reading()) as session:
            return suggest_people(session, prefix, scope=scope, exclude=exclude, limit=limit)

    def corrections(self, word: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[str]:
        with self._asking(self._reading()) as session:
            return corrections(session, word, scope=scope, exclude=exclude, limit=limit)

    def matches(self, word: str, *, scope: str, exclude: tuple[str, ...]) -> int:
        with self._asking(self._reading()) as session:
            return matches(session, word, scope=scope, exclude=exclude)

    def start_generation(self) -> Generation:
        """Goes on with a rebuild for the same spec that was killed. One that still runs is stopped by that: its next write raises
        Conflict."""
        self._check_writable()
        with translated():
            build = self._generations.start(self._writing())
        return Rebuild(self._generations, build, lambda index: Session(self._client, index, self._address.bulk_seconds))

    def swap(self, generation: Generation) -> None:
        """The earlier generation is deleted in the same step, because it holds people who have withdrawn since."""
        if not isinstance(generation, Rebuild) or not generation.belongs_to(self._generations):
            raise Invalid("Only a generation that this engine started can serve.", where="generation")
        generation.serve()
        with translated():
            self._look(self._writing())

    def count(self) -> int:
        with self._asking(self._reading()) as session:
            return counts(session)[0]

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        with self._asking(self._writing()) as session:
            return versions(session, after, limit)

    def status(self) -> EngineStatus:
        """Answers also when the index is missing or of another version; counts are 0 then. Raises Unavailable when nobody answers."""
        with translated():
            session = self._reading()
            serving = self._generations.serving(session)
            if serving is None and self._is_first() and self._may_begin():
                serving = self._known(session)
            if serving is None:
                return EngineStatus(NAME, "", "", 0, 0)
            if serving.spec.layout != self._layout:
                spec = serving.spec.spec if serving.spec.spec != self.spec else ""  # a label on other fields makes nothing up to date
                return EngineStatus(NAME, serving.name, spec, 0, 0)
            return EngineStatus(NAME, serving.name, serving.spec.spec, *counts(session))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _reading(self) -> Session:
        return Session(self._client, self._address.index, self._address.seconds)

    def _writing(self) -> Session:
        return Session(self._client, self._address.index, self._address.bulk_seconds)

    @contextmanager
    def _asking(self, session: Session) -> Iterator[Session]:
        with self._places.taken(), translated():
            with self._doubted(session):
                self._known(session)
                yield session
            self._check_source(session, "")

    @contextmanager
    def _doubted(self, session: Session) -> Iterator[None]:
        """A request that is refused may mean that the index is not the one that was last seen: then this says what is wrong with it."""
        try:
            yield
        except (BadRequestError, Refused):
            self._look(session)
            raise

    def _known(self, session: Session) -> Serving:
        """The generation that was last seen to serve; looked for when none was."""
        with self._lock:
            if self._serving is not None:
                return self._serving
        return self._look(session)

    def _look(self, session: Session) -> Serving:
        """The generation that serves now. The first look of a process that may write makes one; an index that is gone later stays gone
        until a rebuild, so that nobody takes an empty directory for the whole one."""
        first = self._is_first()
        if first and self._generations.serving(session) is None and self._may_begin():
            self._generations.create_first(session)
        with self._lock:
            self._checked = 0.0  # unless all is well, the next one looks again
        found = self._generations.usable(session)
        if first:
            self._generations.await_start(session)
        with self._lock:
            self._serving, self._checked = found, time.monotonic()
        return found

    def _is_first(self) -> bool:
        with self._lock:
            return self._serving is None and not self._read_only

    def _check_source(self, session: Session, generation: str) -> None:
        """Raises Unavailable when an answer came from an index of another layout, where fields that are missing just match nothing."""
        with self._lock:
            seen = self._serving.name if self._serving else ""
            recent = time.monotonic() - self._checked < CHECKED_FOR
        if not seen or (generation != seen if generation else not recent):
            self._look(session)

    def _check_writable(self) -> None:
        if self._read_only:
            raise Conflict("This process opened the search index to read only.")


def _check_name(index: str) -> None:
    """Raises Invalid for a name that an alias can't have or that would not tell its generations from another's."""
    plain = index.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and index == index.lower() and index[0].isalnum() and len(index) <= 100):
        allowed = "lower-case letters, digits, - and _, beginning with a letter or digit, at most 100"
        raise Invalid(
            f"[elasticsearch] index = {index!r} can't be used: allowed are {allowed}.", where="elasticsearch.index", allowed=(allowed,)
        )


def _joined(earlier: Sequence[Applied], later: Sequence[Applied]) -> list[Applied]:
    """A batch that was applied to two generations was applied if either took it."""
    if not earlier:
        return list(later)
    return [first if first.outcome == "applied" else second for first, second in zip(earlier, later, strict=True)]
