"""Writing: bulk requests with an outcome for every change. The server compares versions, so arrival may be in any order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from elasticsearch import ApiError, NotFoundError

from directory.search.engine import Applied, Change
from indexer.engines.documents import UnusableDocument
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.documents import Row, row
from indexer.engines.elasticsearch.errors import TYPE, unavailable

MOST_BYTES: Final = 8_000_000
MOST_ROWS: Final = 1000
"""Of one request."""

ANSWER: Final = "items.*.status,items.*._index,items.*.error.type"


@dataclass(slots=True)
class Written:
    """`outcomes` in the order of the changes; `indexes` names where they went."""

    outcomes: list[Applied]
    indexes: set[str] = field(default_factory=set)


class Gone(Exception):
    """The alias that was written to is not there any more."""


def write(session: Session, alias: str, changes: Sequence[Change]) -> Written:
    """Write through an alias. Raises Gone, and Unavailable when the server can't take some change now: the caller may repeat all."""
    rows: list[Row] = []
    places: list[int] = []
    outcomes: list[Applied] = []
    for place, change in enumerate(changes):
        try:
            rows.append(row(change))
            places.append(place)
            outcomes.append(Applied(change.id, "applied"))
        except UnusableDocument as problem:
            outcomes.append(Applied(str(change.id), "rejected", str(problem)))
    written = Written(outcomes)
    for start, chunk in _chunks(rows):
        for place, item in zip(places[start : start + len(chunk)], _send(session, alias, chunk), strict=True):
            written.outcomes[place] = _outcome(written.outcomes[place].id, item)
            written.indexes.update([str(item["_index"])] if "_index" in item else [])
    return written


def _chunks(rows: Sequence[Row]) -> Iterator[tuple[int, Sequence[Row]]]:
    start = size = 0
    for place, one in enumerate(rows):
        if place > start and (size + len(one.lines) > MOST_BYTES or place - start >= MOST_ROWS):
            yield start, rows[start:place]
            start, size = place, 0
        size += len(one.lines)
    if rows:
        yield start, rows[start:]


def _send(session: Session, alias: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One answer per row. A request that is refused as a whole is divided until the row that spoils it stands alone."""
    try:
        lines: list[Any] = [one.lines for one in rows]  # made already, which the client allows though its types don't
        answer = session.client.bulk(index=alias, operations=lines, require_alias=True, filter_path=ANSWER)
    except NotFoundError as error:
        raise Gone from error
    except ApiError as error:
        if error.status_code not in (400, 413):
            raise
        if len(rows) == 1:
            return [{"status": 400}]
        half = len(rows) // 2
        return _send(session, alias, rows[:half]) + _send(session, alias, rows[half:])
    return [item["index"] for item in answer.body["items"]]


def _outcome(person: str, item: dict[str, Any]) -> Applied:
    status = int(item["status"])
    kind = str(item.get("error", {}).get("type", ""))
    if status in (200, 201):
        return Applied(person, "applied")
    if kind == "version_conflict_engine_exception":
        return Applied(person, "stale")
    if kind == "index_not_found_exception":
        raise Gone
    if status == 400 and kind != "strict_dynamic_mapping_exception":
        named = f": {kind}" if re.fullmatch(TYPE, kind) else ""
        return Applied(person, "rejected", f"refused by the search engine{named}")
    raise unavailable(status, frozenset({kind}))
