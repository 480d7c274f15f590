"""`python -m benchmarks.million [N] [--folder FOLDER]`: the embedded engine beside plain tantivy over N mentors, a million unless told.

Both ask the same index the same questions, alternately. Before a question is timed its answers are compared, and a difference in any
count ends the program. With a folder the index is kept there, or found there.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmarks.bare_questions import EVERY, Questions
from benchmarks.machine import facts
from benchmarks.plain import Plain
from benchmarks.profiles import Profiles
from benchmarks.report import Table, number
from benchmarks.timing import Times, side_by_side
from directory.search.engine import Document, Group, SearchEngine, SearchRequest, Word
from indexer.engines.embedded import EmbeddedEngine
from indexer.engines.embedded.generations import Folder, open_index

MILLION: Final = 1_000_000
BATCH: Final = 1000
SAMPLE: Final = 5000
ASKED: Final = 60
ROUNDS: Final = 2
DEEP: Final = 50_000
CHANGES: Final = 30
PAGE: Final = 10_000
CLOSE: Final = 1e-4
"""Relative difference of scores that sums in another order may have."""

COLUMNS: Final = ("question", "mentors", "p50", "p95", "plain p50", "p95", "p50 ÷ plain", "p95 ÷ plain", "CPU ÷ plain")

Ways = dict[str, Sequence[Callable[[], object]]]


def table() -> Table:
    """The empty table."""
    notes = [
        "Plain: filters as sets of values, one aggregation for each selected facet and one for the rest, in sequence, nothing kept between "
        "questions. The engine answers with two threads, so the last column, processor time, is what it takes where no processor is free."
    ]
    return Table("The embedded engine beside plain tantivy (ms)", COLUMNS, notes=notes)


def measured(sizes: Sequence[int], kept: Path | None = None) -> Table:
    """The table for several sizes, each with an index of its own that is built now, or found in a folder."""
    found = table()
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mentors-benchmark-") as folder:
            measure(size, (kept or Path(folder)) / f"index-{size}", found)
    return found


def measure(size: int, folder: Path, found: Table) -> None:
    """Build or find the index of a size in a folder, and add its rows and a note to the table. Afterwards some mentors are changed."""
    built = "" if (folder / "CURRENT").exists() else _build(size, folder)
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="benchmark")
    sample = list(_profiles().documents(min(SAMPLE, size)))
    plain = Plain(open_index(Folder(folder).data(engine.status().generation)).searcher())
    for title, ways in _questions(engine, plain, Questions(sample), size).items():
        _add(found, title, size, ways)
    megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    notes = [built, f"{megabytes:.0f} MB on disk", f"all versions read in {_versions(engine, size):.1f} s"]
    notes.append(f"{_memory(folder, Questions(sample)):.0f} MB of anonymous memory in a process that answered questions of each kind")
    _changes(engine, folder, sample, size, found)
    found.notes.append(f"{size:,} mentors: {'; '.join(filter(None, notes))}.")
    engine.close()


def _build(size: int, folder: Path) -> str:
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="benchmark", values=_profiles().values)
    generation = engine.start_generation()
    seconds = 0.0
    with get_context("spawn").Pool(1) as pool:
        for batch in pool.imap(_generate, [(first, min(BATCH, size - first)) for first in range(0, size, BATCH)], chunksize=4):
            started = time.perf_counter()
            generation.apply(batch)
            seconds += time.perf_counter() - started
    started = time.perf_counter()
    engine.swap(generation)
    seconds += time.perf_counter() - started
    engine.close()
    return f"{size / seconds:,.0f} documents a second into the index"


def _generate(place: tuple[int, int]) -> list[Document]:
    first, count = place
    return list(_profiles().documents(count, first))


@cache
def _profiles() -> Profiles:
    """One per process, because reading the vocabularies takes half a second."""
    return Profiles()


def _questions(engine: EmbeddedEngine, plain: Plain, make: Questions, size: int) -> dict[str, Ways]:
    asked = {
        "all mentors, all facets": make.everybody(ASKED // 3),
        "two words, 3 filters, all facets, highlights": make.found(ASKED, common=1, filters=3),
        "two common words, 3 filters, all facets, highlights": make.found(ASKED, common=2, filters=3),
        "two common words, all facets, highlights": make.found(ASKED, common=2),
        "1 filter, all facets": make.filtered(ASKED // 6, 1),
        "3 filters, all facets": make.filtered(ASKED // 3, 3),
        "2 levels, all facets": make.levels(ASKED // 20, words=False),
        "two common words, 2 levels, all facets": make.levels(ASKED // 6, words=True),
    }
    ways = {title: _both(engine, plain, requests) for title, requests in asked.items()}
    beginnings = make.beginnings(ASKED * 3)
    ways["suggest"] = {
        "engine": [partial(engine.suggest, word, scope="public", exclude=(), limit=8) for word in beginnings],
        "plain": [partial(plain.suggest, (word,), "public", 8) for word in beginnings],
    }
    if size > DEEP:
        request = SearchRequest("public")
        deep = SearchRequest("public", cursor=_walk(engine, request, DEEP))
        ways[f"20 hits from {DEEP:,} on"] = {
            "engine": [partial(engine.search, deep)] * (ASKED // 3),
            "plain": [partial(plain.search, request, offset=DEEP)] * (ASKED // 3),
        }
    return ways


def _both(engine: SearchEngine, plain: Plain, requests: Sequence[SearchRequest]) -> Ways:
    for request in requests:
        _compare(engine, plain, request)
    return {
        "engine": [partial(engine.search, request) for request in requests],
        "plain": [partial(plain.search, request) for request in requests],
    }


def _compare(engine: SearchEngine, plain: Plain, request: SearchRequest) -> None:
    """Raises RuntimeError when the two ways do not give the same numbers."""
    page, other = engine.search(request), plain.search(request)
    if (page.total, page.facets, page.not_stated) != (other.total, other.facets, other.not_stated):
        raise RuntimeError(f"the counts differ: {request}")
    scores = zip((hit.score for hit in page.hits), other.scores, strict=True)
    if not all(math.isclose(ours, theirs, rel_tol=CLOSE) for ours, theirs in scores):
        raise RuntimeError(f"the scores differ: {request}")


def _walk(engine: SearchEngine, request: SearchRequest, offset: int) -> str:
    """The cursor of the page that starts at an offset."""
    cursor = ""
    for _ in range(offset // BATCH):
        cursor = engine.search(SearchRequest(request.scope, cursor=cursor, limit=BATCH)).cursor
    return cursor


def _versions(engine: SearchEngine, size: int) -> float:
    """Seconds to read id and version of everybody, as the comparison of store and index does."""
    started = time.perf_counter()
    after, seen = "", 0
    while page := engine.versions(after, PAGE):
        after, seen = page[-1].id, seen + len(page)
    if seen != size:
        raise RuntimeError(f"{seen} versions were read, not {size}")
    return time.perf_counter() - started


def _changes(engine: SearchEngine, folder: Path, sample: Sequence[Document], size: int, found: Table) -> None:
    """One change until another engine finds it, and the first question for everybody behind it."""
    reader = EmbeddedEngine(folder, vocabularies_fingerprint="benchmark", read_only=True)
    visible, first = Times(), Times()
    for place in range(CHANGES):
        word = f"zq{time.monotonic_ns()}"
        changed = replace(sample[place], version=time.monotonic_ns(), texts={**sample[place].texts, "headline": word})
        visible.time(partial(_change, engine, reader, changed, word))
        first.time(partial(reader.search, SearchRequest("public", facets=EVERY)))
    reader.close()
    for title, times in {"one change until it is found": visible, "all mentors, all facets, first time after a change": first}.items():
        found.rows.append((title, f"{size:,}", number(times.p50), number(times.p95), *[""] * 5))


def _change(engine: SearchEngine, reader: SearchEngine, document: Document, word: str) -> None:
    engine.apply([document])
    if reader.search(SearchRequest("public", query=(Group(word, (Word(word),)),))).total != 1:
        raise RuntimeError("a change that was acknowledged was not found")


def _memory(folder: Path, make: Questions) -> float:
    """Megabytes that a process of its own holds after it answered; the mapped index is not among them."""
    requests = [*make.everybody(1), *make.found(20, common=1, filters=3), *make.found(20, common=2), *make.filtered(10, 3)]
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_answer, args=(folder, requests, make.beginnings(20), there))
    process.start()
    held: float = here.recv()
    process.join()
    return held


def _answer(folder: Path, requests: Sequence[SearchRequest], beginnings: Sequence[str], to: Connection) -> None:
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="benchmark", read_only=True)
    for request in requests:
        engine.search(request)
    for word in beginnings:
        engine.suggest(word, scope="public", exclude=(), limit=8)
        engine.corrections(word + "qz", scope="public", exclude=(), limit=3)
    rows = (line.split() for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:])
    to.send(next(int(row[1]) for row in rows if row[0] == "Anonymous:") / 1000)


def _add(found: Table, title: str, size: int, ways: Ways) -> None:
    times = side_by_side(ways, ROUNDS)
    ours, plain = times["engine"], times["plain"]
    figures = [number(value) for value in (ours.p50, ours.p95, plain.p50, plain.p95)]
    ratios = [ours.p50 / plain.p50, ours.p95 / plain.p95, _processor_time(ways["engine"]) / _processor_time(ways["plain"])]
    found.rows.append((title, f"{size:,}", *figures, *(f"{ratio:.2f}" for ratio in ratios)))


def _processor_time(calls: Sequence[Callable[[], object]]) -> float:
    """Seconds of all threads."""
    started = time.process_time()
    for call in calls:
        call()
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=MILLION, help="number of mentors")
    parser.add_argument("--folder", type=Path, help="where the index is kept")
    given = parser.parse_args()
    print("\n".join(facts()), flush=True)
    if given.folder:
        found = table()
        measure(given.size, given.folder, found)
    else:
        found = measured([given.size])
    print(found.markdown())


if __name__ == "__main__":
    main()
