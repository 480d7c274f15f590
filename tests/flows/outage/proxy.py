"""What stands between the directory and Elasticsearch, and can be told to refuse, to hang, or to answer with an error."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.engines.fake_elasticsearch import Answer

Trouble = Callable[[str, bytes], Answer | None]
"""From path and body of a request to the answer that it gets in place of the server's; None lets it pass."""

PASSED_ON = ("Content-Type", "Accept")
PASSED_BACK = ("Content-Type", "X-Elastic-Product")


class Proxy:
    """Forwards everything to `upstream` while nothing is wrong."""

    def __init__(self, upstream: str) -> None:
        self.trouble: Trouble = lambda _path, _body: None
        self.released = Event()
        self._upstream = urlsplit(upstream).netloc
        self._server: _Server | None = None
        self._port = 0
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def listening(self) -> bool:
        return self._server is not None

    def listen(self) -> None:
        """Take connections, at the same address as before."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.proxy = self
        self._port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def refuse(self) -> None:
        """Nobody listens any more; connections that are open end with their next request."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def recover(self) -> None:
        """All is well again."""
        self.trouble = lambda _path, _body: None
        self.released.set()
        if self._server is None:
            self.listen()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The server's own answer: status, headers, body."""
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            kept = {name: value for name in PASSED_BACK if (value := answer.getheader(name))}
            return answer.status, kept, answer.read()
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client lost patience: what it did not read is nobody's loss."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def pass_on(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        instead = proxy.trouble(self.path.partition("?")[0], body)
        if not proxy.listening or (instead and instead.seconds):
            proxy.released.wait(instead.seconds if instead else 0.0)
            self.close_connection = True
        elif instead:
            self.answer(instead.status, {"Content-Type": instead.kind, "X-Elastic-Product": "Elasticsearch"}, orjson.dumps(instead.body))
        else:
            sent = {name: value for name in PASSED_ON if (value := self.headers.get(name))}
            self.answer(*proxy.forward(self.command, self.path, sent, body))

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.pass_on()

    def do_POST(self) -> None:
        self.pass_on()

    def do_PUT(self) -> None:
        self.pass_on()

    def do_DELETE(self) -> None:
        self.pass_on()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """A proxy until the end of the block."""
    proxy = Proxy(upstream)
    try:
        yield proxy
    finally:
        proxy.released.set()
        proxy.refuse()


def unused_address() -> str:
    """An address at which nobody answers."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"
