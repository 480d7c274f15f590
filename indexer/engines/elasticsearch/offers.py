"""Offers as keys, so that selections of several offer facets hold for the same offer.

Every set of offer facets has a field of its own, whose keys join one value per facet for every offer of the mentor. Unlike in the
embedded engine topics stand without their arena: an index that is not in this process can't be asked first which arenas a topic has.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import combinations, product
from typing import Final

from directory.search.engine import OfferKeys
from directory.search.fields import MISSING
from indexer.engines.asked import Selections
from indexer.engines.offers import ARENA, AVAILABILITY, BETWEEN, LEVEL, ORDER, TOPIC, combined

OFFER_FIELDS: Final[dict[tuple[str, ...], str]] = {
    facets: "offer_" + "_".join(facets) for size in range(1, len(ORDER) + 1) for facets in combinations(ORDER, size)
}

LONGEST_PATTERN: Final = 1000
"""Characters of a pattern that Elasticsearch takes."""


def ordered(facets: Iterable[str]) -> tuple[str, ...]:
    """The facets in key order."""
    chosen = set(facets)
    return tuple(facet for facet in ORDER if facet in chosen)


def offer_field(facets: Iterable[str]) -> str:
    """The field whose keys hold these facets."""
    return OFFER_FIELDS[ordered(facets)]


def offer_keys(offers: Iterable[OfferKeys]) -> dict[str, list[str]]:
    """Keys per field. Each key once per mentor: counts are of mentors, not offers."""
    values = (
        {ARENA: (row.arena,), TOPIC: row.topics or (MISSING,), LEVEL: row.levels or (MISSING,), AVAILABILITY: (row.availability,)}
        for row in offers
    )
    return combined(OFFER_FIELDS, values)


def accepted_keys(accepted: Selections) -> list[str]:
    """All keys, in the field of the selected facets, of offers that satisfy the selections."""
    return [BETWEEN.join(values) for values in product(*(sorted(accepted[facet]) for facet in ordered(accepted)))]


def pattern(facet: str, others: Selections) -> str:
    """A regular expression of the keys, in the field of `facet` and `others`, whose offers satisfy `others`; "" if it would be too long."""
    parts = []
    for name in ordered((facet, *others)):
        values = [re.sub(r"([^\w\s])", r"\\\1", value, flags=re.ASCII) for value in sorted(others.get(name, ()))]
        parts.append(f"[^{BETWEEN}]*" if name == facet else f"({'|'.join(values)})")
    made = BETWEEN.join(parts)
    return made if len(made) <= LONGEST_PATTERN else ""


def by_value(facet: str, others: Selections, counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Per value of `facet`, the counted keys of offers that satisfy the selections of the other facets."""
    facets = ordered((facet, *others))
    found: dict[str, dict[str, int]] = {}
    for key, count in counts.items():
        values = dict(zip(facets, key.split(BETWEEN), strict=True))
        if all(values[name] in chosen for name, chosen in others.items()):
            found.setdefault(values[facet], {})[key] = count
    return found
