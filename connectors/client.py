"""The one guarded HTTP client of the connectors. Nothing else in the project sends a request to a source.

It uses the transport adapter of `requests` without a session: a session reads proxies and .netrc from the environment, keeps
cookies, and reads the body of a redirect without a limit. Every guard is applied where the bytes are, so that pagination links,
redirects and names that change their address pass the same checks as the configured URL.
"""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.addresses import open_vetted
from connectors.answers import AnswerRefused, AnswerUnavailable, Fetched, TryAgain, check_content, check_status, give_up
from connectors.deadline import Deadline, Monotonic, TimedReader
from connectors.rate import RateLimit
from connectors.redaction import redact_logger
from connectors.retry import backoff
from connectors.spool import CutShort, spool
from connectors.targets import EndpointPolicy, Target, vet_redirect, vet_url
from directory.core.errors import SourceRefused, SourceUnavailable

__all__ = ["AnswerRefused", "AnswerUnavailable", "Client", "ClientLimits", "EndpointPolicy", "Fetched"]

URL_LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")
"""Loggers of the HTTP library that write whole URLs, with their query."""
MAX_VALIDATOR_LENGTH = 1000
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
OWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "if-modified-since",
        "if-none-match",
        "transfer-encoding",
        "user-agent",
    }
)

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token of RFC 9110, section 5.6.2
_HEADER_VALUE = re.compile(r"[!-~]+(?:[ \t]+[!-~]+)*")


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """Limits of one answer. `total_seconds` counts each attempt with its redirects, not the waiting between attempts."""

    connect_seconds: float = 10.0
    read_seconds: float = 10.0
    total_seconds: float = 120.0
    max_bytes: int = 50 * 2**20  # after unpacking
    max_ratio: int = 100
    max_redirects: int = 2
    retries: int = 4
    retry_after_cap: float = 300.0


@dataclass(frozen=True, slots=True)
class _Request:
    """What stays the same over redirects and attempts."""

    target: Target
    headers: Mapping[str, str]
    accept: str
    etag: str | None
    last_modified: str | None
    stay: bool


class Client:
    """Sends GET requests within `limits` and `policy`, at most `rate` per second and host. For one thread; use it in a `with` block.

    Raises `SourceRefused` when the policy names a missing file, `ValueError` for an impossible rate.
    `user_agent` must tell the source whom to write to. `sleep` and `monotonic` are seams for the passing of time.
    """

    def __init__(
        self,
        *,
        limits: ClientLimits,
        policy: EndpointPolicy,
        rate: float,
        user_agent: str,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        if policy.ca_file is not None and not policy.ca_file.is_file():
            raise SourceRefused(f"the file of certificate authorities is missing: {policy.ca_file.name!a}")
        self._limits = limits
        self._policy = policy
        self._user_agent = user_agent
        self._sleep = sleep
        self._rate = RateLimit(rate, sleep=sleep, monotonic=monotonic)
        self._deadline = Deadline(monotonic)
        self._adapter = _GuardedAdapter(_pool_classes(limits, policy, self._deadline))
        for logger in URL_LOGGERS:
            redact_logger(logger)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def get(
        self,
        url: str,
        *,
        accept: str,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        auth_token: str | None = None,
    ) -> Fetched:
        """Fetch `url` completely, trying again where that can help.

        `etag` and `last_modified` are those of the copy that the caller has; then the answer may be `not_modified`.
        With `auth_token` (sent as a bearer token) or own `headers` a redirect may not leave the host.
        Raises `SourceUnavailable` (network, 429, 5xx, deadline) or `SourceRefused` (URL, address, 4xx, size, kind of content).
        """
        own: dict[str, str | None] = {"If-None-Match": etag, "If-Modified-Since": last_modified, "Accept": accept}
        own["Authorization"] = None if auth_token is None else f"Bearer {auth_token}"
        sent = _sent_headers(headers or {}, {**own, "Accept-Encoding": "gzip", "User-Agent": self._user_agent})
        stay = auth_token is not None or bool(headers)
        request = _Request(vet_url(url, self._policy), sent, accept, etag, last_modified, stay)
        return self._with_retries(request)

    def _with_retries(self, request: _Request) -> Fetched:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(request)
            except TryAgain as again:
                if attempt > self._limits.retries:
                    raise give_up(again, attempt) from None
                wait = backoff(attempt) if again.wait is None else min(again.wait, self._limits.retry_after_cap)
            self._sleep(wait)

    def _attempt(self, request: _Request) -> Fetched:
        target = request.target
        for hop in range(self._limits.max_redirects + 1):
            self._rate.wait(target.host)
            if hop == 0:
                self._deadline.start(self._limits.total_seconds)
            try:
                with closing(self._send(target, request.headers)) as response:
                    if response.status_code not in REDIRECT_STATUSES:
                        return self._receive(response, target, request)
                    target = self._follow(response, target, request)
            except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError, CutShort) as exc:
                raise self._explain(exc, target.host) from None  # the cause's text holds the URL with its query
        raise SourceRefused(f"{request.target.host} redirects more than {self._limits.max_redirects} times")

    def _send(self, target: Target, headers: Mapping[str, str]) -> requests.Response:
        prepared = requests.Request("GET", target.url, headers=dict(headers)).prepare()
        limits = self._limits
        timeout = (self._deadline.left(limits.connect_seconds), self._deadline.left(limits.read_seconds))
        verify = True if self._policy.ca_file is None else str(self._policy.ca_file)
        return self._adapter.send(prepared, stream=True, timeout=timeout, verify=verify)

    def _follow(self, response: requests.Response, target: Target, request: _Request) -> Target:
        location = response.headers.get("Location", "")
        if not location:
            raise SourceRefused(f"{target.host} answered {response.status_code} without saying where to go")
        # Header bytes arrive as Latin-1; servers that send more than ASCII mean UTF-8.
        readable = location.encode("latin-1", "replace").decode("utf-8", "replace")
        return vet_redirect(target, readable, self._policy, stay=request.stay)

    def _receive(self, response: requests.Response, target: Target, request: _Request) -> Fetched:
        etag, last_modified = _validator(response.headers, "ETag"), _validator(response.headers, "Last-Modified")
        conditional = request.etag is not None or request.last_modified is not None
        not_modified = response.status_code == 304 and conditional
        if not_modified:
            body: IO[bytes] = io.BytesIO()
            size = 0
            etag, last_modified = etag or request.etag, last_modified or request.last_modified
        else:
            check_status(response.status_code, response.headers, target.host)
            gzipped = check_content(response.headers, target.host, accept=request.accept, max_bytes=self._limits.max_bytes)
            body, size = self._read_body(response, target.host, gzipped=gzipped)
        return Fetched(response.status_code, not_modified, size, response.headers, target.url, etag, last_modified, body)

    def _read_body(self, response: requests.Response, host: str, *, gzipped: bool) -> tuple[IO[bytes], int]:
        def read(amount: int) -> bytes:
            piece: bytes = response.raw.read1(amount, decode_content=False)
            return piece

        return spool(read, gzipped=gzipped, host=host, max_bytes=self._limits.max_bytes, max_ratio=self._limits.max_ratio)

    def _explain(self, exc: Exception, host: str) -> Exception:
        """What a failure of the transport means for the caller; only fixed texts, since library messages hold URLs and headers."""
        if self._deadline.passed():
            return SourceUnavailable(f"{host} did not finish its answer in {self._limits.total_seconds:g} s")
        causes = tuple(_causes(exc))
        for kind, build in _MEANINGS:
            if any(isinstance(cause, kind) for cause in causes):
                return build(host)
        if any(type(cause) is http.client.HTTPException for cause in causes):  # how it reports too many headers
            return _headers_too_large(host)
        return TryAgain(f"{host} closed the connection before its answer was complete")


class _GuardedAdapter(HTTPAdapter):
    """The transport of `requests` with connections that only open vetted addresses."""

    def __init__(self, pool_classes: dict[str, type[HTTPConnectionPool]]) -> None:
        self._pool_classes = pool_classes
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:  # noqa: FBT001, FBT002  # as in requests
        """Called by `requests` once; pools made later are all of the guarded classes."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes


def _pool_classes(limits: ClientLimits, policy: EndpointPolicy, deadline: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose sockets go to vetted addresses and whose reads end at the deadline."""

    def connect(connection: HTTPConnection) -> socket.socket:
        host = connection.host.strip("[]")
        try:
            return open_vetted(
                host, connection.port, allow_private=policy.allow_private, seconds=lambda: deadline.left(limits.connect_seconds)
            )
        except socket.gaierror as exc:
            raise NameResolutionError(host, connection, exc) from exc
        except TimeoutError as exc:
            raise ConnectTimeoutError(connection, "time-out") from exc
        except OSError as exc:
            raise NewConnectionError(connection, "no connection") from exc

    class TimedResponse(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            self.fp.close()
            self.fp = io.BufferedReader(TimedReader(sock, deadline, limits.read_seconds))

    class PlainConnection(HTTPConnection):
        response_class = TimedResponse

        def _new_conn(self) -> socket.socket:
            return connect(self)

    class SecureConnection(HTTPSConnection):
        response_class = TimedResponse

        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool} if policy.allow_http else {"https": SecurePool}


def _sent_headers(extra: Mapping[str, str], own: Mapping[str, str | None]) -> dict[str, str]:
    """All headers of a request. Raises `SourceRefused` for a header that the client sets itself or that holds control characters."""
    taken = sorted(name for name in extra if name.lower() in OWN_HEADERS)
    if taken:
        raise SourceRefused(f"header {taken[0]!a} can't be set; the client sets {', '.join(sorted(OWN_HEADERS))}")
    sent = {**extra, **{name: value for name, value in own.items() if value is not None}}
    for name, value in sent.items():
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            raise SourceRefused(f"header {name[:40]!a} can't be sent; allowed are visible ASCII characters and inner spaces")
    return sent


def _validator(headers: Mapping[str, str], name: str) -> str | None:
    """A header value to send back later; None for one that could not be sent, so that an odd value never blocks a source."""
    value = headers.get(name, "")
    return value if len(value) <= MAX_VALIDATOR_LENGTH and _HEADER_VALUE.fullmatch(value) else None


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """`exc` and what the layers below wrapped into it: they use arguments, a `reason` and the usual chain."""
    waiting, seen = [exc], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting.extend(inner for inner in wrapped if isinstance(inner, BaseException))


def _headers_too_large(host: str) -> SourceRefused:
    return SourceRefused(f"{host} sent headers that are too large; allowed are 100 lines of 64 KiB")


# The first row that fits any cause is the meaning.
_MEANINGS: tuple[tuple[type[BaseException], Callable[[str], Exception]], ...] = (
    (http.client.LineTooLong, _headers_too_large),
    (requests.exceptions.InvalidURL, lambda host: SourceRefused(f"{host} was not asked: its URL is malformed")),
    (ssl.SSLCertVerificationError, lambda host: SourceRefused(f"{host} has no certificate that can be trusted for this name")),
    (ssl.SSLError, lambda host: TryAgain(f"{host} could not agree on a secure connection")),
    (socket.gaierror, lambda host: TryAgain(f"{host} could not be found by name")),
    (NewConnectionError, lambda host: TryAgain(f"{host} did not accept a connection")),
    (ConnectTimeoutError, lambda host: TryAgain(f"{host} did not accept a connection in time")),
    (TimeoutError, lambda host: TryAgain(f"{host} stopped sending before its answer was complete")),
    (CutShort, lambda host: TryAgain(f"{host} closed the connection before its answer was complete")),
)
