"""Who works in a data folder: web and worker side by side, a restore alone. The kernel frees the lock when a process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from directory.bootstrap import make_data_folder
from directory.core.errors import Conflict
from directory.settings import Settings

FILE: Final = "running.lock"


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """For web and worker, as long as they run. Raises Conflict during a restore."""
    with _locked(settings, fcntl.LOCK_SH, "A restore is under way in {}: start again when it has ended."):
        yield


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """For a restore. Raises Conflict while a web or worker process of this data folder runs."""
    with _locked(settings, fcntl.LOCK_EX, "`mentors serve`, `worker` or `demo` is running with {}: stop it, then restore."):
        yield


@contextmanager
def _locked(settings: Settings, how: int, refusal: str) -> Iterator[None]:
    folder: Path = make_data_folder(settings)
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(refusal.format(folder)) from None
        yield
    finally:
        os.close(descriptor)
