"""All ways to ask one question, each as a call that can be timed, after a look that their answers have the same numbers."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from typing import Any, Final

from benchmarks.asked import Asked, Suggestion
from benchmarks.copies import fill_sql
from benchmarks.installation import Installation
from benchmarks.one_request import OneRequest
from benchmarks.place import Place
from benchmarks.plain import Plain
from benchmarks.processes import connection, get
from benchmarks.questions import Question
from benchmarks.sql import SqlWay
from directory.app import create_app
from directory.bootstrap import Parts
from directory.search.engine import SearchRequest
from directory.store import profiles
from indexer.engines.embedded.generations import Folder, open_index

PLAIN: Final = "plain"
BARE: Final = "bare"
APPLICATION: Final = "application"
HTTP: Final = "http"
ONE_REQUEST: Final = "one request"
HTTP_ON_ELASTICSEARCH: Final = "http on Elasticsearch"
SQL: Final = "sql"

SELDOM: Final = 10
SLOW: Final = 0.25
"""Seconds from which on the SQL way is asked only one question in `SELDOM`."""

Call = Callable[[], object]


@dataclass(slots=True)
class Agreement:
    """How often the SQL way had the numbers of the engine, among questions with words that were asked of both."""

    asked: int = 0
    equal: int = 0


@dataclass(frozen=True, slots=True)
class Ways:
    """`agreement` grows with every question that is prepared."""

    parts: Parts
    plain: Plain
    sql: SqlWay
    http: HTTPConnection
    one_request: OneRequest | None
    http_on_elasticsearch: HTTPConnection | None
    client: Any
    agreement: Agreement = field(default_factory=Agreement)

    def calls(self, question: Question) -> tuple[dict[str, Sequence[Call]], int]:
        """The calls of every way that can answer such a question, and of how many questions the SQL way is asked one."""
        made: dict[str, Sequence[Call]] = {
            BARE: [self._bare(path, asked) for path, asked in zip(question.paths, question.asked, strict=True)],
            APPLICATION: [partial(_ask, self.client, path) for path in question.paths],
            HTTP: [partial(_fetch, self.http, path) for path in question.paths],
        }
        if self.http_on_elasticsearch:
            made[HTTP_ON_ELASTICSEARCH] = [partial(_fetch, self.http_on_elasticsearch, path) for path in question.paths]
        if not question.asked[0]:
            return made, 1
        made[PLAIN] = [_each([self._plain(one) for one in asked]) for asked in question.asked]
        if self.one_request:
            made[ONE_REQUEST] = [_each([self.one_request.question(one) for one in asked]) for asked in question.asked]
        made[SQL] = [_each([self._sql(one) for one in _asked_of_sql(asked)]) for asked in question.asked]
        started = time.perf_counter()
        made[SQL][0]()
        seldom = SELDOM if time.perf_counter() - started > SLOW else 1
        self._check(question, seldom)
        return made, seldom

    def _bare(self, path: str, asked: Sequence[Asked]) -> Call:
        """The calls of the engine that the answer needs; for one mentor, reading the row by its key."""
        engine = self.parts.engine
        if not asked:
            return partial(_read, self.parts, path.rpartition("/")[2])
        return _each(
            [
                partial(engine.suggest, one.prefix, scope=one.scope, exclude=one.exclude, limit=one.limit)
                if isinstance(one, Suggestion)
                else partial(engine.search, one)
                for one in asked
            ]
        )

    def _plain(self, one: Asked) -> Call:
        if isinstance(one, Suggestion):
            return partial(self.plain.suggest, tuple(one.prefix.split()), one.scope, one.limit)
        return partial(self.plain.search, one)

    def _sql(self, one: Asked) -> Call:
        if isinstance(one, Suggestion):
            return partial(self.sql.suggest, one.prefix, scope=one.scope, limit=one.limit)
        return partial(self.sql.search, one)

    def _check(self, question: Question, seldom: int) -> None:
        """Raises RuntimeError when a way counts otherwise. The SQL way may for words: its stemmer is another."""
        seen: list[SearchRequest] = []
        for place, asked in enumerate(question.asked):
            for one in asked:
                if isinstance(one, Suggestion) or one in seen:
                    continue
                seen.append(one)
                page, plain = self.parts.engine.search(one), self.plain.search(one)
                if (page.total, page.facets) != (plain.total, plain.facets):
                    raise RuntimeError(f"plain tantivy counts otherwise: {one}")
                if self.one_request:
                    self.one_request.check(one, page)
                if place % seldom == 0 and one in _asked_of_sql(asked):
                    self._check_sql(one, (page.total, page.facets))

    def _check_sql(self, request: SearchRequest, numbers: tuple[int, Any]) -> None:
        answer = self.sql.search(request)
        equal = (answer.total, answer.facets) == numbers
        if request.query:
            self.agreement.asked += 1
            self.agreement.equal += equal
        elif not equal:
            raise RuntimeError(f"the SQL way counts otherwise: {request}")


@contextmanager
def ways(place: Place, parts: Parts, http: Installation, elasticsearch: Installation | None) -> Iterator[Ways]:
    """All that can be asked; servers of both installations have to run."""
    with ExitStack() as closing:
        fill_sql(place, parts)
        sql = SqlWay(place.sql)
        closing.callback(sql.close)
        one_request = OneRequest(elasticsearch) if elasticsearch else None
        if one_request:
            closing.callback(one_request.close)
        folder = Folder(place.data / "index")
        yield Ways(
            parts=parts,
            plain=Plain(open_index(folder.data(folder.current())).searcher()),
            sql=sql,
            http=connection(http),
            one_request=one_request,
            http_on_elasticsearch=connection(elasticsearch) if elasticsearch else None,
            client=create_app(parts).test_client(),
        )


def _asked_of_sql(asked: Sequence[Asked]) -> Sequence[Asked]:
    """Without the counts beside suggestions, which one would ask for the few terms that are shown alone."""
    return [one for one in asked if isinstance(one, Suggestion)] or asked


def _each(calls: Sequence[Call]) -> Call:
    def all_of_them() -> None:
        for call in calls:
            call()

    return all_of_them if len(calls) != 1 else calls[0]


def _read(parts: Parts, person: str) -> None:
    with parts.store.read() as conn:
        profiles.by_ids(conn, [person])


def _ask(client: Any, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} was answered with {answer.status_code}")


def _fetch(http: HTTPConnection, path: str) -> None:
    status, _ = get(http, path)
    if status != 200:
        raise RuntimeError(f"{path} was answered with {status}")
