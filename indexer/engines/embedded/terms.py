"""What the dictionaries of a view say: small lists that questions are compiled with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tantivy import Searcher

from indexer.engines.embedded.pairs import Values
from indexer.engines.embedded.schema import set_field
from indexer.engines.embedded.sets import SETS, members
from indexer.engines.offers import TOPIC, offer_field


@dataclass(frozen=True, slots=True)
class Terms:
    """`topics` are the arena-and-topic keys that offers have, `sets` per facet of `SETS` the sets and how many mentors have each.
    Those of deleted mentors may be among them; they match nothing. `paired` are the keys that documents have in pairs.
    """

    topics: tuple[str, ...]
    sets: Mapping[str, Mapping[str, int]]
    paired: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def refused(self, facet: str, accepted: frozenset[str]) -> list[str] | None:
        """The sets that have none of several accepted keys, if it takes less to leave those out than to gather the keys.

        An index reads all lists that it joins, however few mentors the rest of a question leaves.
        """
        if facet not in self.sets or len(accepted) < 2:
            return None
        kept = {joined: len(accepted.intersection(members(joined))) for joined in self.sets[facet]}
        joins = sum(keys * self.sets[facet][joined] for joined, keys in kept.items())
        left_out = [joined for joined, keys in kept.items() if not keys]
        return left_out if 2 * sum(self.sets[facet][joined] for joined in left_out) <= joins else None


def read_terms(searcher: Searcher, values: Values) -> Terms:
    """From a view and the values of its generation."""
    topics = sorted(key for key, _ in searcher.terms_with_prefix(offer_field((TOPIC,)), ""))
    sets = {facet: dict(searcher.terms_with_prefix(set_field(facet), "")) for facet in SETS}
    return Terms(tuple(topics), sets, {facet: frozenset(keys) for facet, keys in values.items()})
