"""Counts of several selected facets in one pass, each without its own selection but with those of all others.

The pass leaves out the selections of all of them and counts how often each combination of their sets occurs; which selections a
combination satisfies is then plain to see. The words of the question, which take most of the time, are read once.
"""

from collections.abc import Sequence
from typing import Any, Final

from tantivy import Searcher

from directory.search.fields import OFFER_FACETS
from indexer.engines.embedded.offer_counts import Counts
from indexer.engines.embedded.question import Question
from indexer.engines.embedded.schema import set_field
from indexer.engines.embedded.sets import by_member, members

MOST_COMBINATIONS: Final = 2000
"""More take longer to read than the passes that they save."""


def countable_together(question: Question, facets: Sequence[str]) -> tuple[str, ...]:
    """Those of the selected `facets` that one pass can count; none if it would be a single one.

    Selections of several facets of offers must hold for one offer, which the sets of a mentor do not tell.
    """
    sizes = {facet: len(sets) for facet, sets in question.terms.sets.items()}
    chosen: list[str] = []
    combinations = 1
    for facet in sorted(set(facets) & sizes.keys(), key=lambda facet: (sizes[facet], facet)):
        apart = facet in OFFER_FACETS and len(question.offers) > 1
        if not apart and combinations * sizes[facet] <= MOST_COMBINATIONS:
            combinations *= sizes[facet]
            chosen.append(facet)
    return tuple(chosen) if len(chosen) > 1 else ()


def count_together(searcher: Searcher, question: Question, facets: Sequence[str]) -> dict[str, Counts]:
    """Mentors per key of each of the facets."""
    query = question.matching(**dict.fromkeys(facets, None))
    fields = [{"field": set_field(facet)} for facet in facets]
    answer: dict[str, Any] = searcher.aggregate(query, {"sets": {"multi_terms": {"terms": fields, "size": MOST_COMBINATIONS}}})
    tallies: list[Counts] = [{} for _ in facets]
    refused = [_Refused(question.accepted[facet]) for facet in facets]
    everywhere = range(len(facets))
    for bucket in answer["sets"]["buckets"]:
        sets = bucket["key"]
        failed = [place for place in everywhere if refused[place][sets[place]]]
        for place in failed or everywhere if len(failed) < 2 else ():
            tallies[place][sets[place]] = tallies[place].get(sets[place], 0) + bucket["doc_count"]
    return {facet: by_member(tally) for facet, tally in zip(facets, tallies, strict=True)}


class _Refused(dict[str, bool]):
    """Whether a set has none of the accepted keys, worked out once for each set."""

    def __init__(self, accepted: frozenset[str]) -> None:
        super().__init__()
        self._accepted = accepted

    def __missing__(self, joined: str) -> bool:
        self[joined] = self._accepted.isdisjoint(members(joined))
        return self[joined]
