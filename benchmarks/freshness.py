"""How long a change takes to be visible, and a withdrawal to be gone, with the real worker process between store and index."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from benchmarks.place import Place
from benchmarks.report import Row, Table, number, rows_of
from benchmarks.timing import Times
from directory.bootstrap import Parts
from directory.core.vocabulary import fold
from directory.search.engine import Group, SearchRequest, Word
from directory.services.arguments import SearchArguments
from directory.services.ingest import Arrival, take_in
from directory.store import profiles, records

REPEATED: Final = 25
POLL: Final = 0.002
PATIENCE: Final = 30.0
COLUMNS: Final = ("what", "engine", "mentors", "p50", "p95")


def tables(found: Mapping[int, Sequence[Row]]) -> list[Table]:
    """One table of the rows of all sizes."""
    notes = [
        "The worker looks at the outbox every half second unless it has work (`worker.poll_seconds`): most of the first and last row.",
        "A withdrawal does not wait for the index: the next answer is without the person, whatever the worker does.",
    ]
    return [Table("Changes (ms)", COLUMNS, rows_of(found), notes)]


def measure(place: Place, engine: str, parts: Parts) -> list[Row]:
    """Three rows; `mentors worker` has to run."""
    with parts.store.read() as conn:
        people = [row.person_id for row in profiles.page_for_index(conn, "", REPEATED)]
    visible, answered, gone = Times(), Times(), Times()
    for place_in_line, person in enumerate(people):
        token = f"zq{place.size}x{place_in_line}x"
        visible.time(partial(_change, parts, person, token))
        started = time.perf_counter()
        answered.time(partial(_withdraw, parts, person, token))
        _until(parts, token, 0)
        gone.taken.append((time.perf_counter() - started) * 1000)
    rows = {
        "record committed until it is found": visible,
        "withdrawal and the next answer without the person": answered,
        "withdrawal until the index has forgotten": gone,
    }
    return [[title, engine, f"{place.size:,}", number(times.p50), number(times.p95)] for title, times in rows.items()]


def _change(parts: Parts, person: str, token: str) -> None:
    now: datetime = parts.clock()
    with parts.store.write() as conn:
        row = next(row for row in records.of_people(conn, [person])[person] if row.state == "live")
        record = replace(row.record, facts=replace(row.record.facts, headline=token))
        take_in(conn, row.source, [Arrival(record, token.encode(), row.contract)], parts.policy, now)
    _until(parts, token, 1)


def _withdraw(parts: Parts, person: str, token: str) -> None:
    parts.consent.withdraw(person, evidence="benchmark")
    if parts.search.search(SearchArguments(q=token)).total:
        raise RuntimeError("somebody who withdrew was found")


def _until(parts: Parts, token: str, wanted: int) -> None:
    """Ask the index itself until it finds the headline, or does not find it any more."""
    request = SearchRequest(scope="public", query=(Group(token, (Word(fold(token)),)),), limit=1)
    deadline = time.monotonic() + PATIENCE
    while parts.engine.search(request).total != wanted:
        if time.monotonic() > deadline:
            raise RuntimeError("the worker did not bring a change to the index in time")
        time.sleep(POLL)
