"""`mentors serve`."""

import os
import signal
import sys
from types import FrameType

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from directory.bootstrap import Parts
from directory.cli.listening import check_free
from directory.cli.presence import running
from directory.cli.run import parts
from directory.settings import Settings, load_settings
from directory.store import replay

GRACE_SECONDS = 5
"""How long requests in hand, and browsers that keep a connection open, may hold up the end."""


def start_server(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests in hand are finished."""
    host, port = settings.address
    server = Granian(
        "directory.app:create_wsgi",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=settings.web.workers,
        blocking_threads=settings.web.threads,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels.error,
    )
    server.on_startup(_announce_end)
    server.serve()


def announce() -> None:
    """Say that the end has begun. Past the buffer of standard error, which a signal may have interrupted."""
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, b"Stopping ...\n")


def _announce_end() -> None:
    """The server's own handlers stand by now; they say nothing until the end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        usual = signal.getsignal(number)

        def stop(signum: int, frame: FrameType | None, usual: object = usual) -> None:
            announce()
            if callable(usual):
                usual(signum, frame)

        signal.signal(number, stop)


@click.command()
def serve() -> None:
    """Serve pages and API.

    Example: MENTORS_LISTEN=0.0.0.0:8080 mentors serve
    """
    settings = load_settings()
    check_free(settings)
    with running(settings):
        with parts(read_only_engine=True) as built:  # what stops the start is said here, once, and not by every server process
            catch_up(built)
            warn(built)
        click.echo(f"Mentor directory on http://{settings.web.listen}", err=True)
        start_server(settings)


def catch_up(built: Parts) -> None:
    """Carry out what somebody decided and a process that died did not commit."""
    done = replay.catch_up(built.store, built.journal, built.consent.apply)
    if done.applied:
        click.echo(f"Decisions of the journal that the store lacked, carried out now: {done.applied}", err=True)


def warn(built: Parts) -> None:
    """What an operator has to do, and by which command; the process starts all the same."""
    report = built.health.readiness()
    for name, state in report.checks.items():
        if state != "ok":
            click.echo(f"Warning: {name}: {state}", err=True)
    for warning in report.warnings:
        click.echo(f"Warning: {warning}", err=True)
