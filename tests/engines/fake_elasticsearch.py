"""A server that answers as Elasticsearch does when something is wrong with it."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from indexer.engines.elasticsearch.mapping import OWNER, layout, properties

JSON = "application/vnd.elasticsearch+json;compatible-with=8"
GOOD = {"index-000001": {"mappings": {"_meta": {"owner": OWNER, "layout": layout(), "spec": "s", "key": "k"}, "properties": properties()}}}


@dataclass(frozen=True)
class Answer:
    """What is sent back, after `seconds` or when the test ends."""

    status: int = 200
    body: object = field(default_factory=dict)
    kind: str = JSON
    product: bool = True
    seconds: float = 0.0


Rule = Callable[[str, str], Answer | None]
"""From path and body of a request to its answer; None for the usual one."""


def error(status: int, kind: str, **more: Any) -> Answer:
    """An error in the form that Elasticsearch gives it, with a reason that nobody must see."""
    return Answer(status, {"error": {"type": kind, "reason": "SECRET of node-7", **more}, "status": status})


def html(status: int) -> Answer:
    """What a proxy says."""
    return Answer(status, "<html>SECRET proxy</html>", "text/html", product=False)


@dataclass
class Fake:
    """A running server: its address, the paths that it was asked for, and the credentials that came along."""

    url: str
    asked: list[str] = field(default_factory=list)
    credentials: set[str] = field(default_factory=set)


@contextmanager
def fake_elasticsearch(rule: Rule, *, certificate: Path | None = None) -> Iterator[Fake]:
    """Serve until the end of the block, by https with a certificate. The alias exists and is good unless the rule says otherwise."""
    over = Event()
    fake = Fake("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            path = self.path.partition("?")[0]
            fake.asked.append(path)
            fake.credentials.add(str(self.headers.get("Authorization")))
            answer = rule(path, body) or Answer(body=GOOD if path.endswith("_mapping") else {})
            over.wait(answer.seconds)
            sent = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(sent)))
            if answer.product:
                self.send_header("X-Elastic-Product", "Elasticsearch")
            self.end_headers()
            self.wfile.write(sent)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def handle(self) -> None:
            with suppress(OSError):  # a handshake that the client broke off
                super().handle()

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    fake.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
