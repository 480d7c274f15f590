"""Counts per facet, each with the selections of all other facets applied, always exact: aggregations beside the hits.

Where several keys of an offer field lead to one value, a mentor could be counted twice, so that value is counted by a second question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from directory.search.fields import MISSING, OFFER_FACETS
from indexer.engines.asked import Selections, nullable_selected
from indexer.engines.elasticsearch.mapping import facet_field
from indexer.engines.elasticsearch.offers import by_value, offer_field, pattern
from indexer.engines.elasticsearch.question import Clause, Question, any_of

MOST_BUCKETS: Final = 65_000
"""Elasticsearch refuses more; no facet has nearly as many keys, and beyond it a count would be refused, never wrong."""

FREE: Final = "free"
OWN: Final = "own:"
MORE: Final = "more:"
EACH: Final = "each"

Answer = Mapping[str, Any]
Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """`facets` has counts per key, `unsettled` per facet the values that must be counted anew, with the keys that lead to them."""

    facets: dict[str, Counts] = field(default_factory=dict)
    unsettled: dict[str, dict[str, list[str]]] = field(default_factory=dict)


def is_doubtful(question: Question) -> bool:
    """Whether some count may need the second question, known before the first."""
    return any(facet in OFFER_FACETS and any(len(keys) > 1 for keys in _others(question, facet).values()) for facet in question.facets)


def aggregations(question: Question) -> dict[str, Clause]:
    """For every facet that is counted, and for every selection that could let in mentors who state nothing."""
    made: dict[str, Clause] = {}
    free = [facet for facet in question.facets if facet not in question.accepted]
    if free:
        made[FREE] = _within(question.selections(), {facet: _terms(question, facet) for facet in free})
    for facet in question.facets:
        if facet in question.accepted:
            made[OWN + facet] = _within(question.selections(**{facet: None}), {facet: _terms(question, facet)})
    for facet in nullable_selected(question.accepted):
        if facet in OFFER_FACETS:
            made[MORE + facet] = _within(question.selections(**{facet: question.accepted[facet] | {MISSING}}), {})
        elif facet not in question.facets:
            made[MORE + facet] = _within(question.selections(**{facet: frozenset({MISSING})}), {})
    return made


def read_counts(question: Question, answer: Answer) -> Counted:
    """The counts in an answer, with `MISSING` among the keys."""
    counted = Counted()
    for facet in question.facets:
        buckets = answer[OWN + facet if facet in question.accepted else FREE][facet]["buckets"]
        counts = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}
        if facet not in OFFER_FACETS:
            counted.facets[facet] = counts
            continue
        found = by_value(facet, _others(question, facet), counts)
        counted.facets[facet] = {value: max(keys.values()) for value, keys in found.items()}
        several = {value: sorted(keys) for value, keys in found.items() if len(keys) > 1 and value != MISSING}
        if several:
            counted.unsettled[facet] = several
    return counted


def recount(question: Question, facet: str, values: Mapping[str, list[str]]) -> Clause:
    """A question for the number of mentors with any of the keys, per value."""
    name = offer_field((facet, *_others(question, facet)))
    filters = {str(place): any_of(name, keys) for place, keys in enumerate(values.values())}
    query = question.unscored([*question.everybody(), *question.selections(**{facet: None})])
    return {"size": 0, "track_total_hits": False, "query": query, "aggs": {EACH: {"filters": {"filters": filters}}}}


def read_recount(values: Mapping[str, list[str]], answer: Answer) -> Counts:
    """The counts in the answer to `recount`."""
    buckets = answer["aggregations"][EACH]["buckets"]
    return {value: int(buckets[str(place)]["doc_count"]) for place, value in enumerate(values)}


def read_not_stated(question: Question, answer: Answer, counted: Counted, total: int) -> dict[str, int]:
    """Per selected facet how many more mentors would match if "not stated" passed."""
    found = {}
    for facet in nullable_selected(question.accepted):
        if facet in OFFER_FACETS:
            found[facet] = int(answer[MORE + facet]["doc_count"]) - total
        elif facet in question.facets:
            found[facet] = counted.facets[facet].get(MISSING, 0)
        else:
            found[facet] = int(answer[MORE + facet]["doc_count"])
    return {facet: count for facet, count in found.items() if count}


def _others(question: Question, facet: str) -> Selections:
    return {name: keys for name, keys in question.offers.items() if name != facet}


def _within(filters: list[Clause], inner: dict[str, Clause]) -> Clause:
    made: Clause = {"filter": {"bool": {"filter": filters}}}
    return {**made, "aggs": inner} if inner else made


def _terms(question: Question, facet: str) -> Clause:
    if facet not in OFFER_FACETS:
        return {"terms": {"field": facet_field(facet), "size": MOST_BUCKETS}}
    others = _others(question, facet)
    terms: Clause = {"field": offer_field((facet, *others)), "size": MOST_BUCKETS}
    include = pattern(facet, others) if others else ""
    return {"terms": {**terms, "include": include} if include else terms}
