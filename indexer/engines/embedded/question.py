"""A compiled search request: which documents match, with any one facet's selection left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import tantivy
from tantivy import Occur, Schema

from directory.search.engine import SearchRequest
from directory.search.fields import OFFER_FACETS
from indexer.engines.analysis import clean
from indexer.engines.asked import Selections, accepted, check_request
from indexer.engines.embedded.pairs import pair_field, pair_of
from indexer.engines.embedded.schema import facet_field, set_field
from indexer.engines.embedded.terms import Terms
from indexer.engines.embedded.text import TextQuery, text_query
from indexer.engines.offers import AVAILABILITY, accepted_keys, offer_field
from indexer.engines.scores import OPEN, OPEN_SCORE

WIDEST_UNION: Final = 256
"""A union of terms is driven by the rarest clause of the whole question; a longer one is better read into one set."""

Clause = tuple[Occur, tantivy.Query]


@dataclass(frozen=True)
class Question:
    """`accepted` holds, per selected facet, the keys that pass (with `MISSING` where "not stated" does)."""

    schema: Schema
    terms: Terms
    scope: str
    exclude: tuple[str, ...]
    base: tuple[Clause, ...]
    text: TextQuery
    accepted: Selections
    sort: str

    @property
    def offers(self) -> Selections:
        """The selections that must hold for one offer."""
        return {facet: keys for facet, keys in self.accepted.items() if facet in OFFER_FACETS}

    def matching(self, **changed: frozenset[str] | None) -> tantivy.Query:
        """Documents that match, with the accepted keys of some facets changed (None: facet left out)."""
        text = [(Occur.Must, query) for query in self.text.conditions]
        return tantivy.Query.boolean_query([*text, *self.base, *self._filters({**self.accepted, **changed})])

    def unasked(self, *left_out: str) -> bool:
        """Whether it is a question for everybody who is visible, some facets' selections left out."""
        return not self.text.conditions and self.accepted.keys() <= set(left_out)

    def of_everybody(self) -> "Question":
        """The question for everybody whom the audience may see, nobody excluded."""
        return replace(self, base=visible(self.schema, self.scope, ()), text=TextQuery(), accepted={})

    def of_the_excluded(self) -> "Question":
        """The question for those of the excluded whom the audience could see otherwise."""
        base = visible(self.schema, self.scope, ())
        return replace(self, base=(*base, self.keys("id", self.exclude)), text=TextQuery(), accepted={})

    def ranking(self) -> tantivy.Query:
        """The same documents with the scores of best fit."""
        if self.text.required:
            conditions = tantivy.Query.boolean_query([*self.base, *self._filters(self.accepted)])
            clauses = [*((Occur.Must, query) for query in self.text.required), (Occur.Must, unscored(conditions))]
        else:
            clauses = [(Occur.Must, tantivy.Query.const_score_query(self.matching(), 1.0))]
        clauses.extend((Occur.Should, query) for query in self.text.optional)
        if self.offers:
            fitting = self._offers({**self.offers, AVAILABILITY: frozenset({OPEN})})
            clauses.append((Occur.Should, tantivy.Query.const_score_query(fitting, OPEN_SCORE)))
        return tantivy.Query.boolean_query(clauses)

    def keys(self, field: str, keys: Sequence[str]) -> Clause:
        """Documents that have one of the keys, without a score."""
        return Occur.Must, unscored(any_of(self.schema, field, keys))

    def _filters(self, accepted: Mapping[str, frozenset[str] | None]) -> list[Clause]:
        chosen = {facet: keys for facet, keys in accepted.items() if keys is not None}
        clauses = [self._filter(facet, keys) for facet, keys in chosen.items() if facet not in OFFER_FACETS]
        offers = {facet: keys for facet, keys in chosen.items() if facet in OFFER_FACETS}
        if len(offers) == 1:
            clauses += [self._filter(facet, keys) for facet, keys in offers.items()]
        elif offers:
            clauses.append((Occur.Must, unscored(self._offers(offers))))
        return clauses

    def _filter(self, facet: str, keys: frozenset[str]) -> Clause:
        if len(keys) == 2 and keys <= self.terms.paired.get(facet, frozenset()):
            return Occur.Must, unscored(tantivy.Query.term_query(self.schema, pair_field(facet), pair_of(keys)))
        refused = self.terms.refused(facet, keys)
        if refused is not None:
            return Occur.MustNot, any_of(self.schema, set_field(facet), refused)
        if facet in OFFER_FACETS:
            return Occur.Must, unscored(self._offers({facet: keys}))
        return self.keys(facet_field(facet), sorted(keys))

    def _offers(self, accepted: Selections) -> tantivy.Query:
        return any_of(self.schema, offer_field(accepted), accepted_keys(accepted, self.terms.topics))


def compile_request(schema: Schema, terms: Terms, request: SearchRequest) -> Question:
    """Raises Invalid for a facet or a sort that the field table does not have."""
    check_request(request)
    return Question(
        schema=schema,
        terms=terms,
        scope=request.scope,
        exclude=tuple(map(clean, request.exclude)),
        base=visible(schema, request.scope, request.exclude),
        text=text_query(schema, request.query),
        accepted=accepted(request),
        sort=request.sort,
    )


def visible(schema: Schema, scope: str, exclude: Sequence[str]) -> tuple[Clause, ...]:
    """What an audience may see: tombstones have no scope at all."""
    clauses: list[Clause] = [(Occur.Must, unscored(tantivy.Query.term_query(schema, "scope", clean(scope))))]
    if exclude:
        clauses.append((Occur.MustNot, tantivy.Query.term_set_query(schema, "id", [clean(person) for person in exclude])))
    return tuple(clauses)


def any_of(schema: Schema, field: str, keys: Sequence[str]) -> tantivy.Query:
    """Documents with any of the keys."""
    if not keys:
        return tantivy.Query.empty_query()
    if len(keys) > WIDEST_UNION:
        return tantivy.Query.term_set_query(schema, field, keys)
    terms = [tantivy.Query.term_query(schema, field, key) for key in keys]
    return terms[0] if len(terms) == 1 else tantivy.Query.boolean_query([(Occur.Should, term) for term in terms])


def unscored(query: tantivy.Query) -> tantivy.Query:
    """A condition that adds nothing to the score."""
    return tantivy.Query.const_score_query(query, 0.0)
