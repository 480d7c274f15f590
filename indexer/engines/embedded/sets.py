"""All keys of a mentor in one facet as a single key, for facets of which few sets of keys exist.

Counted together, the sets of several facets tell the counts of each with the selections of the others, so that these facets need one
pass and not one each.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from directory.search.engine import Document
from directory.search.fields import MISSING
from indexer.engines.offers import ARENA, AVAILABILITY

SETS: Final = (ARENA, AVAILABILITY, "mode", "state", "stage")
"""Facets whose sets are written: a handful of keys each, or one key of many."""

BETWEEN: Final = "\x1d"


def sets_of(document: Document) -> dict[str, str]:
    """Per facet the set of its keys. Nobody without offers counts as not stating a facet of offers."""
    return {facet: _joined(keys_of(document, facet)) for facet in SETS}


def keys_of(document: Document, facet: str) -> Collection[str]:
    """All keys of a mentor in a facet."""
    if facet == ARENA:
        return [offer.arena for offer in document.offers]
    if facet == AVAILABILITY:
        return [offer.availability for offer in document.offers]
    return document.keys.get(facet) or (MISSING,)


def members(joined: str) -> list[str]:
    """The keys of a set; an empty one has the empty key, which nothing accepts."""
    return joined[1:].split(BETWEEN)


def by_member(counts: Mapping[str, int]) -> dict[str, int]:
    """Mentors per key, from mentors per set."""
    found: dict[str, int] = {}
    for joined, number in counts.items():
        for key in filter(None, members(joined)):
            found[key] = found.get(key, 0) + number
    return found


def _joined(keys: Iterable[str]) -> str:
    return BETWEEN + BETWEEN.join(sorted(set(keys)))
