"""From the words of a question to tantivy queries. Nothing a user typed is ever parsed as a query language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Schema, TextAnalyzer

from directory.core.errors import Invalid
from directory.search.engine import Alternative, Key, Phrase, Query, Word
from directory.search.fields import MENTOR_FACETS, TEXTS
from indexer.engines.analysis import analyzers, clean, stands
from indexer.engines.embedded.schema import ANY_FOLDED, ANY_STEMMED, facet_field, text_field
from indexer.engines.scores import KEY_SCORE, TIE

Token = tuple[int, str]


@dataclass(frozen=True, slots=True)
class TextQuery:
    """`required` must all match; `optional` only add to the score (groups that consist of stop words).

    `conditions` hold for the same documents as `required`, read fewer lists and have no scores of use.
    """

    required: tuple[tantivy.Query, ...] = ()
    optional: tuple[tantivy.Query, ...] = ()
    conditions: tuple[tantivy.Query, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.required or self.optional)


def text_query(schema: Schema, query: Query) -> TextQuery:
    """Groups become required clauses; a group of nothing but stop words never excludes anybody.

    Stop words stay terms in names and places, so such a group still prefers a Dr. Will when asked for "will".
    Raises Invalid for a key of something that is not a mentor facet.
    """
    required: list[tantivy.Query] = []
    optional: list[tantivy.Query] = []
    conditions: list[tantivy.Query] = []
    for group in query:
        clauses = [clause for alternative in group.alternatives for clause in _clauses(schema, alternative)]
        if clauses and any(map(_stands, group.alternatives)):
            required.append(_best(clauses))
            conditions.append(_any([part for alternative in group.alternatives for part in _conditions(schema, alternative)]))
        elif clauses:
            optional.append(_best(clauses))
    return TextQuery(tuple(required), tuple(optional), tuple(conditions))


def word_query(schema: Schema, word: str) -> tantivy.Query | None:
    """The word in any text field, stop word or not; None when nothing of it can be searched."""
    conditions = _conditions(schema, Word(word))
    return _any(conditions) if conditions else None


def _stands(alternative: Alternative) -> bool:
    return isinstance(alternative, Key) or stands(_written(alternative))


def _written(alternative: Word | Phrase) -> str:
    return alternative.text if isinstance(alternative, Word) else " ".join(alternative.words)


def _clauses(schema: Schema, alternative: Alternative) -> list[tantivy.Query]:
    if isinstance(alternative, Key):
        return [tantivy.Query.const_score_query(_key(schema, alternative), KEY_SCORE * alternative.weight)]
    stemmed, folded = _analyzed(alternative)
    weighed = ((field.name, field.weight * alternative.weight, stemmed if field.stem else folded) for field in TEXTS.values())
    return [tantivy.Query.boost_query(_adjacent(schema, text_field(name), tokens), weight) for name, weight, tokens in weighed if tokens]


def _conditions(schema: Schema, alternative: Alternative) -> list[tantivy.Query]:
    if isinstance(alternative, Key):
        return [_key(schema, alternative)]
    stemmed, folded = _analyzed(alternative)
    found: list[tantivy.Query] = []
    for everywhere, tokens, stem in ((ANY_STEMMED, stemmed, True), (ANY_FOLDED, folded, False)):
        if len(tokens) > 1:
            found += [_adjacent(schema, text_field(field.name), tokens) for field in TEXTS.values() if field.stem == stem]
        elif tokens:
            found.append(tantivy.Query.term_query(schema, everywhere, tokens[0][1]))
    return found


def _key(schema: Schema, key: Key) -> tantivy.Query:
    if key.facet not in MENTOR_FACETS:
        raise Invalid(f"{key.facet!r} is not a facet of mentors.", where="query", value=key.facet, allowed=MENTOR_FACETS)
    return tantivy.Query.term_query(schema, facet_field(key.facet), clean(key.key))


def _analyzed(alternative: Word | Phrase) -> tuple[list[Token], list[Token]]:
    """As terms of stemmed and of folded texts."""
    text = clean(_written(alternative))
    return _tokens(analyzers().stemmed, text), _tokens(analyzers().folded, text)


def _tokens(analyzer: TextAnalyzer, text: str) -> list[Token]:
    tokens: Iterable[tantivy.Token] = analyzer.pre_tokenize(text).tokens
    return [(token.position, token.text) for token in tokens]


def _adjacent(schema: Schema, field: str, tokens: Sequence[Token]) -> tantivy.Query:
    """One term, or the terms at their distances (a stop word that was dropped leaves a gap that any word fills)."""
    if len(tokens) == 1:
        return tantivy.Query.term_query(schema, field, tokens[0][1])
    first = tokens[0][0]
    return tantivy.Query.phrase_query(schema, field, [(place - first, text) for place, text in tokens])


def _any(conditions: Sequence[tantivy.Query]) -> tantivy.Query:
    return conditions[0] if len(conditions) == 1 else tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in conditions])


def _best(clauses: Sequence[tantivy.Query]) -> tantivy.Query:
    return clauses[0] if len(clauses) == 1 else tantivy.Query.disjunction_max_query(clauses, TIE)
