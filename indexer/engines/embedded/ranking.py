"""The total order of hits and places in it.

Best fit is by score, and by id among equal scores: tantivy leaves those in the order of storage, so runs of equal scores are read
whole and sorted here. The other orders have keys that end in the id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Final

import tantivy
from tantivy import DocAddress, Occur, Order, Searcher

from indexer.engines.embedded.ids import read_ids
from indexer.engines.embedded.lookup import total as total_hits
from indexer.engines.embedded.question import Question

FIT: Final = "fit"
PAD: Final = 64
"""Hits read beyond the window on both sides, because some dozens of a million mentors share a score when there are no words."""

SAME_SCORE: Final = 1e-5
"""Scores are 32-bit floats whose sums depend on the order of summation; closer ones are the same score."""

SortKey = float | str


@dataclass(frozen=True, slots=True)
class Found:
    """A hit: its place in the order and where it is stored."""

    key: SortKey
    id: str
    address: DocAddress


RawHit = tuple[SortKey, DocAddress]


class Ranking:
    """One question's order in one view."""

    def __init__(self, searcher: Searcher, question: Question) -> None:
        self._searcher = searcher
        self._fit = question.sort == FIT
        self._sort = question.sort
        self._query = question.ranking() if self._fit else question.matching()
        self._schema = question.schema
        self._most = max(searcher.num_docs, 1)

    def page(self, offset: int, limit: int, total: int | None = None) -> tuple[list[Found], int]:
        """Hits from an offset on, and how many there are in all, which need not be counted if it is known."""
        pad = PAD if self._fit else 0
        while True:
            start = max(offset - pad, 0)
            size = offset - start + limit + pad
            hits, count = self._read(start, size, total)
            low, high = offset - start, offset - start + limit
            if pad == 0 or _closed(hits, low, high, start=start, whole=len(hits) < size):
                break
            pad *= 16
        ordered = self._sorted(hits, low, high) if pad else hits[low:high]
        ids = read_ids(self._searcher, [address for _, address in ordered])
        return [Found(key, person, address) for person, (key, address) in zip(ids, ordered, strict=True)], count

    def place_after(self, score: float, person: str, guess: int) -> int:
        """The offset of the first hit that comes after a hit; `guess` is where that was in the view in which the hit was shown."""
        key = self._key_now(score, person)
        if key is None:
            return max(guess - 1, 0)
        size = guess + 64
        while True:
            hits, _ = self._read(0, size, 0)
            before = sum(1 for found, _ in hits if self._before(found, key))
            same = [address for found, address in hits if found == key]
            if before + len(same) < len(hits) or len(hits) < size:
                return before + (sum(other <= person for other in read_ids(self._searcher, same)) if self._fit else len(same))
            size *= 4

    def _key_now(self, score: float, person: str) -> SortKey | None:
        """The key of a hit in this view, None when it is gone. Merges of the index shift scores a little although nothing changed."""
        term = tantivy.Query.term_query(self._schema, "id", person)
        if not self._fit:
            hits = self._searcher.search(term, 1, count=False, order_by_field=f"order_{self._sort}", order=Order.Asc).hits
            return hits[0][0] if hits and isinstance(hits[0][0], str) else None
        only = tantivy.Query.boolean_query([(Occur.Must, self._query), (Occur.Must, tantivy.Query.const_score_query(term, 0.0))])
        hits = self._searcher.search(only, 1, count=False, weight_by_field="weight").hits
        now = float(hits[0][0]) if hits else score
        return score if abs(now - score) <= SAME_SCORE * abs(score) else now

    def _before(self, found: SortKey, key: SortKey) -> bool:
        if isinstance(found, str):
            return isinstance(key, str) and found < key
        return isinstance(key, float) and found > key

    def _read(self, offset: int, limit: int, known: int | None) -> tuple[list[RawHit], int]:
        """Hits and how many there are. Never asks for more hits than there are documents: tantivy reserves memory for every hit it
        is asked for and aborts the process when it can't."""
        offset = min(offset, self._most)
        limit = max(min(limit, self._most), 1)
        read = partial(self._searcher.search, self._query, limit, count=known is None, offset=offset)
        ordered = read(weight_by_field="weight") if self._fit else read(order_by_field=f"order_{self._sort}", order=Order.Asc)
        return ordered.hits, total_hits(ordered) if known is None else known

    def _sorted(self, hits: Sequence[RawHit], low: int, high: int) -> list[RawHit]:
        ordered: list[RawHit] = []
        start = 0
        while start < len(hits):
            end = start + 1
            while end < len(hits) and hits[end][0] == hits[start][0]:
                end += 1
            run = list(hits[start:end])
            if len(run) > 1 and start < high and end > low:
                ids = read_ids(self._searcher, [address for _, address in run])
                run = [hit for _, hit in sorted(zip(ids, run, strict=True), key=itemgetter(0))]
            ordered.extend(run)
            start = end
        return ordered[low:high]


def _closed(hits: Sequence[RawHit], low: int, high: int, *, start: int, whole: bool) -> bool:
    """Whether no run of equal scores that reaches into the window goes on outside of what was read."""
    if len(hits) <= low:
        return True
    begins = start == 0 or hits[0][0] != hits[low][0]
    ends = whole or hits[-1][0] != hits[min(high, len(hits)) - 1][0]
    return begins and ends
