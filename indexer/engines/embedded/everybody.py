"""Counts over everybody whom an audience may see: what every visitor's first page asks for.

They are read from the lists of the keys, of which each says whom it holds for: at a million mentors eight times quicker than adding up
the keys of every mentor. A view never changes, so it keeps them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tantivy import Searcher

from directory.search.fields import FACETS, OFFER_FACETS
from indexer.engines.embedded.lookup import count
from indexer.engines.embedded.offer_counts import Counts, offer_counts
from indexer.engines.embedded.question import Question
from indexer.engines.embedded.schema import facet_field
from indexer.engines.offers import offer_field


@dataclass(frozen=True, slots=True)
class Everybody:
    """How many there are, and per facet how many per key, with `MISSING` among the keys."""

    total: int
    facets: Mapping[str, Counts]


def count_everybody(searcher: Searcher, question: Question) -> Everybody:
    """Count for the audience of a question; what else was asked does not matter."""
    whole = question.of_everybody()
    query = whole.matching()
    facets: dict[str, Counts] = {}
    for facet in FACETS:
        field = offer_field((facet,)) if facet in OFFER_FACETS else facet_field(facet)
        counts = dict(searcher.terms_with_prefix(field, "", filter_query=query)) if searcher.num_docs else {}
        facets[facet] = offer_counts(searcher, whole, facet, {}, counts) if facet in OFFER_FACETS else counts
    return Everybody(count(searcher, query), facets)
