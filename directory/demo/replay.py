"""A local stand-in for a profile server with one JSON document a person, answering as the UCSF Profiles JSON API v2 does.

One person a call by `ProfilesURLName`, no listing, errors as `{"error": "prose"}` with status 400 or 404.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

PATH: Final = "/json/v2/"

_NAME: Final = re.compile(r"(?=.{1,100}\Z)[a-z0-9]+([.-][a-z0-9]+)*")
_SOURCE: Final = re.compile(r"\w{3}")
_NO_IDENTIFIER: Final = (
    "You didn't specify an identifier type to look up! We were expecting to see one of the following: ?EPPN=... / ?EmployeeID=... / "
    "?FNO=... / ?Person=... / ?ProfilesNodeID=... / ?ProfilesURLName=... / ?URL=..."
)
_NO_SOURCE: Final = "Please say who is asking: add source=... with three or more word characters."


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536
    """Head and body leave together; sent one by one, each answer waits some 40 ms for a delayed acknowledgment."""
    server: "_Server"

    def do_GET(self) -> None:
        """Answer one look-up."""
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path != PATH:
            self._error(404, "There is nothing here.")
        elif not _SOURCE.search(query.get("source", "")):
            self._error(400, _NO_SOURCE)
        elif "ProfilesURLName" not in query:
            self._error(400, _NO_IDENTIFIER)
        else:
            self._person(query["ProfilesURLName"])

    def _person(self, name: str) -> None:
        file = self.server.folder / f"{name}.json"
        if not _NAME.fullmatch(name) or not file.is_file():
            self._error(404, "No person has this ProfilesURLName.")
        else:
            self._send(200, file.read_bytes())

    def _error(self, status: int, prose: str) -> None:
        self._send(status, json.dumps({"error": prose}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name is the standard library's
        """Say nothing: the demo's output belongs to its steps."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder


class ReplayServer:
    """Serves the `*.json` files of `folder` on a free port of the loopback interface for as long as it is entered.

    The folder may be filled later. `url` is the address without its query.
    """

    def __init__(self, folder: Path) -> None:
        self._server = _Server(folder)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="demo-replay", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
