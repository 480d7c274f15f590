"""One client's questions in all ways alternately: the API over HTTP on both engines, what is below it, and what one could do instead."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.installation import Installation
from benchmarks.place import Place
from benchmarks.questions import Question
from benchmarks.report import Row, Table, number
from benchmarks.timing import side_by_side
from benchmarks.ways import APPLICATION, BARE, HTTP, HTTP_ON_ELASTICSEARCH, ONE_REQUEST, PLAIN, SELDOM, SQL, Call, ways
from directory.bootstrap import Parts

ROUNDS: Final = 3
NO_SERVER: Final = "not measured: no server given"
TITLES: Final = {
    HTTP: "HTTP",
    BARE: "bare engine",
    PLAIN: "plain tantivy",
    ONE_REQUEST: "Elasticsearch, one request",
    HTTP_ON_ELASTICSEARCH: "HTTP on Elasticsearch",
    SQL: "SQL",
}

Found = Mapping[int, Mapping[str, Any]]
Pairs = dict[str, tuple[float, float]]
Times = Mapping[str, tuple[float, float]]

GROUPS: Final = ((BARE, APPLICATION, HTTP), (ONE_REQUEST, HTTP_ON_ELASTICSEARCH))


def measure(place: Place, parts: Parts, kinds: list[Question], http: Installation, elasticsearch: Installation | None) -> dict[str, Any]:
    """Median and 95th percentile of every way per question; servers of both installations have to run.

    `alone`: each engine's own ways alternately, as where nothing else runs. `beside`: all ways alternately.
    """
    alone: dict[str, Pairs] = {}
    together: dict[str, Pairs] = {}
    seldom: list[str] = []
    with ways(place, parts, http, elasticsearch) as known:
        for question in kinds:
            calls, one_in = known.calls(question)
            alone[question.title] = {way: pair for group in GROUPS for way, pair in _times(calls, group, 1).items()}
            print(f"{place.size:,} mentors, {question.title}: {_line(alone[question.title])}", flush=True)
            if PLAIN in calls:
                together[question.title] = _times(calls, tuple(calls), one_in)
                print(f"    beside each other: {_line(together[question.title])}", flush=True)
            seldom += [question.title] if one_in > 1 else []
        agreement = known.agreement
    return {"alone": alone, "beside": together, "seldom": seldom, "asked": agreement.asked, "equal": agreement.equal}


def _times(calls: Mapping[str, Sequence[Call]], names: Sequence[str], one_in: int) -> Pairs:
    taken = side_by_side({way: calls[way] for way in names if way in calls}, ROUNDS, {SQL: one_in})
    return {way: (found.p50, found.p95) for way, found in taken.items()}


def _line(times: Pairs) -> str:
    return ", ".join(f"{way} {_pair(times, way)}" for way in times)


def tables(found: Found) -> list[Table]:
    """The API against what it stands on, on each engine, and how times grow with the directory."""
    growth = [_growth(found)] if len(found) > 1 else []
    return [_on_embedded(found), _on_elasticsearch(found), *growth]


def beside(found: Found) -> list[Table]:
    """All ways beside each other, and their ratios."""
    return [_all_ways(found), _ratios(found)]


def _on_embedded(found: Found) -> Table:
    columns = ("question", "mentors", "bare", "application", "HTTP", "HTTP ÷ bare", "HTTP adds ms")
    notes = [
        "Median / 95th percentile of questions asked alternately in these three ways, with nothing else beside them.",
        "Bare: the calls of the engine that the answer needs, nothing else; for one mentor, reading the row by its key. Application: the "
        "whole request through the WSGI application in the measuring process. HTTP: `mentors serve` in its own process, one client, one "
        "kept connection; the client's own time is in it.",
    ]
    rows: list[Row] = [
        [
            title,
            f"{size:,}",
            *(_pair(times, way) for way in (BARE, APPLICATION, HTTP)),
            _ratio(times, HTTP, BARE),
            _difference(times, HTTP, BARE),
        ]
        for size, title, times in _each(found, "alone")
    ]
    return Table("The API on the embedded engine (ms)", columns, rows, notes)


def _on_elasticsearch(found: Found) -> Table:
    columns = ("question", "mentors", "one request", "HTTP", "HTTP ÷ one request", "HTTP adds ms")
    notes = [
        "Median / 95th percentile of questions asked alternately in these two ways.",
        "One request: hits, total, counts of all facets and the texts to highlight, its body sent by the client library directly. Without "
        "words the API asks for the counts apart, because Elasticsearch keeps such answers until the index changes: it can be quicker "
        "than the one request. For one mentor Elasticsearch is not asked.",
    ]
    rows: list[Row] = [
        [
            title,
            f"{size:,}",
            _pair(times, ONE_REQUEST),
            _pair(times, HTTP_ON_ELASTICSEARCH),
            _ratio(times, HTTP_ON_ELASTICSEARCH, ONE_REQUEST),
            _difference(times, HTTP_ON_ELASTICSEARCH, ONE_REQUEST),
        ]
        for size, title, times in _each(found, "alone")
        if HTTP_ON_ELASTICSEARCH in times
    ]
    sizes = {size for size, _, times in _each(found, "alone") if HTTP_ON_ELASTICSEARCH not in times}
    rows += [[NO_SERVER, f"{size:,}", "", "", "", ""] for size in sorted(sizes)]
    return Table("The API on Elasticsearch (ms)", columns, rows, notes)


def _all_ways(found: Found) -> Table:
    rows: list[Row] = [
        [title, f"{size:,}", *(_pair(times, way) for way in TITLES)] for size, title, times in _each(found, "beside") if PLAIN in times
    ]
    notes = [
        "Median / 95th percentile of questions asked alternately in all ways; each way comes first in turn. All give the same numbers, "
        "which is checked before. Each finds the caches as the others left them, so small times are larger than where one runs alone.",
        "Plain tantivy: the same index; filters as sets of values, one aggregation for each selected facet and one for the rest, in "
        "sequence. Elasticsearch: one node, one shard, no replica. SQL: SQLite with FTS5 in the measuring process, without HTTP; the "
        "matching set in a temporary table, one COUNT .. GROUP BY per facet. It leaves out how many state nothing, the preference for "
        "offers with places, and the counts beside suggestions.",
    ]
    if any(HTTP_ON_ELASTICSEARCH not in times for _, _, times in _each(found, "beside")):
        notes.append(f"Elasticsearch where a column is empty: {NO_SERVER}.")
    notes += [
        f"{size:,} mentors: in {found[size]['equal']} of {found[size]['asked']} questions with words SQL counts the same as the engine "
        "(its stemmer is another), without words in all." + _seldom(found[size]["seldom"])
        for size in sorted(found)
    ]
    return Table("All ways (ms)", ("question", "mentors", *TITLES.values()), rows, notes)


def _seldom(titles: list[str]) -> str:
    return f" Of these SQL was asked one question in {SELDOM}: {'; '.join(titles)}." if titles else ""


def _ratios(found: Found) -> Table:
    columns = ("question", "mentors", "HTTP ÷ plain", "HTTP ÷ Elasticsearch", "HTTP ÷ bare", "HTTP less bare ms", "SQL ÷ HTTP")
    rows: list[Row] = [
        [
            title,
            f"{size:,}",
            *(_ratio(times, HTTP, way) for way in (PLAIN, ONE_REQUEST, BARE)),
            _difference(times, HTTP, BARE),
            _ratio(times, SQL, HTTP),
        ]
        for size, title, times in _each(found, "beside")
    ]
    return Table("Ratios of medians / of 95th percentiles", columns, rows)


def _growth(found: Found) -> Table:
    sizes = sorted(found)
    columns = ("question", *(f"{size:,} ÷ {sizes[0]:,}" for size in sizes[1:]))
    first = found[sizes[0]]["alone"]
    rows: list[Row] = [
        [title, *(_over(found[size]["alone"][title][HTTP], first[title][HTTP]) for size in sizes[1:] if title in found[size]["alone"])]
        for title in first
    ]
    return Table("Time over HTTP as the directory grows", columns, rows)


def _each(found: Found, which: str) -> list[tuple[int, str, Times]]:
    """By size, then in the order of the questions."""
    return [(size, title, times) for size in sorted(found) for title, times in found[size][which].items()]


def _pair(times: Times, way: str) -> str:
    return " / ".join(map(number, times[way])) if way in times else ""


def _ratio(times: Times, way: str, other: str) -> str:
    return _over(times[way], times[other]) if way in times and other in times else ""


def _over(one: tuple[float, float], other: tuple[float, float]) -> str:
    return " / ".join(f"{mine / its:.2f}" if mine < 10 * its else f"{mine / its:.0f}" for mine, its in zip(one, other, strict=True))


def _difference(times: Times, way: str, other: str) -> str:
    if way not in times or other not in times:
        return ""
    return " / ".join(f"{mine - its:+.2f}" for mine, its in zip(times[way], times[other], strict=True))
