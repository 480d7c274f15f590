"""A generation under construction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from elasticsearch import NotFoundError

from directory.core.errors import Conflict
from directory.search.engine import Applied, Change, IndexedVersion
from indexer.engines.elasticsearch.bulk import Gone, write
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.errors import translated
from indexer.engines.elasticsearch.generations import Build, Generations
from indexer.engines.elasticsearch.lookup import counts, last_id, versions


class Rebuild:
    """`Generation` in an index of its own. What was applied is durable and visible with the swap, or when it is looked at.

    Every method raises Conflict when a later rebuild has taken over.
    """

    def __init__(self, generations: Generations, build: Build, session: Callable[[str], Session]) -> None:
        self.name = build.name
        self._build = build
        self._generations = generations
        self._session = session
        self._unseen = build.resumed
        with self._writing():
            self.resumed_after = last_id(self._seen()) if build.resumed else ""

    def belongs_to(self, generations: Generations) -> bool:
        """Whether it was started for this alias."""
        return self._generations is generations

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Raises Conflict after the swap or `abandon`."""
        with self._writing():
            self._unseen = True
            return write(self._session(self._build.alias), self._build.alias, changes).outcomes

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        with self._writing():
            return versions(self._seen(), after, limit)

    def count(self) -> int:
        with self._writing():
            return counts(self._seen())[0]

    def serve(self) -> None:
        """Swap."""
        with self._writing():
            session = self._session(self._build.alias)
            self._generations.finish(session, self._build)
            self._generations.serve(session, self._build)

    def abandon(self) -> None:
        """Delete it, unless it serves or a later rebuild has taken over."""
        with translated():
            self._generations.remove(self._session(self._build.alias), self._build)

    def _seen(self) -> Session:
        session = self._session(self._build.alias)
        if self._unseen:
            session.refresh()
            self._unseen = False
        return session

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with translated():
            try:
                yield
            except (Gone, NotFoundError) as error:
                if isinstance(error, NotFoundError) and error.body is None:
                    raise
                raise Conflict("This generation of the search index is no longer open for writing.") from None
