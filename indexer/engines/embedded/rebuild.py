"""A generation under construction."""

from collections.abc import Sequence
from typing import Final

from directory.search.engine import Applied, Change, IndexedVersion
from indexer.engines.embedded.generations import Folder
from indexer.engines.embedded.lookup import last_id, tombstones, versions
from indexer.engines.embedded.schema import schema
from indexer.engines.embedded.writer import Writer

COMMIT_EVERY: Final = 20_000
"""Changes between commits: each costs a segment, and their ids are kept in memory in between."""


class Rebuild:
    """`Generation` in a directory of its own. A change is durable with the swap, or after some thousand more changes."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.name = name
        self._folder = folder
        self._writer = Writer(folder.data(name), folder.spec(name).values, bulk=True)
        self.resumed_after = last_id(self._writer.commit())

    def belongs_to(self, folder: Folder) -> bool:
        """Whether it was started in this folder."""
        return self._folder is folder

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Raises Conflict after the swap or `abandon`."""
        outcomes = self._writer.stage(changes)
        if self._writer.pending >= COMMIT_EVERY:
            self._writer.commit()
        return outcomes

    def versions(self, after: str, limit: int) -> list[IndexedVersion]:
        return versions(self._writer.commit(), schema(), after, limit)

    def count(self) -> int:
        searcher = self._writer.commit()
        return searcher.num_docs - tombstones(searcher, schema())

    def finish(self) -> None:
        """Everything durable and merged, the lock given up."""
        self._writer.commit()
        self._writer.close()

    def abandon(self) -> None:
        """Delete it."""
        self._writer.close()
        if self.name != self._folder.current():
            self._folder.remove(self.name)
