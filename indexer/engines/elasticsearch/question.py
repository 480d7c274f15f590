"""A compiled search request: which documents match, with any one facet's selection left out, and how they are ordered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from directory.search.engine import SearchRequest
from directory.search.fields import OFFER_FACETS
from indexer.engines.analysis import clean
from indexer.engines.asked import Selections, accepted, check_request, nullable_selected
from indexer.engines.elasticsearch.mapping import facet_field
from indexer.engines.elasticsearch.offers import accepted_keys, offer_field
from indexer.engines.elasticsearch.text import TextQuery, text_query
from indexer.engines.offers import AVAILABILITY
from indexer.engines.scores import OPEN, OPEN_SCORE

FIT: Final = "fit"
SORTS: Final[Mapping[str, list[dict[str, str]]]] = {
    FIT: [{"_score": "desc"}, {"id": "asc"}],
    "confirmed": [{"confirmed": "desc"}, {"id": "asc"}],
    "name": [{"order_name": "asc"}],
}

MOST_TERMS: Final = 50_000
"""Elasticsearch refuses a clause of more than 65,536 terms."""

Clause = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """`accepted` holds, per selected facet, the keys that pass (with `MISSING` where "not stated" does); `facets` are to be counted."""

    base: tuple[Clause, ...]
    text: TextQuery
    accepted: Selections
    facets: tuple[str, ...]
    sort: str

    @cached_property
    def loose(self) -> frozenset[str]:
        """Selected facets whose selection some count leaves out or widens; the others restrict everything."""
        return frozenset({*nullable_selected(self.accepted), *(facet for facet in self.facets if facet in self.accepted)})

    @property
    def offers(self) -> Selections:
        """The selections that must hold for one offer."""
        return {facet: keys for facet, keys in self.accepted.items() if facet in OFFER_FACETS}

    def everybody(self) -> list[Clause]:
        """Conditions that bind hits and counts alike."""
        firm = {facet: keys for facet, keys in self.accepted.items() if facet not in self.loose}
        return [*self.base, *_filters(firm)]

    def selections(self, **changed: frozenset[str] | None) -> list[Clause]:
        """The other conditions, with the accepted keys of some facets changed (None: facet left out).

        Offer facets hold together or not at all, so one that is loose draws the others in.
        """
        drawn = self.loose | set(self.offers) if self.loose & set(OFFER_FACETS) else self.loose
        kept = {facet: keys for facet, keys in {**self.accepted, **changed}.items() if facet in drawn and keys is not None}
        return _filters(kept)

    def unscored(self, filters: Sequence[Clause]) -> Clause:
        """Documents that match the words and the filters, for an order other than best fit."""
        return {"bool": {"filter": [*self.text.required, *filters]}}

    def scored(self, filters: Sequence[Clause]) -> Clause:
        """The same documents with the scores of best fit."""
        clauses: Clause = {"must": list(self.text.required) or [{"match_all": {}}], "filter": list(filters)}
        optional = list(self.text.optional)
        if self.offers:
            fitting = any_offer({**self.offers, AVAILABILITY: frozenset({OPEN})})
            optional.append({"constant_score": {"filter": fitting, "boost": OPEN_SCORE}})
        if optional:
            clauses["should"] = optional
        factor = {"field": "factor", "missing": 1}
        return {"function_score": {"query": {"bool": clauses}, "field_value_factor": factor, "boost_mode": "multiply"}}

    def ordered(self, filters: Sequence[Clause]) -> Clause:
        """The query of the order asked for."""
        return self.scored(filters) if self.sort == FIT else self.unscored(filters)


def compile_request(request: SearchRequest) -> Question:
    """Raises Invalid for a facet or a sort that the field table does not have."""
    check_request(request)
    return Question(
        base=visible(request.scope, request.exclude),
        text=text_query(request.query),
        accepted=accepted(request),
        facets=tuple(dict.fromkeys(request.facets)),
        sort=request.sort,
    )


def visible(scope: str, exclude: Iterable[str]) -> tuple[Clause, ...]:
    """What an audience may see: tombstones have no scope at all."""
    clauses: list[Clause] = [{"term": {"scope": clean(scope)}}]
    absent = sorted({clean(person) for person in exclude})
    if absent:
        clauses.append({"bool": {"must_not": _terms("id", absent)}})
    return tuple(clauses)


def any_of(field: str, keys: Sequence[str]) -> Clause:
    """Documents with any of the keys."""
    if len(keys) == 1:
        return {"term": {field: keys[0]}}
    clauses = _terms(field, keys)
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def any_offer(accepted: Selections) -> Clause:
    """Mentors one of whose offers satisfies all the selections."""
    return any_of(offer_field(accepted), accepted_keys(accepted))


def _filters(accepted: Selections) -> list[Clause]:
    clauses = [any_of(facet_field(facet), sorted(keys)) for facet, keys in accepted.items() if facet not in OFFER_FACETS]
    offers = {facet: keys for facet, keys in accepted.items() if facet in OFFER_FACETS}
    return [*clauses, any_offer(offers)] if offers else clauses


def _terms(field: str, keys: Sequence[str]) -> list[Clause]:
    return [{"terms": {field: keys[start : start + MOST_TERMS]}} for start in range(0, len(keys), MOST_TERMS)]
