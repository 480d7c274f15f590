"""`mentors demo`: invented institutions, loaded through the real connectors, indexed and served; web and worker in one command."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click
import orjson

from directory.bootstrap import Parts, build, settle
from directory.cli.listening import check_free
from directory.cli.presence import running
from directory.cli.run import Report, bar
from directory.cli.web import announce
from directory.core.clock import system_clock
from directory.core.errors import Conflict, DirectoryError, Unavailable
from directory.core.vocabulary_files import load_vocabularies
from directory.demo.files import write_files
from directory.demo.replay import ReplayServer
from directory.logs import configure_logging
from directory.settings import Settings, load_settings, with_environment
from directory.store import profiles, schema
from directory.work import Worker

STOP_SECONDS = 15
WATCH_SECONDS = 0.3
SIZE = 3000


@click.command()
@click.option("--size", default=SIZE, show_default=True, type=click.IntRange(50, 2_000_000), help="Invented mentors.")
@click.option("--institutions", default=12, show_default=True, type=click.IntRange(12, 500), help="Invented institutions.")
@click.option("--load-only", is_flag=True, help="Load and index, then end; do not serve.")
def demo(size: int, institutions: int, *, load_only: bool) -> None:
    """Load invented institutions, index their mentors and serve the search until Ctrl-C.

    Example: MENTORS_LISTEN=127.0.0.1:8090 mentors demo
    """
    with _stopping() as (stop, serving), contextlib.ExitStack() as stack:
        base = load_settings()
        if not load_only:
            check_free(base)
        stack.enter_context(running(base))
        folder = base.paths.data / "demo"
        profiles_folder = folder / "profiles"
        profiles_folder.mkdir(parents=True, exist_ok=True)
        replay = stack.enter_context(ReplayServer(profiles_folder))
        made, changed = _prepare(base, folder, replay.url, size, institutions)
        environment = with_environment(changed)
        settings = load_settings(environment)
        configure_logging("warning")
        parts = build(settings)
        stack.callback(parts.close)
        schema.upgrade(parts.store)
        settle()
        _load(parts, stop, made=made)
        if not load_only and not stop.is_set():
            serving.set()
            _serve(parts, environment, stop)


@contextlib.contextmanager
def _stopping() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Ctrl-C and SIGTERM set the first event; nothing is torn down in the middle of a step. Whoever sets the second one says so: there
    is a web server that tells of the end."""
    stop, serving = threading.Event(), threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        if not stop.is_set() and not serving.is_set():
            announce()
        stop.set()

    before = [(number, signal.signal(number, ask)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield stop, serving
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _prepare(base: Settings, folder: Path, replay_url: str, size: int, institutions: int) -> tuple[bool, dict[str, str]]:
    """Write what the institutions send (once a day: their dates count from today). Returns whether it was written now, and the settings
    that say where the configuration lies."""
    today = system_clock().date()
    wanted = {"size": size, "institutions": institutions, "today": today.isoformat()}
    mark = folder / "made.json"
    vocabularies = load_vocabularies(base.config / "vocabularies")
    known = orjson.loads(mark.read_bytes()) if mark.exists() else {}
    made = {key: known.get(key) for key in wanted} != wanted or known.get("vocabularies") != vocabularies.fingerprint
    if made:
        mark.unlink(missing_ok=True)
        write_files(folder, vocabularies=vocabularies, today=today, replay_url=replay_url, size=size, institutions=institutions)
        shutil.copytree(base.config / "vocabularies", folder / "vocabularies", dirs_exist_ok=True)
        shutil.copyfile(base.config / "directory.toml", folder / "directory.toml")
        known = wanted | {"vocabularies": vocabularies.fingerprint, "replay": replay_url}
    else:
        sources = folder / "sources.toml"
        sources.write_text(sources.read_text(encoding="utf-8").replace(known["replay"], replay_url), encoding="utf-8")
        known["replay"] = replay_url
    mark.write_bytes(orjson.dumps(known))
    return made, {
        "MENTORS_CONFIG": str(folder),
        "MENTORS_WEB_DEMO": "true",
        "MENTORS_HTTP_ALLOW_HTTP": "true",
        "MENTORS_HTTP_ALLOW_PRIVATE": "true",
    }


def _load(parts: Parts, stop: threading.Event, *, made: bool) -> None:
    """Run every source through the runner and index what changed."""
    doing = "Loading invented institutions" if made else "Checking the institutions' files"
    click.echo(f"{doing} (every person in this demo is invented) ...", err=True)
    for name, config in parts.sources.items():
        if stop.is_set():
            return
        try:
            with bar(config.label) as progress:
                report = parts.runner.run(name, progress)
        except DirectoryError as error:
            click.echo(f"  {config.label}: {error}", err=True)
            continue
        counts = report.counts
        done = counts["added"] + counts["updated"] + counts["unchanged"]
        click.echo(f"  {config.label}: {done} records, {counts['rejected']} rejected, {report.status}", err=True)
    with bar("Indexing") as progress:
        _drain(parts, stop, progress)
    with parts.store.read() as conn:
        listed = profiles.count_listed(conn)
    click.echo(f"{listed} mentors listed, {parts.engine.count()} in the index.", err=True)


def _drain(parts: Parts, stop: threading.Event, progress: Report) -> None:
    total = 0
    try:
        while not stop.is_set() and (taken := parts.indexer.drain().taken):
            total += taken
            progress(total, None)
    except Conflict as error:  # the lease of a demo that was killed; the worker takes over when it has run out
        click.echo(f"  {error} The rest follows while serving.", err=True)


def _serve(parts: Parts, environment: dict[str, str], stop: threading.Event) -> None:
    web = subprocess.Popen([sys.executable, "-m", "directory.cli", "serve"], env=environment)
    worker = Worker(parts)
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    listen = parts.settings.web.listen
    click.echo(f"\n  Search:  http://{listen}/\n  API:     http://{listen}/api\n  Stop:    Ctrl-C\n", err=True)
    try:
        while not stop.wait(WATCH_SECONDS) and web.poll() is None:
            pass
    finally:
        worker.stop()
        _end(web)
        thread.join()
    if not stop.is_set():
        raise Unavailable(f"The web server ended by itself (exit code {web.returncode}); is {listen} taken?")
    click.echo("Stopped.", err=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
