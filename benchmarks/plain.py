"""The plain way to ask tantivy the engine's questions: the yardstick of the benchmarks and the oracle of the engine's tests.

Filters are sets of values; one aggregation counts each selected facet without its own filter and one all the others; everything runs
in sequence and nothing is kept between questions. It shares with the engine the index, the reading of words and the form of offer
keys, and none of the ways in which the engine saves time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tantivy import Occur, Query, Searcher, SnippetGenerator

from directory.search.engine import SearchRequest
from directory.search.fields import FACETS, MISSING, OFFER_FACETS
from indexer.engines.embedded.highlight import FIELDS
from indexer.engines.embedded.schema import facet_field, schema, text_field
from indexer.engines.embedded.text import TextQuery, text_query
from indexer.engines.offers import accepted_keys, buckets_by_value, offer_field
from indexer.engines.scores import OPEN_SCORE

MOST_BUCKETS: Final = 65_000

Accepted = dict[str, frozenset[str]]
Clause = tuple[Occur, Query]


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """What the engine answers too, but for the exact order among equal scores."""

    scores: tuple[float, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    not_stated: Mapping[str, int]
    highlights: int


class Plain:
    """Asks one view of an index. `topics` are the keys of offered topics, which a plain program would know from its vocabulary."""

    def __init__(self, searcher: Searcher) -> None:
        self._searcher = searcher
        self._topics = tuple(sorted(key for key, _ in searcher.terms_with_prefix(offer_field(("topic",)), "")))

    def search(self, request: SearchRequest, *, offset: int = 0) -> PlainAnswer:
        """The hits from an offset on by best fit, counts and highlights."""
        text = text_query(schema(), request.query)
        accepted = {facet: frozenset(keys) for facet, keys in request.filters.items() if keys}
        accepted = {facet: keys | {MISSING} if facet in request.include else keys for facet, keys in accepted.items()}
        base = self._visible(request.scope, request.exclude)
        query = self._ranking(text, base, accepted)
        limit = max(1, min(request.limit, self._searcher.num_docs))  # tantivy can't read none
        found: Any = self._searcher.search(query, limit, offset=offset, weight_by_field="weight")
        facets = self._facets(text, base, accepted, request.facets)
        return PlainAnswer(
            scores=tuple(score for score, _ in found.hits[: request.limit]),
            total=int(found.count),
            facets={facet: {key: count for key, count in facets[facet].items() if key != MISSING and count} for facet in request.facets},
            not_stated=self._not_stated(text, base, accepted, facets, int(found.count)),
            highlights=self._highlights(text, found.hits) if request.highlight else 0,
        )

    def suggest(self, words: tuple[str, ...], scope: str, limit: int) -> list[tuple[str, int, str]]:
        """Ids, versions and names of people, by the beginnings of words."""
        terms = [(Occur.Must, Query.const_score_query(Query.term_query(schema(), "name_prefix", word), 0.0)) for word in words]
        query = Query.const_score_query(Query.boolean_query([*terms, *self._visible(scope, ())]), 1.0)
        found: Any = self._searcher.search(query, limit, count=False, weight_by_field="weight")
        versions = self._searcher.fast_field_values("version", [address for _, address in found.hits])
        documents = [self._searcher.doc(address) for _, address in found.hits]
        rows = zip(documents, versions, strict=True)
        return [(str(row.get_first("id")), int(version or 0), str(row.get_first(text_field("name")))) for row, version in rows]

    def _visible(self, scope: str, exclude: tuple[str, ...]) -> list[Clause]:
        clauses = [(Occur.Must, Query.const_score_query(Query.term_query(schema(), "scope", scope), 0.0))]
        return [*clauses, (Occur.MustNot, Query.term_set_query(schema(), "id", list(exclude)))] if exclude else clauses

    def _filters(self, accepted: Accepted) -> list[Clause]:
        clauses = [_set(facet_field(facet), keys) for facet, keys in accepted.items() if facet not in OFFER_FACETS]
        offers = _offers(accepted)
        return [*clauses, self._offer_set(offers)] if offers else clauses

    def _offer_set(self, offers: Accepted) -> Clause:
        return _set(offer_field(offers), frozenset(accepted_keys(offers, self._topics)))

    def _matching(self, text: TextQuery, base: list[Clause], accepted: Accepted) -> Query:
        return Query.boolean_query([*((Occur.Must, query) for query in text.required), *base, *self._filters(accepted)])

    def _ranking(self, text: TextQuery, base: list[Clause], accepted: Accepted) -> Query:
        if text.required:
            clauses = [(Occur.Must, query) for query in text.required] + base + self._filters(accepted)
        else:
            clauses = [(Occur.Must, Query.const_score_query(self._matching(text, base, accepted), 1.0))]
        clauses += [(Occur.Should, query) for query in text.optional]
        offers = _offers(accepted)
        if offers:
            fitting = self._offer_set({**offers, "availability": frozenset({"open"})})[1]
            clauses.append((Occur.Should, Query.const_score_query(fitting, OPEN_SCORE)))
        return Query.boolean_query(clauses)

    def _facets(self, text: TextQuery, base: list[Clause], accepted: Accepted, names: tuple[str, ...]) -> dict[str, dict[str, int]]:
        free = tuple(facet for facet in names if facet not in accepted)
        counted = self._count(text, base, accepted, free) if free else {}
        for facet in names:
            if facet in accepted:
                counted |= self._count(text, base, {other: keys for other, keys in accepted.items() if other != facet}, (facet,))
        return counted

    def _count(self, text: TextQuery, base: list[Clause], accepted: Accepted, names: tuple[str, ...]) -> dict[str, dict[str, int]]:
        query, offers = self._matching(text, base, accepted), _offers(accepted)
        fields = {facet: offer_field((facet, *offers)) if facet in OFFER_FACETS else facet_field(facet) for facet in names}
        asked = {facet: {"terms": {"field": field, "size": MOST_BUCKETS}} for facet, field in fields.items()}
        answer: dict[str, Any] = self._searcher.aggregate(query, asked)
        counts = {facet: {bucket["key"]: bucket["doc_count"] for bucket in answer[facet]["buckets"]} for facet in names}
        for facet in names:
            if facet in OFFER_FACETS:
                counts[facet] = self._by_value(query, fields[facet], facet, offers, counts[facet])
        return counts

    def _by_value(self, query: Query, field: str, facet: str, offers: Accepted, counts: dict[str, int]) -> dict[str, int]:
        """Mentors with several offers must count once, so a value with several keys needs a question of its own."""
        values = buckets_by_value(facet, offers, counts)
        return {
            value: max(keys.values()) if len(keys) == 1 else self._number([(Occur.Must, query), _set(field, frozenset(keys))])
            for value, keys in values.items()
        }

    def _not_stated(
        self, text: TextQuery, base: list[Clause], accepted: Accepted, facets: Mapping[str, Mapping[str, int]], total: int
    ) -> dict[str, int]:
        more = {}
        for facet, keys in accepted.items():
            if not FACETS[facet].nullable or MISSING in keys:
                continue
            if facet in facets and facet not in OFFER_FACETS:
                more[facet] = facets[facet].get(MISSING, 0)
                continue
            with_missing = {**accepted, facet: keys | {MISSING}}
            more[facet] = self._number([(Occur.Must, self._matching(text, base, with_missing))]) - total
        return {facet: count for facet, count in more.items() if count}

    def _number(self, clauses: list[Clause]) -> int:
        found: Any = self._searcher.search(Query.boolean_query(clauses), 1)
        return int(found.count)

    def _highlights(self, text: TextQuery, hits: list[Any]) -> int:
        """How many fragments there are, all of them made."""
        query = Query.boolean_query([(Occur.Should, part) for part in (*text.required, *text.optional)])
        generators = [SnippetGenerator.create(self._searcher, query, schema(), text_field(field)) for field in FIELDS]
        documents = [self._searcher.doc(address) for _, address in hits]
        return sum("<b>" in generator.snippet_from_doc(document).to_html() for document in documents for generator in generators)


def _offers(accepted: Accepted) -> Accepted:
    return {facet: keys for facet, keys in accepted.items() if facet in OFFER_FACETS}


def _set(field: str, keys: frozenset[str]) -> Clause:
    return Occur.Must, Query.const_score_query(Query.term_set_query(schema(), field, sorted(keys)), 0.0)
