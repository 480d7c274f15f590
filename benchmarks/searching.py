"""The same questions asked of the bare engine, of the application in this process, and over HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from benchmarks.place import Place
from benchmarks.processes import connection, get
from benchmarks.questions import Question, questions
from benchmarks.report import Table, number
from benchmarks.timing import Times, side_by_side
from directory.app import create_app
from directory.bootstrap import Parts
from directory.search.engine import Hit, Page, SearchEngine, SearchRequest
from directory.services.cards import CardMaker
from directory.services.search import SearchService
from directory.store import profiles

ROUNDS: Final = 3
COLUMNS: Final = (
    "question", "mentors", "bare p50", "p95", "application p50", "p95", "HTTP p50", "p95", "application ÷ bare", "HTTP ÷ bare", "HTTP adds",
)  # fmt: skip


def table() -> Table:
    """The empty table."""
    notes = [
        "Bare: the calls of the engine that the answer needs, nothing else; for one mentor, reading the row by its key.",
        "Application: the whole request through the WSGI application in the measuring process. HTTP: `mentors serve` in its own process, "
        "one client, one kept connection; the client's own time is in it.",
    ]
    return Table("Answers (ms)", COLUMNS, notes=notes)


def measure(place: Place, parts: Parts) -> list[tuple[str, ...]]:
    """One row per question; `mentors serve` has to run."""
    recorder = Recorder(parts.engine)
    cards = CardMaker(parts.vocabularies, lapse_days=parts.settings.availability.days)
    recording = SearchService(parts.store, recorder, parts.vocabularies, cards, parts.clock)
    watched = create_app(replace(parts, search=recording)).test_client()
    client = create_app(parts).test_client()
    http = connection(place)
    rows = []
    for question in questions(place, parts):
        ways: dict[str, Sequence[Callable[[], object]]] = {
            "bare": [_bare(parts, recorder, watched, path) for path in question.paths],
            "application": [partial(_ask, client, path) for path in question.paths],
            "http": [partial(_fetch, http, path) for path in question.paths],
        }
        rows.append(_row(question, place.size, side_by_side(ways, ROUNDS)))
    return rows


class Recorder:
    """An engine that remembers what it was asked."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self.calls: list[Callable[[], object]] = []

    def search(self, request: SearchRequest) -> Page:
        self.calls.append(partial(self._engine.search, request))
        return self._engine.search(request)

    def suggest(self, prefix: str, **rest: Any) -> list[Hit]:
        self.calls.append(partial(self._engine.suggest, prefix, **rest))
        return self._engine.suggest(prefix, **rest)

    def matches(self, word: str, **rest: Any) -> int:
        self.calls.append(partial(self._engine.matches, word, **rest))
        return self._engine.matches(word, **rest)

    def corrections(self, word: str, **rest: Any) -> list[str]:
        self.calls.append(partial(self._engine.corrections, word, **rest))
        return self._engine.corrections(word, **rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def _bare(parts: Parts, recorder: Recorder, watched: Any, path: str) -> Callable[[], object]:
    recorder.calls = []
    _ask(watched, path)
    calls = tuple(recorder.calls)
    if not calls:
        return partial(_read, parts, path.rpartition("/")[2])

    def asked() -> None:
        for call in calls:
            call()

    return asked


def _read(parts: Parts, person: str) -> None:
    with parts.store.read() as conn:
        profiles.by_ids(conn, [person])


def _ask(client: Any, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")


def _fetch(http: Any, path: str) -> None:
    status, _ = get(http, path)
    if status != 200:
        raise RuntimeError(f"{path} was answered with {status}")


def _row(question: Question, size: int, times: dict[str, Times]) -> tuple[str, ...]:
    bare, application, http = times["bare"], times["application"], times["http"]
    figures = [figure for way in (bare, application, http) for figure in (way.p50, way.p95)]
    ratios = [application.p50 / bare.p50, http.p50 / bare.p50]
    return (question.title, f"{size:,}", *map(number, figures), *(f"{ratio:.2f}" for ratio in ratios), number(http.p50 - bare.p50))
