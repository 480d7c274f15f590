"""Who may wait for servers that are slow: a few, so that pages which need no search still find a place in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from directory.core.errors import Unavailable
from indexer.engines.elasticsearch.errors import SLOW, SOON, Slow

MOST: Final = 2
"""Questions that wait at once after one got no answer in time, until one gets an answer."""


class Places:
    """Of the questions of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting = 0
        self._slow = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Ask here. Raises Unavailable at once when enough others find out whether the servers answer again."""
        with self._lock:
            if self._slow and self._waiting >= MOST:
                raise Unavailable(SLOW, retry_after=SOON)
            self._waiting += 1
        try:
            yield
        except Slow:
            self._slow = True
            raise
        else:
            self._slow = False
        finally:
            with self._lock:
                self._waiting -= 1
