"""Start a real server for a test session: ready check, time limit, log file, and nothing left behind.

    with Service(["tools/postgres.sh", "run", directory], log=path, ready="URL=(.*)") as server:
        url = server.found

`ready` is a regular expression for a line of the server's output, or an `http://` address that must answer below 500.
The server gets a pipe as standard input and should end when the pipe ends; it is also told SIGTERM when the thread that
started it dies (Linux), asked to stop by SIGTERM, and killed with its process group after `grace` seconds.
"""

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

NOT_INSTALLED = 77
"""Exit code of a recipe whose server is not on this machine (the convention of automake for a skipped test)."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)  # loaded here: loading after the fork is not safe


class NotInstalled(Exception):
    """The recipe says that its server is not on this machine."""


class NotReady(Exception):
    """The server ended or did not answer in time; the message holds the end of its log."""


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago. Prefer port 0 where the server can print what it got."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Service:
    """One server process. `found` holds the first group of `ready`, or the address, once the server is ready."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        ready: str,
        timeout: float = 60,
        grace: float = 10,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.command, self.log, self.ready, self.timeout, self.grace = list(command), log, ready, timeout, grace
        self.env, self.cwd = {**os.environ, "STDIN_GUARD": "1", **(env or {})}, cwd
        self.found = ""

    def __enter__(self) -> "Service":
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (the child only calls prctl, from a library loaded before the fork)
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and what it started. Harmless when it is gone already."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + self.timeout
        while not self._is_ready():
            code = self.process.poll()
            if code == NOT_INSTALLED:
                raise NotInstalled(self._tail())
            if code is not None or time.monotonic() > deadline:
                raise NotReady(f"{self.command[:3]} is not ready (exit code {code}), {self.log}:\n{self._tail()}")
            time.sleep(0.05)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def _is_ready(self) -> bool:
        if self.ready.startswith("http://"):
            self.found = self.ready if _answers(self.ready) else ""
        elif match := re.search(self.ready, self.log.read_text(errors="replace")):
            self.found = match[1] if match.re.groups else match[0]
        return bool(self.found)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
