"""The work behind the pages: due sources, the indexer and the sweeps, each in its own thread, until it is told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Final

from directory.bootstrap import Parts, settle
from directory.core.errors import Conflict, DirectoryError, Stopped
from directory.logs import passed
from directory.store import runs

log = logging.getLogger(__name__)

PAUSE_AFTER_ERROR = 5.0
SOURCE_POLL = 5.0
LOOPS: Final = ("index", "sources", "sweep")
"""What a worker does."""

PAUSE_AFTER_CONFLICT = 60.0
"""Seconds after which a source that somebody else was running is tried again: a large one takes long, and asking costs a transaction."""

SOURCES_AT_ONCE = 4
"""Sources read side by side: they wait for the network most of the time, and one slow source must not keep the others waiting."""


class Worker:
    """Runs its `loops` until `stop`; work in hand is finished first. Several workers share the work by leases."""

    def __init__(self, parts: Parts, loops: Collection[str] = LOOPS) -> None:
        self._parts = parts
        self._loops = frozenset(loops)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(SOURCES_AT_ONCE, thread_name_prefix="source")
        self._running: set[str] = set()
        self._not_before: dict[str, float] = {}

    def stop(self) -> None:
        """Ask all loops to end after what they do now."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped."""
        settle()
        settings = self._parts.settings.worker
        loops = (
            ("index", self._index, settings.poll_seconds),
            ("sources", self._sources, SOURCE_POLL),
            ("sweep", self._sweep, float(settings.sweep_seconds)),
        )
        threads = [threading.Thread(target=self._loop, args=row, name=row[0]) for row in loops if row[0] in self._loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._parts.indexer.release()

    def _loop(self, name: str, step: Callable[[], bool], pause: float) -> None:
        """Call `step` again at once while it says that there is more to do."""
        while not self._stop.is_set():
            wait = pause
            try:
                if step():
                    continue
            except Conflict:
                wait = max(pause, 1.0)
            except DirectoryError as error:
                log.warning("%s: %s", name, error)
                wait = PAUSE_AFTER_ERROR
            except Exception as error:  # noqa: BLE001 whatever it is, the other loops and the next round must not end with it
                log.error("%s: unforeseen %s; the loop goes on\n%s", name, type(error).__name__, passed(error))
                wait = PAUSE_AFTER_ERROR
            self._stop.wait(wait)

    def _index(self) -> bool:
        return self._parts.indexer.drain().taken > 0

    def _sweep(self) -> bool:
        self._parts.sweeper.sweep()
        return False

    def _sources(self) -> bool:
        now = self._parts.clock()
        with self._parts.store.read() as conn:
            states = runs.states(conn)
        for name, config in self._parts.sources.items():
            state = states.get(name)
            due = state is None or state.next_due is None or state.next_due <= now
            free = name not in self._running and self._not_before.get(name, 0.0) <= time.monotonic()
            if config.enabled and due and free and not self._stop.is_set():
                self._running.add(name)
                self._pool.submit(self._run, name)
        return False

    def _run(self, name: str) -> None:
        """One source; what is wrong with it is its own matter and must not keep the others waiting."""
        try:
            report = self._parts.runner.run(name, stop=self._stop.is_set)
        except Stopped:
            log.info("source %s: interrupted, read again next time", name)
        except Conflict as error:
            self._not_before[name] = time.monotonic() + PAUSE_AFTER_CONFLICT
            log.info("source %s: %s", name, error)
        except DirectoryError as error:
            log.warning("source %s: %s", name, type(error).__name__)
        except Exception as error:  # noqa: BLE001 as in the loops
            log.error("source %s: unforeseen %s; the other sources go on\n%s", name, type(error).__name__, passed(error))
        else:
            log.info("source %s: %s, %s", name, report.status, dict(report.counts))
        finally:
            self._running.discard(name)


def run_until_signal(worker: Worker) -> None:
    """Run in the main thread; SIGTERM and SIGINT stop it cleanly."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    worker.run()
