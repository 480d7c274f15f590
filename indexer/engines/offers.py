"""Offers as keys, so that selections of several offer facets hold for the same offer.

Every combination of offer facets has a field of its own. Its keys join one value per facet of the combination, for every offer:
`research-skills␞resident` in the field of arena and level says that *one* offer has both. A topic is always written with the arena
of its offer, so a combination with a topic needs no arena beside it. A facet that an offer does not state has the value `MISSING`.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Final

from directory.search.engine import OfferKeys
from directory.search.fields import MISSING

ARENA: Final = "arena"
TOPIC: Final = "topic"
LEVEL: Final = "level"
AVAILABILITY: Final = "availability"
ORDER: Final = (ARENA, TOPIC, LEVEL, AVAILABILITY)

WITHIN: Final = "\x1f"
"""Between an arena and its topic."""
BETWEEN: Final = "\x1e"
"""Between the facets of a combination."""


def combination(facets: Iterable[str]) -> tuple[str, ...]:
    """The facets in key order, without an arena that the topic says already."""
    chosen = set(facets)
    if TOPIC in chosen:
        chosen.discard(ARENA)
    return tuple(facet for facet in ORDER if facet in chosen)


OFFER_FIELDS: Final[dict[tuple[str, ...], str]] = {
    facets: "offer_" + "_".join(facets)
    for facets in sorted({combination(some) for size in range(1, len(ORDER) + 1) for some in combinations(ORDER, size)})
}
"""Sorted, so that the beginning of every combination stands before it."""


def offer_field(facets: Iterable[str]) -> str:
    """The field whose keys hold these facets (and, with a topic, its arena)."""
    return OFFER_FIELDS[combination(facets)]


def offer_keys(offers: Iterable[OfferKeys]) -> dict[str, list[str]]:
    """Keys per field. Each key once per mentor: counts are of mentors, not offers."""
    values = (
        {
            ARENA: (offer.arena,),
            TOPIC: tuple([offer.arena + WITHIN + topic for topic in offer.topics or (MISSING,)]),
            LEVEL: offer.levels or (MISSING,),
            AVAILABILITY: (offer.availability,),
        }
        for offer in offers
    )
    return combined(OFFER_FIELDS, values)


def combined(fields: Mapping[tuple[str, ...], str], offers: Iterable[Mapping[str, tuple[str, ...]]]) -> dict[str, list[str]]:
    """Per field of a combination, all its keys that some offer has, each once, from the values of every offer per facet.

    The keys of a combination are those of its beginning, which is a combination too, with one more value each.
    """
    found: dict[str, list[str]] = {field: [] for field in fields.values()}
    for values in offers:
        made: dict[tuple[str, ...], Sequence[str]] = {}
        for facets, field in fields.items():
            last = values[facets[-1]]
            made[facets] = [f"{head}{BETWEEN}{value}" for head in made[facets[:-1]] for value in last] if facets[1:] else last
            found[field].extend(made[facets])
    return {field: list(dict.fromkeys(keys)) for field, keys in found.items()}


def parse(facets: tuple[str, ...], key: str) -> dict[str, str]:
    """The values in a key of the field of a combination; with a topic comes its arena."""
    values = dict(zip(facets, key.split(BETWEEN), strict=True))
    if TOPIC in values:
        values[ARENA], values[TOPIC] = values[TOPIC].split(WITHIN)
    return values


def accepted_keys(accepted: Mapping[str, frozenset[str]], topics: Iterable[str]) -> list[str]:
    """All keys, in the field of the selected facets, of offers that satisfy the selections.

    `topics` are the keys of the topic field, which say what arenas a topic is offered in.
    """
    choices: list[Iterable[str]] = []
    for facet in combination(accepted):
        if facet == TOPIC:
            choices.append([key for key in topics if _passes(parse((TOPIC,), key), accepted)])
        else:
            choices.append(sorted(accepted[facet]))
    return [BETWEEN.join(values) for values in product(*choices)]


def buckets_by_value(facet: str, accepted: Mapping[str, frozenset[str]], counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Per value of `facet`, the counted keys of offers that satisfy the selections of the other facets.

    `counts` are of the field of `facet` and all facets in `accepted`.
    """
    facets = combination((facet, *accepted))
    found: dict[str, dict[str, int]] = {}
    for key, count in counts.items():
        values = parse(facets, key)
        if _passes(values, accepted):
            found.setdefault(values[facet], {})[key] = count
    return found


def _passes(values: Mapping[str, str], accepted: Mapping[str, frozenset[str]]) -> bool:
    return all(values[facet] in chosen for facet, chosen in accepted.items() if facet in values)
