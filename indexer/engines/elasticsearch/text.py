"""From the words of a question to clauses. Nothing a user typed is ever parsed as a query language."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from directory.core.errors import Invalid
from directory.search.engine import Alternative, Key, Phrase, Query, Word
from directory.search.fields import MENTOR_FACETS, TEXTS
from indexer.engines.analysis import clean, stands
from indexer.engines.elasticsearch.documents import given
from indexer.engines.elasticsearch.mapping import GAP, facet_field, text_field
from indexer.engines.scores import KEY_SCORE, TIE

Clause = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TextQuery:
    """`required` must all match; `optional` only add to the score (groups that consist of stop words). `words` are the terms to mark,
    folded and stemmed."""

    required: tuple[Clause, ...] = ()
    optional: tuple[Clause, ...] = ()
    folded: frozenset[str] = field(default=frozenset())
    stemmed: frozenset[str] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.required or self.optional)


def text_query(query: Query) -> TextQuery:
    """Groups become required clauses; a group of nothing but stop words never excludes anybody.

    Stop words stay terms in names and places, so such a group still prefers a Dr. Will when asked for "will".
    Raises Invalid for a key of something that is not a mentor facet.
    """
    required: list[Clause] = []
    optional: list[Clause] = []
    for group in query:
        clauses = [clause for alternative in group.alternatives for clause in _clauses(alternative)]
        if clauses:
            (required if any(map(_stands, group.alternatives)) else optional).append(_best(clauses))
    written = [_written(one) for group in query for one in group.alternatives if not isinstance(one, Key)]
    return TextQuery(tuple(required), tuple(optional), _terms(written, stem=False), _terms(written, stem=True))


def word_query(word: str) -> Clause | None:
    """The word in any text field, stop word or not; None when nothing of it can be searched."""
    clauses = _clauses(Word(word))
    return _best(clauses) if clauses else None


def _stands(alternative: Alternative) -> bool:
    return isinstance(alternative, Key) or stands(_written(alternative))


def _written(alternative: Word | Phrase) -> str:
    return clean(alternative.text if isinstance(alternative, Word) else " ".join(alternative.words))


def _terms(written: Sequence[str], *, stem: bool) -> frozenset[str]:
    return frozenset(word for text in written for word in given(text, stem=stem).split(" ") if word not in ("", GAP))


def _clauses(alternative: Alternative) -> list[Clause]:
    if isinstance(alternative, Key):
        if alternative.facet not in MENTOR_FACETS:
            raise Invalid(
                f"{alternative.facet!r} is not a facet of mentors.", where="query", value=alternative.facet, allowed=MENTOR_FACETS
            )
        term = {"term": {facet_field(alternative.facet): clean(alternative.key)}}
        return [{"constant_score": {"filter": term, "boost": KEY_SCORE * alternative.weight}}]
    text = _written(alternative)
    stemmed, folded = given(text, stem=True), given(text, stem=False)
    weighed = ((row.name, row.weight * alternative.weight, stemmed if row.stem else folded) for row in TEXTS.values())
    return [_adjacent(text_field(name), terms, weight) for name, weight, terms in weighed if terms]


def _adjacent(name: str, terms: str, weight: float) -> Clause:
    """One term, or the terms at their distances (a stop word that was dropped leaves a gap that any word fills)."""
    if " " not in terms:
        return {"term": {name: {"value": terms, "boost": weight}}}
    return {"match_phrase": {name: {"query": terms, "boost": weight}}}


def _best(clauses: Sequence[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": list(clauses), "tie_breaker": TIE}}
