"""One page of an answer: its hits, counts and highlights, and where the next one starts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from directory.search.engine import Hit, Page, SearchRequest
from directory.search.fields import MISSING, TEXTS
from indexer.engines.documents import distinct
from indexer.engines.elasticsearch.connection import Json, Session, ViewGone
from indexer.engines.elasticsearch.counts import (
    Counted,
    aggregations,
    is_doubtful,
    read_counts,
    read_not_stated,
    read_recount,
    recount,
)
from indexer.engines.elasticsearch.cursor import Cursor, decode, encode
from indexer.engines.elasticsearch.generations import Serving
from indexer.engines.elasticsearch.question import FIT, Question, compile_request
from indexer.engines.elasticsearch.ranking import (
    Found,
    after,
    anchor_body,
    hits_body,
    read_anchor,
    read_hits,
    shown_body,
    sorted_page,
    unsorted,
)
from indexer.engines.elasticsearch.text import TextQuery
from indexer.engines.elasticsearch.views import Views
from indexer.engines.fragments import fragment

MOST_HITS: Final = 1000
SAME_SCORE: Final = 1e-5
"""Scores shift a little when segments are merged although nothing changed; closer ones are the same score."""

LENGTHS: Final = {"bio": 220}
LENGTH: Final = 400
"""Characters of a fragment."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What a page tells beside its hits."""

    total: int
    facets: dict[str, dict[str, int]]
    not_stated: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for a page. `hits` are as shown now; `last` is the last one of the page as the walk has it, where more come after
    it. `view` is what the walk reads."""

    view: str
    hits: Sequence[Found]
    last: Found | None
    numbers: _Numbers


class Search:
    """Answers requests."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def page(self, session: Session, serving: Serving, request: SearchRequest) -> Page:
        """`serving` is the generation that was last seen to serve. A cursor leads to an earlier view, which then gives the order of hits.

        All numbers are of now: whoever withdrew is not counted on the following pages of a walk either.
        """
        question = compile_request(request)
        limit = min(request.limit, MOST_HITS)
        texts = request.highlight and bool(question.text)
        if limit < 1:
            read, offset = self._only_numbers(session, serving, question), 0
        elif request.cursor:
            cursor = decode(request.cursor, request, serving.spec.key)
            read, offset = self._go_on(session, serving, question, limit, cursor, texts=texts), cursor.offset
        else:
            read, offset = self._first(session, serving, question, limit, texts=texts), 0
        numbers = read.numbers
        return Page(
            hits=tuple(_hit(question, hit, highlight=texts) for hit in read.hits),
            total=numbers.total,
            facets=numbers.facets,
            not_stated=numbers.not_stated,
            cursor=_next(serving, request, read, offset + limit),
            generation=read.hits[0].generation if read.hits else serving.name,
        )

    def _only_numbers(self, session: Session, serving: Serving, question: Question) -> _Read:
        body = _counts_body(question, hits_body(question, 0, texts=False))
        if is_doubtful(question):
            view, (answer,) = self._views.ask(session, serving.name, [body])
        else:
            view, answer = "", session.search(body)
        return _Read(view, (), None, self._numbers(session, question, answer, view))

    def _first(self, session: Session, serving: Serving, question: Question, limit: int, *, texts: bool) -> _Read:
        body = hits_body(question, limit, texts=texts)
        if question.sort != FIT:
            return self._read(session, serving, question, body)
        view, hits, numbers = self._ask(session, serving, question, unsorted(body))
        ordered = sorted_page(hits, limit)
        if ordered is None:
            ordered = read_hits(question, session.search(body, view=view))
        return _cut(view, ordered, limit, numbers)

    def _go_on(self, session: Session, serving: Serving, question: Question, limit: int, cursor: Cursor, *, texts: bool) -> _Read:
        """In the view of the walk, or in the newest state when the server does not have it any more."""
        body = hits_body(question, limit, texts=texts)
        try:
            return self._go_on_in(session, serving, question, body, cursor)
        except ViewGone:
            pass
        place = _anchor(session, question, cursor, "")
        if isinstance(place, float) and abs(place - cursor.value) <= SAME_SCORE * abs(cursor.value):
            place = cursor.value
        return self._read(session, serving, question, after(question, body, cursor, place))

    def _go_on_in(self, session: Session, serving: Serving, question: Question, body: Json, cursor: Cursor) -> _Read:
        """Order and number come from the walk's view; what is shown of a mentor, and whether, from the newest state: consent may have
        ended. Raises ViewGone."""
        place = None if question.sort == FIT else _anchor(session, question, cursor, cursor.view)
        walking = {**body, "_source": False, "track_total_hits": False}
        limit = int(body["size"]) - 1
        walked = read_hits(question, session.search(after(question, walking, cursor, place), view=cursor.view))
        bodies = [shown_body(question, body, walked[:limit]), _counts_body(question, body)]
        view, (now, counts) = self._views.ask(session, serving.name, bodies)
        found = {hit.id: hit for hit in read_hits(question, now)}
        hits = [replace(found[hit.id], value=hit.value) for hit in walked[:limit] if hit.id in found]
        numbers = self._numbers(session, question, counts, view)
        return _Read(cursor.view, hits, walked[limit - 1] if len(walked) > limit else None, numbers)

    def _read(self, session: Session, serving: Serving, question: Question, body: Json) -> _Read:
        view, hits, numbers = self._ask(session, serving, question, body)
        return _cut(view, hits, int(body["size"]) - 1, numbers)

    def _ask(self, session: Session, serving: Serving, question: Question, body: Json) -> tuple[str, list[Found], _Numbers]:
        """The view that was read, hits and numbers. Without words the counts are a question of their own, whose answer the server keeps
        until a change."""
        aggs = aggregations(question)
        apart = [_counts_body(question, body)] if aggs and not question.text else []
        view, answers = self._views.ask(session, serving.name, [{**body, "aggs": aggs} if aggs and not apart else body, *apart])
        return view, read_hits(question, answers[0]), self._numbers(session, question, answers[-1], view)

    def _numbers(self, session: Session, question: Question, answer: Json, view: str) -> _Numbers:
        buckets = answer.get("aggregations", {})
        total = int(answer["hits"]["total"]["value"])
        counted = read_counts(question, buckets)
        doubtful = list(counted.unsettled.items())
        if doubtful:
            answers = session.search_all([recount(question, facet, values) for facet, values in doubtful], view=view)
            for (facet, values), again in zip(doubtful, answers, strict=True):
                counted.facets[facet] |= read_recount(values, again)
        return _Numbers(total, _shown(counted), read_not_stated(question, buckets, counted, total))


def _next(serving: Serving, request: SearchRequest, read: _Read, offset: int) -> str:
    """The cursor of the next page, in the view of this one."""
    return encode(Cursor(read.view, read.last.value, read.last.id, offset), request, serving.spec.key) if read.last else ""


def _cut(view: str, hits: Sequence[Found], limit: int, numbers: _Numbers) -> _Read:
    return _Read(view, hits[:limit], hits[limit - 1] if len(hits) > limit else None, numbers)


def _counts_body(question: Question, body: Json) -> Json:
    """The numbers of a question without its hits. Equal questions are equal to the letter, so that the server knows them again."""
    made: Json = {"size": 0, "track_total_hits": True, "query": question.unscored(question.everybody())}
    made |= {"post_filter": body["post_filter"]} if "post_filter" in body else {}
    aggs = aggregations(question)
    return {**made, "aggs": aggs} if aggs else made


def _shown(counted: Counted) -> dict[str, dict[str, int]]:
    return {facet: {key: count for key, count in counts.items() if key != MISSING and count} for facet, counts in counted.facets.items()}


def _anchor(session: Session, question: Question, cursor: Cursor, view: str) -> float | str | None:
    body = anchor_body(question, cursor)
    return read_anchor(session.search(body, view=view)) if body else None


def _hit(question: Question, found: Found, *, highlight: bool) -> Hit:
    score = found.value if question.sort == FIT else 0.0
    return Hit(found.id, found.version, score, _highlights(question.text, found.shown) if highlight else {})


def _highlights(text: TextQuery, shown: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """Per field that has matches, its best fragment."""
    made: dict[str, tuple[str, ...]] = {}
    for name in distinct(name for name in TEXTS if name in shown):
        stem = TEXTS[name].stem
        marked = fragment(shown[name], text.stemmed if stem else text.folded, stem=stem, limit=LENGTHS.get(name, LENGTH))
        if marked:
            made[name] = (marked,)
    return made
