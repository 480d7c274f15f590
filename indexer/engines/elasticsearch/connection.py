"""The connection: where the servers are, how they let us in, and how long they may take."""

import math
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import orjson
from elasticsearch import ApiError, Elasticsearch, OrjsonSerializer

from directory.core.errors import Invalid, Unavailable
from indexer.engines.elasticsearch.errors import FAILING, SLOW, SOON, Slow, unavailable

KEEP: Final = "5m"
"""How long a view is kept after it was last used."""

STEP: Final = 0.05
"""Seconds, to which what is left of a time limit is rounded up."""

LIMITED: Final = 256
"""Clients remembered, one for each number of steps."""

VIEW_GONE: Final = (404, 503)
"""Status for a view that has expired or was closed, and for one of an index that was deleted."""

CONNECTIONS: Final = 32
"""Kept open per node; a process works on fewer requests at once."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Address:
    """The settings of the engine, see `[elasticsearch]` of the settings table, whose names these are."""

    url: str
    index: str
    api_key: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    ca_certs: str = ""
    replicas: int = 1
    seconds: float = 1.5
    bulk_seconds: float = 60.0


def connect(address: Address) -> Elasticsearch:
    """A client; nothing is sent yet. Raises Invalid for a setting that can't be used.

    A node that can't be reached is left for the next one at once; nothing else is tried twice, so that a search fails in time.
    """
    nodes = [node for node in map(str.strip, address.url.split(",")) if node]
    secure = [_check_node(node).scheme == "https" for node in nodes]
    if not nodes or any(secure) != all(secure):
        raise _invalid("url", "nodes are named as http://host:9200 or all as https://host:9200, separated by commas")
    options: Json = {"ssl_context": _trusted(address.ca_certs)} if any(secure) else {}
    if address.api_key:
        options["api_key"] = address.api_key
    elif address.username:
        options["basic_auth"] = (address.username, address.password)
    try:
        return Elasticsearch(
            nodes,
            request_timeout=address.seconds,
            max_retries=len(nodes) - 1,
            retry_on_timeout=False,
            retry_on_status=(),
            connections_per_node=CONNECTIONS,
            serializer=OrjsonSerializer(),
            **options,
        )
    except ValueError:
        raise _invalid("url", "nodes are named as http://host:9200 or all as https://host:9200, separated by commas") from None


class ViewGone(Unavailable):
    """The server does not have this view any more."""


@lru_cache(LIMITED)
def _limited_client(client: Elasticsearch, steps: int) -> Elasticsearch:
    """Remembered, because the library puts a client with all its parts together anew for another time limit (a third of a millisecond)."""
    return client.options(request_timeout=steps * STEP)


class Session:
    """Requests that together may take `seconds`, so that one question never outlasts its time limit."""

    def __init__(self, client: Elasticsearch, index: str, seconds: float) -> None:
        self.index = index
        self._client = client
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def client(self) -> Elasticsearch:
        """The client, limited to the time that is left. Raises Unavailable when none is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Slow(SLOW, retry_after=SOON)
        return _limited_client(self._client, math.ceil(left / STEP))

    def search(self, body: Json, *, view: str = "") -> Json:
        """Ask the newest state, or a view that was opened. Raises Unavailable for half an answer."""
        target: Json = {} if view else {"index": self.index}
        try:
            return complete(self.client.search(body=self._limited(body, view), **target).body)
        except ApiError as error:
            if view and error.status_code in VIEW_GONE:
                raise ViewGone(FAILING, retry_after=SOON) from None
            raise

    def search_all(self, bodies: Sequence[Json], *, view: str = "", beside: Sequence[Json] = ()) -> list[Json]:
        """Several questions in one request, those of `beside` to the newest state in any case. Answers without hits are kept by the server
        until the index changes."""
        named: Json = {"index": self.index}
        lines = [line for body in bodies for line in ({} if view else named, self._limited(body, view))]
        lines += [line for body in beside for line in (named, self._limited(body, ""))]
        written: list[Any] = [orjson.dumps(line) for line in lines]  # the client's own way is slow; made ones it takes as they are
        answers = self.client.msearch(searches=written).body["responses"]
        if view and any(answer.get("status") in VIEW_GONE for answer in answers[: len(bodies)]):
            raise ViewGone(FAILING, retry_after=SOON)
        return [complete(answer) for answer in answers]

    def refresh(self) -> None:
        """Make everything written visible to every later search. Raises Unavailable when some copy of the index could not: the server
        answers with success then, but who is asked next may still show what was."""
        if self.client.indices.refresh(index=self.index).body.get("_shards", {}).get("failed"):
            raise Unavailable(FAILING, retry_after=SOON)

    def open_view(self) -> str:
        """Keep the state of now for later questions."""
        return str(self.client.open_point_in_time(index=self.index, keep_alive=KEEP).body["id"])

    def _limited(self, body: Json, view: str) -> Json:
        """The server's own limit is a constant, so that equal questions are equal."""
        limited = {**body, "timeout": f"{max(int(self._seconds * 900), 1)}ms"}
        return {**limited, "pit": {"id": view, "keep_alive": KEEP}} if view else limited


def complete(answer: Json) -> Json:
    """The answer to a search, unless it is an error or only a part of one: a server that runs out of time answers with what it has."""
    if "error" in answer:
        error = answer["error"]
        causes = [error, *error.get("root_cause", ())] if isinstance(error, dict) else []
        raise unavailable(int(answer.get("status", 500)), frozenset(str(cause.get("type")) for cause in causes))
    if answer.get("timed_out", True):
        raise Slow(SLOW, retry_after=SOON)
    if answer["_shards"]["failed"]:
        raise Unavailable(FAILING, retry_after=SOON)
    return answer


def _check_node(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise _invalid("url", "nodes are named as http://host:9200 or all as https://host:9200, separated by commas")
    if parts.username or parts.password:
        raise _invalid("url", "credentials are not part of an address: see api_key, username and password")
    return parts


def _trusted(ca_certs: str) -> ssl.SSLContext:
    if ca_certs and not Path(ca_certs).is_file():
        raise _invalid("ca_certs", f"no file {ca_certs!r}")
    try:
        return ssl.create_default_context(cafile=ca_certs or None)
    except (OSError, ssl.SSLError):
        raise _invalid("ca_certs", f"no certificates can be read from {ca_certs!r}") from None


def _invalid(key: str, problem: str) -> Invalid:
    return Invalid(f"[elasticsearch] {key}: {problem}.", where=f"elasticsearch.{key}", allowed=(problem,))
