"""Errors as sentences, progress bars for people, JSON for programs."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from directory.bootstrap import Parts, opened
from directory.core.errors import DirectoryError, Unavailable
from directory.logs import configure_logging
from directory.settings import load_settings
from directory.store import schema

log = logging.getLogger(__name__)

FAILED = 2
FOUND = 1

Report = Callable[[int, int | None], None]


class _Group(click.Group):
    """Turns exceptions into one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DirectoryError as error:
            sentence = str(error)
        except BrokenPipeError:
            raise  # whoever read the output has gone
        except OSError as error:
            sentence = ": ".join(part for part in (error.filename and str(error.filename), error.strerror or type(error).__name__) if part)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # an operator can do nothing with a trace; who can asks for it
            log.debug("unforeseen error", exc_info=error)
            sentence = f"unforeseen {type(error).__name__}; MENTORS_LOG_LEVEL=debug shows where"
        click.echo(f"Error: {sentence}", err=True)
        raise click.exceptions.Exit(FAILED)


def group() -> type[click.Group]:
    """The class of the root command."""
    return _Group


@contextmanager
def parts(*, read_only_engine: bool = False, migrated: bool = True, log_level: str | None = None) -> Iterator[Parts]:
    """The parts for one command. Raises Unavailable when the store is not migrated and the command needs it to be."""
    settings = load_settings()
    configure_logging(log_level or settings.log.level)
    with opened(settings, read_only_engine=read_only_engine, half_restored=not migrated) as built:
        if migrated and schema.pending(built.store):
            raise Unavailable("The store is not set up or from an older version: run `mentors db upgrade` first.")
        yield built


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say_json(body: object) -> None:
    """One JSON object on standard output."""
    click.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


@contextmanager
def bar(label: str) -> Iterator[Report]:
    """A progress bar on standard error while a person is watching; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
