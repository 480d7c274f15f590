"""Keeps a lease alive while its holder is busy with something that takes an unknown time."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from directory.core.errors import DirectoryError

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 3


@contextmanager
def heartbeat(beat: Callable[[], None], lease: timedelta) -> Iterator[None]:
    """Calls `beat` from another thread a few times per `lease`. What it raises is logged: whoever writes checks the lease anyway."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(lease.total_seconds() / BEATS_PER_LEASE):
            try:
                beat()
            except DirectoryError as error:
                log.warning("a lease could not be renewed: %s", type(error).__name__)

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
