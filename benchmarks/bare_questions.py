"""Questions for the bare engine, made from some of the mentors themselves so that they have answers."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from directory.search.engine import Document, Group, Query, SearchRequest, Word
from directory.search.fields import FACETS
from indexer.engines.analysis import analyzers, stands

EVERY: Final = tuple(FACETS)
SEED: Final = 5
COMMON: Final = (0.05, 0.4)
"""Share of the mentors whose texts have a common word."""
SHORTEST: Final = 4


class Questions:
    """The same for the same mentors."""

    def __init__(self, sample: Sequence[Document]) -> None:
        self._random = random.Random(SEED)
        self._sample = sample
        told = [row for row in sample if row.offers and row.keys.get("stage") and row.keys.get("mode")]
        self._told = [row for row in told if _words(row.texts["keywords"])]
        found = Counter(word for row in sample for word in set(_words(" ".join(row.texts.values()))))
        low, high = (share * len(sample) for share in COMMON)
        self._common = sorted(word for word, times in found.items() if low <= times <= high)

    def everybody(self, count: int) -> list[SearchRequest]:
        """No words, no filters, all facets."""
        return [SearchRequest("public", facets=EVERY)] * count

    def found(self, count: int, *, common: int, filters: int = 0) -> list[SearchRequest]:
        """Two words, of which so many are common and the others from somebody's keywords, and up to three filters."""
        return [
            SearchRequest("public", query=self._query(common), filters=self._filters(filters), facets=EVERY, highlight=True)
            for _ in range(count)
        ]

    def filtered(self, count: int, filters: int) -> list[SearchRequest]:
        """Up to three filters and no words."""
        return [SearchRequest("public", filters=self._filters(filters), facets=EVERY) for _ in range(count)]

    def levels(self, count: int, *, words: bool) -> list[SearchRequest]:
        """Two levels, of which one must be in the same offer as each topic that is counted."""
        levels = sorted({level for row in self._sample for offer in row.offers for level in offer.levels})
        query = [self._query(2) if words else () for _ in range(count)]
        asked = [{"level": tuple(self._random.sample(levels, 2))} for _ in range(count)]
        return [SearchRequest("public", query=text, filters=chosen, facets=EVERY) for text, chosen in zip(query, asked, strict=True)]

    def beginnings(self, count: int) -> list[str]:
        """First two to six letters of names."""
        rows = self._random.choices(self._sample, k=count)
        return [analyzers().folded.analyze(row.texts["name"])[-1][: self._random.randint(2, 6)] for row in rows]

    def _query(self, common: int) -> Query:
        words = self._random.sample(self._common, common)
        row = self._random.choice(self._told)
        words += [self._random.choice(_words(row.texts["keywords"])) for _ in range(2 - common)]
        return tuple(Group(word, (Word(word),)) for word in words)

    def _filters(self, count: int) -> dict[str, tuple[str, ...]]:
        """One arena; two stages and two modes, of which somebody has one each."""
        row = self._random.choice(self._told)
        chosen: dict[str, Any] = {
            "arena": (self._random.choice(row.offers).arena,),
            "stage": self._pair("stage", row),
            "mode": self._pair("mode", row),
        }
        return dict(list(chosen.items())[:count])

    def _pair(self, facet: str, row: Document) -> tuple[str, ...]:
        own = self._random.choice(row.keys[facet])
        others = sorted({key for other in self._told for key in other.keys[facet]} - {own})
        return own, self._random.choice(others)


def _words(text: str) -> list[str]:
    return [word for word in analyzers().folded.analyze(text) if len(word) >= SHORTEST and not word.isdecimal() and stands(word)]
