"""`mentors worker`: sources and sweeps in this process, the indexer in one of its own beside it, so that a load uses two processors."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

from directory.cli.presence import running
from directory.cli.run import parts
from directory.cli.web import catch_up, warn
from directory.settings import load_settings
from directory.work import LOOPS, Worker, run_until_signal

log = logging.getLogger(__name__)

BESIDE: Final = "index"
"""The loop that has a process of its own: together with the sources it is all that takes time."""

COMMAND: Final = (sys.executable, "-m", "directory.cli", "worker", "--only", BESIDE, "--until-input-ends")
STOP_SECONDS: Final = 15.0
PAUSE_AFTER_END: Final = 5.0


@click.command()
@click.option("--only", multiple=True, type=click.Choice(LOOPS), help="Only this part of the work, in one process (repeatable).")
@click.option("--until-input-ends", is_flag=True, hidden=True, help="Stop when whoever started this process is gone.")
def worker(only: tuple[str, ...], *, until_input_ends: bool) -> None:
    """Run due sources, the indexer and the sweeps until stopped.

    Example: mentors worker
    """
    with running(load_settings()):
        if only:
            _work(only, follow=until_input_ends)
            return
        with parts(read_only_engine=True) as built:
            catch_up(built)
            with beside(COMMAND):  # which warns of what is wrong, because it is the one that makes an index where there is none
                run_until_signal(Worker(built, [loop for loop in LOOPS if loop != BESIDE]))


def _work(loops: tuple[str, ...], *, follow: bool) -> None:
    with parts(read_only_engine=BESIDE not in loops) as built:
        if not follow:  # else whoever started this process has done it
            catch_up(built)
        warn(built)
        mine = Worker(built, loops)
        if follow:
            threading.Thread(target=_when_input_ends, args=(mine.stop,), daemon=True).start()
        run_until_signal(mine)


def _when_input_ends(act: Callable[[], None]) -> None:
    """Past the buffer of standard input, whose lock a thread that still reads would hold at the end of the process."""
    while os.read(0, 1024):
        pass
    act()


@contextmanager
def beside(command: tuple[str, ...]) -> Iterator[None]:
    """A second process for as long as the context lasts: started anew when it ends by itself, and told to stop at the end by the end of
    its input, which comes too when this process is killed."""
    companion = _Companion(command)
    thread = threading.Thread(target=companion.run, name=BESIDE)
    thread.start()
    try:
        yield
    finally:
        companion.stop()
        thread.join()


class _Companion:
    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.is_set():
            try:
                process = self._start()
            except OSError as error:  # no memory or no process number left: without this thread nobody would try again
                log.warning("the %s process could not be started (%s); tried again in %.0f s", BESIDE, error.strerror, PAUSE_AFTER_END)
            else:
                code = process.wait() if process else 0
                if self._stopping.is_set():
                    return
                log.warning("the %s process ended by itself with code %d; it is started again in %.0f s", BESIDE, code, PAUSE_AFTER_END)
            self._stopping.wait(PAUSE_AFTER_END)

    def stop(self) -> None:
        """Give the process time to end what it has in hand."""
        with self._turn:
            self._stopping.set()
            process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("the %s process did not end within %.0f s and is killed", BESIDE, STOP_SECONDS)
            process.kill()

    def _start(self) -> "subprocess.Popen[bytes] | None":
        with self._turn:
            if self._stopping.is_set():
                return None
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
            return self._process
