"""Two keys of a facet as one: everybody who has either of them, in one list.

Most selections have one or two values. Two lists are joined by reading both to their end, however few mentors the words of a question
leave; one list is only looked into where they are. At a million mentors three such filters took two thirds of the time of finding the
matches of two words.

Which keys there are is written beside each generation, and its documents have a pair for each of their keys with each of those. A key
that came later is in no pair, neither here nor in a question, so that the answer is right and only takes longer.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from directory.core.vocabulary import Vocabularies
from directory.search.engine import Document
from directory.search.fields import FACETS
from indexer.engines.embedded.sets import BETWEEN, keys_of
from indexer.engines.offers import ARENA, AVAILABILITY

PAIRED: Final = (ARENA, AVAILABILITY, "mode", "stage")
"""Facets with few keys. Of the facets of offers, selections of two or more must hold for one offer, and then pairs are of no use."""

REMEMBERED: Final = 4096

Values = Mapping[str, tuple[str, ...]]
"""Per facet all keys that are paired."""


def values_of(vocabularies: Vocabularies) -> Values:
    """All that may be stated now."""
    return {facet: tuple(term.id for term in vocabularies[FACETS[facet].vocabulary].active()) for facet in PAIRED}


def pair_field(facet: str) -> str:
    """Field of the pairs of a facet."""
    return f"pair_{facet}"


def pair_of(keys: Collection[str]) -> str:
    """Two keys as one."""
    return BETWEEN.join(sorted(keys))


def pairs_of(document: Document, values: Values) -> dict[str, list[str]]:
    """Per field all pairs that the document satisfies."""
    return {pair_field(facet): _pairs(tuple(keys_of(document, facet)), known) for facet, known in values.items()}


@lru_cache(REMEMBERED)
def _pairs(keys: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    return sorted({pair_of((key, other)) for key in keys if key in known for other in known if other != key})
