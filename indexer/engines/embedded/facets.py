"""Counts per facet: each with the selections of all other facets applied, always exact.

Passes over the documents that match everything count all facets without a selection; each selected facet needs a pass without its
own, which several may share. A pass in which nothing is asked for reads what the view keeps of everybody.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import tantivy
from tantivy import Searcher

from directory.search.fields import MISSING, OFFER_FACETS
from indexer.engines.embedded.joint import count_together, countable_together
from indexer.engines.embedded.lookup import count
from indexer.engines.embedded.offer_counts import Counts, offer_counts
from indexer.engines.embedded.question import Question
from indexer.engines.embedded.schema import facet_field, set_field
from indexer.engines.embedded.sets import SETS, by_member
from indexer.engines.embedded.views import View
from indexer.engines.offers import offer_field

MOST_BUCKETS: Final = 65_000
"""tantivy refuses more; no facet has nearly as many keys, and beyond it a count would be refused, never wrong."""

Pass = Callable[[], dict[str, Counts]]


def facet_passes(view: View, question: Question, facets: Sequence[str]) -> list[Pass]:
    """Independent jobs; together they give every facet's counts, with `MISSING` among the keys.

    With words most of the time goes into finding the documents, without them into reading their keys, and with several keys of one
    facet of offers into queries for each value; so then the facets are shared out.
    """
    free = [facet for facet in facets if facet not in question.accepted]
    whole = question.text.conditions and all(len(keys) == 1 for keys in question.offers.values())
    shares = [free] if whole else [free[::2], free[1::2]]
    own = [facet for facet in facets if facet in question.accepted]
    joint = countable_together(question, own)
    passes = [_pass(view, question, share, ()) for share in shares if share]
    passes += [_pass(view, question, (facet,), (facet,)) for facet in own if facet not in joint]
    return [*passes, partial(count_together, view.searcher, question, joint)] if joint else passes


def missing_pass(view: View, question: Question, facet: str) -> int:
    """How many mentors match if the facet accepts "not stated" only, or, for an offer facet, that as well."""
    keys = frozenset({MISSING})
    if facet in OFFER_FACETS:
        keys |= question.accepted[facet]
    return count(view.searcher, question.matching(**{facet: keys}))


def total_of(view: View, question: Question) -> int:
    """How many mentors match."""
    if not question.unasked():
        return count(view.searcher, question.matching())
    absent = count(view.searcher, question.of_the_excluded().matching()) if question.exclude else 0
    return view.everybody(question).total - absent


def _pass(view: View, question: Question, facets: Sequence[str], left_out: Sequence[str]) -> Pass:
    if question.unasked(*left_out):
        return lambda: _count_visible(view, question, facets)
    return lambda: _count(view.searcher, question, facets, left_out)


def _count_visible(view: View, question: Question, facets: Sequence[str]) -> dict[str, Counts]:
    """Everybody but the excluded, of whom there are few: their keys are counted and taken off."""
    kept = view.everybody(question).facets
    if not question.exclude:
        return {facet: kept[facet] for facet in facets}
    absent = _count(view.searcher, question.of_the_excluded(), facets, ())
    return {facet: {key: number - absent[facet].get(key, 0) for key, number in kept[facet].items()} for facet in facets}


def _count(searcher: Searcher, question: Question, facets: Sequence[str], left_out: Sequence[str]) -> dict[str, Counts]:
    others = {facet: keys for facet, keys in question.offers.items() if facet not in left_out}
    sets = [facet for facet in facets if facet in SETS and not (facet in OFFER_FACETS and others)]
    fields = {facet: set_field(facet) if facet in sets else _field(facet, others) for facet in facets}
    counted = _aggregate(searcher, question.matching(**dict.fromkeys(left_out, None)), fields)
    for facet in facets:
        if facet in sets:
            counted[facet] = by_member(counted[facet])
        elif facet in OFFER_FACETS:
            counted[facet] = offer_counts(searcher, question, facet, others, counted[facet])
    return counted


def _field(facet: str, others: Iterable[str]) -> str:
    return offer_field((facet, *others)) if facet in OFFER_FACETS else facet_field(facet)


def _aggregate(searcher: Searcher, query: tantivy.Query, fields: Mapping[str, str]) -> dict[str, Counts]:
    request = {facet: {"terms": {"field": field, "size": MOST_BUCKETS}} for facet, field in fields.items()}
    answer: dict[str, Any] = searcher.aggregate(query, request)
    return {facet: {bucket["key"]: bucket["doc_count"] for bucket in answer[facet]["buckets"]} for facet in fields}
