"""Elasticsearch asked directly: each question as one request, its body made beforehand, so that none of this program is in the time."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from elasticsearch import Elasticsearch, OrjsonSerializer

from benchmarks.asked import Asked, Suggestion
from benchmarks.installation import Installation
from directory.search.engine import Page, SearchRequest
from directory.search.fields import MISSING
from indexer.engines.elasticsearch.counts import aggregations, read_counts
from indexer.engines.elasticsearch.question import compile_request
from indexer.engines.elasticsearch.ranking import hits_body, unsorted
from indexer.engines.elasticsearch.suggest import suggest_people

SECONDS: Final = 60

Json = dict[str, Any]


class OneRequest:
    """Asks the index of an installation."""

    def __init__(self, installation: Installation) -> None:
        self._index = installation.own["MENTORS_ELASTICSEARCH_INDEX"]
        url = installation.own["MENTORS_ELASTICSEARCH_URL"]
        self._client = Elasticsearch(url, request_timeout=SECONDS, serializer=OrjsonSerializer())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def bytes_on_disk(self) -> int:
        """Size of the index."""
        stats = self._client.indices.stats(index=self._index, metric="store").body
        return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])

    def question(self, asked: Asked) -> Callable[[], Json]:
        """Hits, total, counts of all facets and the texts to highlight in one request."""
        body = _suggestion(asked) if isinstance(asked, Suggestion) else _body(asked)
        return partial(self._ask, body)

    def check(self, request: SearchRequest, page: Page) -> None:
        """Raises RuntimeError when the numbers are not those of another engine."""
        answer = self._ask(_body(request))
        counted = read_counts(compile_request(request), answer["aggregations"])
        facets = {
            name: {key: count for key, count in counts.items() if key != MISSING and count} for name, counts in counted.facets.items()
        }
        if counted.unsettled or (int(answer["hits"]["total"]["value"]), facets) != (page.total, page.facets):
            raise RuntimeError(f"Elasticsearch counts otherwise: {request}")

    def _ask(self, body: Json) -> Json:
        found: Json = self._client.search(index=self._index, body=body).body
        return found


def _body(request: SearchRequest) -> Json:
    question = compile_request(request)
    body = unsorted(hits_body(question, request.limit, texts=request.highlight))
    return {**body, "size": request.limit, "aggs": aggregations(question)}


class _Catcher:
    """Stands for a session: keeps the body, answers with nothing."""

    body: Json

    def search(self, body: Json) -> Json:
        self.body = body
        return {"hits": {"hits": []}}


def _suggestion(asked: Suggestion) -> Json:
    catcher = _Catcher()
    suggest_people(catcher, asked.prefix, scope=asked.scope, exclude=asked.exclude, limit=asked.limit)  # type: ignore[arg-type]
    return catcher.body
