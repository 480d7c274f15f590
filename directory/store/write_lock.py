"""A lock between all processes that write one SQLite file, fair enough that nobody starves.

SQLite's own busy handler polls with growing sleeps: under steady writers some wait for seconds. Two lock files cure that: a
writer holds the `turn` while it waits for the `write` lock, so the one who just wrote has to queue behind it. Among those who
wait for the turn, who has waited longer looks more often.
"""

import fcntl
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from directory.core.errors import Unavailable

SHORTEST_PAUSE = 0.0002
LONGEST_PAUSE = 0.004
LONGEST_OF_NEXT = 0.002
IMPATIENCE = 0.05
"""Seconds after which somebody who waits looks twice as often as a newcomer; after ten times as many, eleven times as often."""


def _in_queue(waited: float) -> float:
    """The pause of one of many."""
    return max(SHORTEST_PAUSE, LONGEST_PAUSE / (1 + waited / IMPATIENCE))


def _next(waited: float) -> float:
    """The pause of the one whose turn it is."""
    return min(SHORTEST_PAUSE + waited / 10, LONGEST_OF_NEXT)


def _wait(descriptor: int, deadline: float, pause: Callable[[float], float]) -> None:
    begun = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now > deadline:
                raise Unavailable("other writers kept the database busy for too long", retry_after=2) from None
            time.sleep(pause(now - begun) * random.uniform(0.5, 1.0))  # noqa: S311 (spreads the waiters, no secret)
        else:
            return


@contextmanager
def write_lock(folder: Path, timeout: float) -> Iterator[None]:
    """Holds the lock of `folder` between processes and threads. `Unavailable` after `timeout` seconds.

    The kernel frees it when a process dies, so a crash leaves nothing to clean up.
    """
    deadline = time.monotonic() + timeout
    flags = os.O_RDWR | os.O_CREAT
    turn = os.open(folder / "turn.lock", flags, 0o600)
    try:
        lock = os.open(folder / "write.lock", flags, 0o600)
        try:
            _wait(turn, deadline, _in_queue)
            _wait(lock, deadline, _next)
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield
        finally:
            os.close(lock)
    finally:
        os.close(turn)
