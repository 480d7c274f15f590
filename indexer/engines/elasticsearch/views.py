"""Views that walks through pages hold on to: the server keeps them for some minutes, and this process not too many of them."""

import time
from collections import deque
from threading import Lock
from typing import Final

from directory.core.errors import Unavailable
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.errors import translated

MOST: Final = 256
KEPT_FOR: Final = 5 * 60.0
"""Seconds that the server keeps a view nobody uses, see `connection.KEEP`."""


class Views:
    """Those that this process opened, oldest first. A walk whose view was closed goes on in the newest state."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: deque[tuple[float, str]] = deque()

    def open(self, session: Session) -> str:
        """The state of now."""
        view = session.open_view()
        with self._lock:
            self._opened.append((time.monotonic(), view))
            surplus = self._opened.popleft()[1] if len(self._opened) > MOST else ""
            while self._opened and time.monotonic() - self._opened[0][0] > 2 * KEPT_FOR:
                self._opened.popleft()
        if surplus:
            self.close(session, surplus)
        return view

    def close(self, session: Session, view: str) -> None:
        """Give a view back early. Whatever goes wrong, the server ends it by itself."""
        try:
            with translated():
                session.client.options(ignore_status=404).close_point_in_time(id=view)
        except Unavailable:
            return
