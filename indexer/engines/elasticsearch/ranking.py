"""The order of hits, cut to a page.

The first page of best fit is asked for without an order: the server then sorts by score with all its threads, and leaves equal scores
in the order of storage. They are put in the order of ids here. With an order by score and id it would work with one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from directory.core.errors import InvalidCursor
from indexer.engines.elasticsearch.connection import Json
from indexer.engines.elasticsearch.cursor import Cursor
from indexer.engines.elasticsearch.question import FIT, SORTS, Question

PAD: Final = 4
"""Hits read beyond the page, to see all that have the score of its last hit. Each has to be fetched; where more have the same score, the
question is asked again in order."""

DEEPEST: Final = 10_000
"""Place that can be read without knowing the hit before it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A hit. `value` is its score, or the day of its confirmation."""

    id: str
    value: float
    version: int
    shown: dict[str, str]
    generation: str


def hits_body(question: Question, limit: int, *, texts: bool) -> Json:
    """The part of a question that asks for `limit` hits and one more, in the order of the question."""
    body: Json = {
        "size": limit + 1,
        "sort": SORTS[question.sort],
        "docvalue_fields": ["version"],
        "_source": ["shown"] if texts else False,
        "track_total_hits": True,
        "query": question.ordered(question.everybody()),
    }
    selections = question.selections()
    return {**body, "post_filter": {"bool": {"filter": selections}}} if selections else body


def shown_body(question: Question, body: Json, hits: Sequence[Found]) -> Json:
    """The question what is to be shown of hits now, which finds those that are still to be shown at all."""
    made: Json = {name: body[name] for name in ("docvalue_fields", "_source")}
    only = {"terms": {"id": [hit.id for hit in hits]}}
    return {**made, "size": len(hits), "track_total_hits": False, "query": {"bool": {"filter": [only, *question.base]}}}


def unsorted(body: Json) -> Json:
    """The same with equal scores in any order, and some hits more to sort them by."""
    return {name: value for name, value in body.items() if name != "sort"} | {"size": body["size"] - 1 + PAD}


def sorted_page(hits: Sequence[Found], limit: int) -> Sequence[Found] | None:
    """At most `limit` hits and one more, in order, from hits that are only in the order of scores; None when more must be read to tell."""
    whole = len(hits) < limit + PAD
    if not whole and hits[limit - 1].value == hits[-1].value:
        return None
    return sorted(hits, key=lambda hit: (-hit.value, hit.id))[: limit + 1]


def read_hits(question: Question, answer: Json) -> list[Found]:
    """The hits of an answer."""
    return [_found(question, hit) for hit in answer["hits"]["hits"]]


def after(question: Question, body: Json, cursor: Cursor, place: Any) -> Json:
    """The question for what comes after the hit of a cursor; `place` is where that hit stands now, None when that is not known.

    Raises InvalidCursor when the walk can't be found again.
    """
    if question.sort == FIT:
        return {**body, "search_after": [cursor.value if place is None else place, cursor.id]}
    if question.sort == "confirmed":
        return {**body, "search_after": [int(cursor.value), cursor.id]}
    if place is not None:
        return {**body, "search_after": [place]}
    start = max(cursor.offset - 1, 0)
    if start + int(body["size"]) > DEEPEST:
        raise InvalidCursor("The cursor is too old.", where="cursor")
    return {**body, "from": start}


def anchor_body(question: Question, cursor: Cursor) -> Json | None:
    """The question where the hit of a cursor stands now; None for an order in which the cursor knows."""
    if question.sort == "confirmed":
        return None
    only = {"term": {"id": cursor.id}}
    query = question.scored([*question.everybody(), *question.selections(), only]) if question.sort == FIT else {"bool": {"filter": [only]}}
    return {"size": 1, "track_total_hits": False, "_source": False, "sort": SORTS[question.sort], "query": query}


def read_anchor(answer: Json) -> Any:
    """The place in an answer to `anchor_body`."""
    hits = answer["hits"]["hits"]
    return hits[0]["sort"][0] if hits else None


def _found(question: Question, hit: Json) -> Found:
    order = hit.get("sort", [hit["_score"]])
    value = order[0] if question.sort != "name" else 0.0
    return Found(
        id=str(hit["_id"]),
        value=float(value),
        version=int(hit["fields"]["version"][0]),
        shown=hit.get("_source", {}).get("shown", {}),
        generation=str(hit["_index"]),
    )
