"""One page of an answer: where a walk stands, its hits, counts and highlights."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final, TypeVar

from directory.core.errors import InvalidCursor
from directory.search.engine import Hit, Page, SearchRequest
from directory.search.fields import MISSING, OFFER_FACETS
from indexer.engines.asked import absent_of, nullable_selected, question_of
from indexer.engines.embedded.cursor import Anchor, Cursor, decode, encode
from indexer.engines.embedded.facets import facet_passes, missing_pass, total_of
from indexer.engines.embedded.highlight import Highlighter
from indexer.engines.embedded.lookup import find
from indexer.engines.embedded.offer_counts import Counts
from indexer.engines.embedded.question import Question, compile_request, visible
from indexer.engines.embedded.ranking import Found, Ranking
from indexer.engines.embedded.schema import schema
from indexer.engines.embedded.views import View, Views

MOST_HITS: Final = 1000
WORKERS: Final = 2

T = TypeVar("T")


class Search:
    """Answers requests from views. The passes of one request run side by side: tantivy works outside of the interpreter's lock."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="search")

    def close(self) -> None:
        """End the worker threads."""
        self._pool.shutdown()

    def page(self, newest: View, request: SearchRequest) -> Page:
        """`newest` is the current view; a cursor may lead to an earlier one, which then gives the order of hits. All numbers are of
        the newest: whoever withdrew is not counted on the following pages of a walk either."""
        cursor = decode(request.cursor, request) if request.cursor else None
        view = (cursor and self._views.pinned(cursor.view)) or newest
        question = compile_request(schema(), view.terms, request)
        ranking = Ranking(view.searcher, question)
        offset = _offset(view, ranking, cursor, request) if cursor else 0
        limit = min(max(request.limit, 0), MOST_HITS)
        counted = question if view is newest else compile_request(schema(), newest.terms, request)
        counting = self._count(newest, counted, request.facets)  # in other threads, while this one reads the hits
        found, walked = _read(view, ranking, question, offset, limit)
        total = walked if view is newest else total_of(newest, counted)
        hits = _hits(view, newest, question, request, found)
        facets, not_stated = counting(total)
        return Page(
            hits=hits,
            total=total,
            facets=facets,
            not_stated=not_stated,
            cursor=self._next(view, request, found, offset, walked),
            generation=view.generation,
        )

    def _count(self, view: View, question: Question, names: Sequence[str]) -> Callable[[int], tuple[dict[str, Counts], dict[str, int]]]:
        """Start counting; the result gives counts per facet, and how many more would match, once the total is known."""
        passes = [self._start(job) for job in facet_passes(view, question, names)]
        open_ended = [facet for facet in nullable_selected(question.accepted) if facet in OFFER_FACETS or facet not in names]
        surplus = {facet: self._start(_missing(view, question, facet)) for facet in open_ended}

        def counted(total: int) -> tuple[dict[str, Counts], dict[str, int]]:
            found = {facet: counts for result in passes for facet, counts in result().items()}
            more = {facet: _surplus(facet, surplus, found, total) for facet in nullable_selected(question.accepted)}
            shown = {facet: {key: count for key, count in found[facet].items() if key != MISSING and count} for facet in names}
            return shown, {facet: count for facet, count in more.items() if count}

        return counted

    def _start(self, job: Callable[[], T]) -> Callable[[], T]:
        return self._pool.submit(job).result

    def _next(self, view: View, request: SearchRequest, found: Sequence[Found], offset: int, walked: int) -> str:
        """The cursor of the next page, or nothing after the last one."""
        after = offset + len(found)
        if not found or after >= walked:
            return ""
        self._views.pin(view)
        last = found[-1]
        score = last.key if isinstance(last.key, float) else 0.0
        return encode(Cursor(view.token, after, question_of(request), absent_of(request), Anchor(score, last.id)))


def _read(view: View, ranking: Ranking, question: Question, offset: int, limit: int) -> tuple[list[Found], int]:
    """Hits and how many there are in all. Of everybody the first ones are known."""
    total = total_of(view, question) if question.unasked() or not limit else None
    if total is None or not limit:
        return ranking.page(offset, limit, total) if limit else ([], total or 0)
    first = _first(view, question, offset + limit) if not question.text else None
    return (first[offset:], total) if first is not None else ranking.page(offset, limit, total)


def _first(view: View, question: Question, count: int) -> list[Found] | None:
    """The first hits of a question for everybody; None when more are asked for than the view keeps."""
    leaders = view.leaders(question)
    absent = set(question.exclude)
    found = list(islice((hit for hit in leaders.hits if hit.id not in absent), count)) if absent else leaders.hits[:count]
    return list(found) if len(found) == count or leaders.whole else None


def _missing(view: View, question: Question, facet: str) -> Callable[[], int]:
    return lambda: missing_pass(view, question, facet)


def _surplus(facet: str, passes: Mapping[str, Callable[[], int]], counted: Mapping[str, Counts], total: int) -> int:
    """How many more mentors would match. A mentor facet's own pass counts them beside its keys."""
    if facet in OFFER_FACETS:
        return passes[facet]() - total
    return passes[facet]() if facet in passes else counted[facet].get(MISSING, 0)


def _offset(view: View, ranking: Ranking, cursor: Cursor, request: SearchRequest) -> int:
    """Where the next page starts: known in the view that the cursor was made for, looked for behind the last hit in any other."""
    if view.token == cursor.view and cursor.absent == absent_of(request):
        if cursor.offset > view.searcher.num_docs:
            raise InvalidCursor("The cursor is damaged.", where="cursor")
        return cursor.offset
    return ranking.place_after(cursor.anchor.score, cursor.anchor.id, min(cursor.offset, view.searcher.num_docs))


def _hits(view: View, newest: View, question: Question, request: SearchRequest, found: Sequence[Found]) -> tuple[Hit, ...]:
    """Order and number come from the walk's view; what is shown of a mentor, and whether, from the newest one: consent may have ended."""
    addresses = {hit.id: hit.address for hit in found}
    if view is not newest:
        addresses = find(newest.searcher, schema(), list(addresses), *visible(schema(), request.scope, request.exclude))
    numbers = newest.searcher.fast_field_values("version", list(addresses.values()))
    versions = {person: int(version or 0) for person, version in zip(addresses, numbers, strict=True)}
    highlighter = Highlighter(newest.searcher, schema(), question.text) if request.highlight and addresses else None
    return tuple(
        Hit(
            id=hit.id,
            version=versions[hit.id],
            score=hit.key if isinstance(hit.key, float) else 0.0,
            highlights=highlighter.fragments(addresses[hit.id]) if highlighter else {},
        )
        for hit in found
        if hit.id in addresses
    )
