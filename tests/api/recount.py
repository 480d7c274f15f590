"""What a search has to answer, counted from the items of the API alone and by the documented rules."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Item = Mapping[str, Any]
Chosen = Mapping[str, Sequence[str]]

OFFER: Final = ("arena", "topic", "level", "availability")
"""Facets that must hold for the same offer of a mentor."""


def keys_of_offer(offer: Item, facet: str) -> list[str]:
    """Keys of one offer under a facet."""
    value = offer[facet]
    return [value] if isinstance(value, str) else [row["key"] for row in value]


def passing_offers(item: Item, chosen: Chosen, include: Sequence[str]) -> list[Item]:
    """The offers that satisfy all chosen offer facets at once."""
    asked = {facet: keys for facet, keys in chosen.items() if facet in OFFER}
    return [
        offer
        for offer in item["offers"]
        if all(_holds(keys_of_offer(offer, facet), keys, facet in include) for facet, keys in asked.items())
    ]


def passes(item: Item, chosen: Chosen, include: Sequence[str]) -> bool:
    """Whether a mentor belongs to the answer."""
    mentor = all(_holds(item[facet], keys, facet in include) for facet, keys in chosen.items() if facet not in OFFER)
    return mentor and (not any(facet in OFFER for facet in chosen) or bool(passing_offers(item, chosen, include)))


def total(items: Sequence[Item], chosen: Chosen, include: Sequence[str]) -> int:
    """Mentors who pass."""
    return sum(passes(item, chosen, include) for item in items)


def counts(items: Sequence[Item], facet: str, chosen: Chosen, include: Sequence[str]) -> dict[str, int]:
    """Mentors per key with all *other* filters applied."""
    others = {name: keys for name, keys in chosen.items() if name != facet}
    keys_of: Callable[[Item], set[str]] = lambda item: set(item[facet])  # noqa: E731 the two ways stand side by side
    if facet in OFFER:
        keys_of = lambda item: {key for offer in passing_offers(item, others, include) for key in keys_of_offer(offer, facet)}  # noqa: E731
    return dict(Counter(key for item in items if passes(item, others, include) for key in keys_of(item)))


def not_stated(items: Sequence[Item], chosen: Chosen, include: Sequence[str], nullable: Sequence[str]) -> dict[str, int]:
    """Per chosen facet how many more pass when those are included who do not state it."""
    now = total(items, chosen, include)
    more = {facet: total(items, chosen, [*include, facet]) - now for facet in chosen if facet in nullable and facet not in include}
    return {facet: count for facet, count in more.items() if count}


def _holds(keys: Sequence[str], wanted: Sequence[str], included: bool) -> bool:
    return bool(set(keys) & set(wanted)) or (included and not keys)
