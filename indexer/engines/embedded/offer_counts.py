"""Mentors per value of an offer facet, from counts of the combined keys of offers."""

import tantivy
from tantivy import Occur, Searcher

from directory.search.fields import MISSING
from indexer.engines.asked import Selections
from indexer.engines.embedded.lookup import count
from indexer.engines.embedded.question import Question
from indexer.engines.offers import buckets_by_value, offer_field

Counts = dict[str, int]


def offer_counts(searcher: Searcher, question: Question, facet: str, others: Selections, counted: Counts) -> Counts:
    """`counted` holds mentors per key of the field of `facet` and the selected `others`.

    Where several keys lead to one value, a mentor could be counted twice, so that value is counted by a query. Its keys say what was
    asked of the offers.
    """
    field = offer_field((facet, *others))
    apart = question.matching(**dict.fromkeys(question.offers, None))
    found: Counts = {}
    for value, keys in buckets_by_value(facet, others, counted).items():
        if len(keys) == 1 or value == MISSING:
            found[value] = max(keys.values())
        else:
            found[value] = count(searcher, tantivy.Query.boolean_query([question.keys(field, sorted(keys)), (Occur.Must, apart)]))
    return found
