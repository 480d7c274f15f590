"""Runs `mentors` commands in processes that can be killed: loads the program once and forks for each command.

One JSON line on standard input starts a command; one JSON line on standard output says how it ended. A request holds `arguments`,
`environment`, `log` (a file for what it prints), and when it is to be killed with SIGKILL: `statements` (at that statement or commit of
the database) or `seconds` after its start. 0 means never.
"""

import json
import os
import signal
import sys
import time
from typing import Any

from sqlalchemy import Engine, event

from directory.cli import main

PAUSE = 0.001


def _arm(statements: int) -> None:
    """Kill this process when the database is asked for the so manieth time; also just before each commit."""
    left = [statements]

    def count(*_arguments: Any, **_more: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


def _count(log: int) -> None:
    """Write how many statements and commits there were."""
    seen = [0]

    def count(*_arguments: Any, **_more: Any) -> None:
        seen[0] += 1

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    import atexit

    atexit.register(lambda: os.write(log, f"\nSTATEMENTS {seen[0]}\n".encode()))


def _command(request: dict[str, Any]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if request["statements"]:
        _arm(request["statements"])
    else:
        _count(log)
    main(request["arguments"], prog_name="mentors")


def _wait(pid: int, seconds: float) -> int:
    deadline = time.monotonic() + seconds if seconds else float("inf")
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)  # it is our child and not waited for, so the number is still its own
            deadline = float("inf")
        time.sleep(PAUSE)


def serve() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _command(request)  # ends the process
        code = _wait(pid, request["seconds"])
        sys.stdout.write(json.dumps({"code": code, "seconds": time.monotonic() - begun}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
