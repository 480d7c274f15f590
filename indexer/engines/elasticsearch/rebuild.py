"""A generation under construction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from elasticsearch import NotFoundError

from directory.core.errors import Conflict
from directory.search.engine import Applied, Change, IndexedVersion
from indexer.engines.elasticsearch.bulk import Gone, write
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.errors import translated
from indexer.engines.elasticsearch.generations import Generations, build_alias
from indexer.engines.elasticsearch.lookup import counts, versions


class Rebuild:
    """`Generation` in an index of its own. What was applied is durable and visible with the swap, or when it is looked at.

    Every method raises Conflict when the index is gone, because a later rebuild has taken over.
    """

    def __init__(self, generations: Generations, name: str, session: Callable[[str], Session]) -> None:
        self.name = name
        self.resumed_after = ""
        self._generations = generations
        self._session = session
        self._unseen = False

    def belongs_to(self, generations: Generations) -> bool:
        """Whether it was started for this alias."""
        return self._generations is generations

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Raises Conflict after the swap or `abandon`."""
        with self._writing():
            self._unseen = True
            return write(self._session(self.name), build_alias(self.name), changes).outcomes

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        with self._writing():
            return versions(self._seen(), after, limit)

    def count(self) -> int:
        with self._writing():
            return counts(self._seen())[0]

    def serve(self) -> None:
        """Swap."""
        with self._writing():
            session = self._session(self.name)
            self._generations.finish(session, self.name)
            self._generations.serve(session, self.name)

    def abandon(self) -> None:
        """Delete it, unless it serves."""
        with translated():
            self._generations.remove(self._session(self.name), self.name)

    def _seen(self) -> Session:
        session = self._session(self.name)
        if self._unseen:
            session.client.indices.refresh(index=self.name)
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
