"""Runs `mentors` commands in processes that can be killed: loads the program once and forks for each command.

One JSON line on standard input starts a command; one JSON line on standard output says how it ended. A request holds `arguments`,
`environment`, `log` (a file for what it prints), and when it is to be killed with SIGKILL: at its step `step`, counted from 1, or
`seconds` after its start; 0 means never. `within` counts only the steps of the swap of a rebuild.

A step is whatever somebody else could notice: a statement or commit of the database, a change of files or their way to the disk, a
write to the index and its end, a request to Elasticsearch and the answer to it, when the server has done what the process does not
know yet.
"""

import ctypes
import functools
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

from sqlalchemy import Engine, event

from directory.cli import main

PAUSE = 0.001
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans become children of this process
FILE_CALLS = ("replace", "rename", "link", "unlink", "remove", "rmdir", "mkdir", "fsync")
ENGINES = {
    "embedded": ("indexer.engines.embedded.engine", "EmbeddedEngine"),
    "elasticsearch": ("indexer.engines.elasticsearch.engine", "ElasticsearchEngine"),
}


class Steps:
    """Counts steps, all of them and those of swaps, and dies at one if told so."""

    def __init__(self, fatal: int, within: str) -> None:
        self.counted = {"": 0, "swap": 0}
        self._fatal = fatal
        self._within = within
        self._swapping = False

    def step(self, *_arguments: Any, **_more: Any) -> None:
        """One more."""
        self.counted[""] += 1
        self.counted["swap"] += self._swapping
        if self._fatal and self.counted[self._within] == self._fatal and (self._swapping or not self._within):
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any], *, after: bool = False) -> Callable[..., Any]:
        """The same function, with a step before it and perhaps one behind it."""

        @functools.wraps(call)
        def counted(*arguments: Any, **more: Any) -> Any:
            self.step()
            answer = call(*arguments, **more)
            if after:
                self.step()
            return answer

        return counted

    def swap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose steps are those of a swap."""

        @functools.wraps(call)
        def swapping(*arguments: Any, **more: Any) -> Any:
            self._swapping = True
            try:
                return call(*arguments, **more)
            finally:
                self._swapping = False

        return swapping


def _watch(steps: Steps, engine: str) -> None:
    event.listen(Engine, "before_cursor_execute", steps.step)
    event.listen(Engine, "commit", steps.step)
    for name in FILE_CALLS:
        setattr(os, name, steps.around(getattr(os, name)))
    if engine == "elasticsearch":
        transport = import_module("elastic_transport").Transport
        transport.perform_request = steps.around(transport.perform_request, after=True)
    module, name = ENGINES[engine]
    kind = getattr(import_module(module), name)
    kind.apply = steps.around(kind.apply, after=True)
    kind.swap = steps.swap(kind.swap)


def _engine(request: dict[str, Any]) -> str:
    return str(request["environment"].get("MENTORS_ENGINE", "embedded"))


def _command(request: dict[str, Any]) -> NoReturn:
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    steps = Steps(request["step"], request["within"])
    _watch(steps, _engine(request))
    try:
        main(request["arguments"], prog_name="mentors")
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 the log says what it was, and a trace in it fails the test
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(log, f"\nSTEPS {steps.counted['']} {steps.counted['swap']}\n".encode())
    os._exit(code if isinstance(code, int) else 0)  # taking the interpreter down costs more than most commands


def _wait_for_group(pid: int) -> None:
    """What the command had started is ours now, and has been killed with it or ends by itself."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-pid, 0)


def _kill(pid: int) -> None:
    """The command and what it has started. It is our child and not waited for, so the number is still its own."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not come as far as having a group
        os.kill(pid, signal.SIGKILL)


def _wait(pid: int, seconds: float) -> int:
    deadline = time.monotonic() + seconds if seconds else float("inf")
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _wait_for_group(pid)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            _kill(pid)
            deadline = float("inf")
        time.sleep(PAUSE)


def serve() -> None:
    """Until standard input ends."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for line in sys.stdin:
        request = json.loads(line)
        import_module(ENGINES[_engine(request)][0])  # here, so that no command has to
        gc.freeze()
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _command(request)  # ends the process
        code = _wait(pid, request["seconds"])
        sys.stdout.write(json.dumps({"code": code, "seconds": time.monotonic() - begun}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
