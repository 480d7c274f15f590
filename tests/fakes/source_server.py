"""A source that misbehaves on purpose: a local HTTP server whose answers are written byte by byte.

    with SourceServer({"/feed": ok(b"[]"), "/busy": in_turn(failing(503), ok(b"[]"))}) as server:
        client.get(server.url("/feed"), ...)

A route is a `Response`, or a callable that makes one from the `Request`. Unknown paths answer 404.
"""

import gzip
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """What the server was asked. `headers` have lower-case names."""

    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """What to answer, and how badly.

    `raw` replaces everything, from the status line on. `drip` is the pause in seconds after every byte of the body.
    `stall_after` stops sending after that many body bytes and leaves the connection open; `stall_head` sends nothing at all.
    `reset_after` and `close_after` end the connection after that many body bytes, with a TCP reset or an ordinary end.
    `chunked` sends the body in chunks instead of with a length. `length` announces another length than the body has.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None
    drip: float = 0.0
    stall_after: int | None = None
    stall_head: bool = False
    reset_after: int | None = None
    close_after: int | None = None
    chunked: bool = False
    length: int | None = None


Route = Response | Callable[[Request], Response]

JSON_TYPE = {"Content-Type": "application/json"}


def ok(body: bytes, **headers: str) -> Response:
    """200 with a JSON body; keyword `ETag="..."` and the like become headers, with `_` as `-`."""
    return Response(200, {**JSON_TYPE, **{name.replace("_", "-"): value for name, value in headers.items()}}, body)


def gzipped(body: bytes) -> Response:
    """200 with the JSON body packed."""
    return Response(200, {**JSON_TYPE, "Content-Encoding": "gzip"}, gzip.compress(body, mtime=0))


def bomb(decoded_bytes: int) -> Response:
    """200 with a small body that unpacks to `decoded_bytes` zero bytes."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    block = bytes(2**20)
    packed = [packer.compress(block) for _ in range(decoded_bytes // len(block))]
    packed += [packer.compress(bytes(decoded_bytes % len(block))), packer.flush()]
    return Response(200, {**JSON_TYPE, "Content-Encoding": "gzip"}, b"".join(packed))


def failing(status: int, **headers: str) -> Response:
    """An error status with a short text."""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"no")


def redirect(location: str, status: int = 302) -> Response:
    """A redirect to `location`, exactly as written."""
    return Response(status, {"Location": location}, b"over there")


def html_page() -> Response:
    """What a broken proxy or a login page answers: 200 with HTML."""
    return Response(200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Log in</title>")


def huge_header(size: int) -> Response:
    """200 with one header line of `size` bytes."""
    return Response(200, {**JSON_TYPE, "X-Padding": "x" * size}, b"[]")


def with_validators(body: bytes, *, etag: str | None = None, last_modified: str | None = None) -> Callable[[Request], Response]:
    """200 with `etag` or `last_modified`; 304 for a request that already has that version."""
    headers = {name: value for name, value in (("ETag", etag), ("Last-Modified", last_modified)) if value is not None}

    def answer(request: Request) -> Response:
        sent = request.headers
        known = (etag is not None and sent.get("if-none-match") == etag) or (
            last_modified is not None and sent.get("if-modified-since") == last_modified
        )
        return Response(304, headers) if known else Response(200, {**JSON_TYPE, **headers}, body)

    return answer


def in_turn(*responses: Response) -> Callable[[Request], Response]:
    """Each response once, in order; the last one from then on."""
    waiting = list(responses)

    def answer(_request: Request) -> Response:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return answer


class SourceServer:
    """Serves `routes` on a free port of the loopback address while the `with` block runs.

    `requests` lists what came in, in order. With `tls` it speaks https.
    """

    def __init__(self, routes: Mapping[str, Route], *, tls: ssl.SSLContext | None = None) -> None:
        self.routes = dict(routes)
        self.requests: list[Request] = []
        self._tls = tls
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(), bind_and_activate=True)
        self._server.daemon_threads = True
        if self._tls is not None:
            # The handshake happens in the handler's thread, so a client that breaks it off does not end the server.
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port that the system gave."""
        port: int = self._server.server_address[1]
        return port

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        """The whole URL of `path`."""
        return self.base_url + path

    def count(self, path: str) -> int:
        """How often `path` was asked for."""
        return sum(request.path == path for request in self.requests)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                request = Request(parts.path, parts.query, {name.lower(): value for name, value in self.headers.items()})
                server.requests.append(request)
                route = server.routes.get(parts.path, failing(404))
                response = route(request) if callable(route) else route
                try:
                    self.close_connection = not _send(self, response, server._closing)
                except OSError:
                    self.close_connection = True  # the client had enough, which many tests want

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # a broken-off handshake or request

            def finish(self) -> None:
                try:
                    super().finish()
                except OSError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Stay quiet."""

        return Handler


def _send(handler: BaseHTTPRequestHandler, response: Response, closing: threading.Event) -> bool:
    """Write the answer; returns whether the connection can be used again."""
    if response.stall_head:
        closing.wait()
        return False
    if response.raw is not None:
        _drip(handler, response.raw, response.drip, closing)
        return False
    handler.wfile.write(_head(response))
    for stop in (response.stall_after, response.reset_after, response.close_after):
        if stop is not None:
            handler.wfile.write(response.body[:stop])
            handler.wfile.flush()
    if response.stall_after is not None:
        closing.wait()
    if response.reset_after is not None:
        # A zero linger time makes close() send RST instead of FIN.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if (response.stall_after, response.reset_after, response.close_after) != (None, None, None):
        return False
    if response.chunked:
        handler.wfile.writelines(_chunks(response.body))
        return True
    _drip(handler, response.body, response.drip, closing)
    return response.length is None


def _head(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} Status", *(f"{name}: {value}" for name, value in response.headers.items())]
    if response.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif response.status != 304:
        lines.append(f"Content-Length: {len(response.body) if response.length is None else response.length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _chunks(body: bytes, size: int = 1000) -> Iterable[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _drip(handler: BaseHTTPRequestHandler, data: bytes, pause: float, closing: threading.Event) -> None:
    if not pause:
        handler.wfile.write(data)
        return
    for position in range(len(data)):
        handler.wfile.write(data[position : position + 1])
        handler.wfile.flush()
        if closing.wait(pause):
            return
