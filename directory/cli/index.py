"""`mentors index`: status, drain, rebuild, verify, retry."""

from collections.abc import Sequence
from contextlib import suppress

import click

from directory.bootstrap import Parts
from directory.cli.run import FOUND, bar, counted, parts, say_json
from directory.core.clock import iso
from directory.core.errors import Conflict, Unavailable
from directory.search.engine import EngineStatus
from directory.store import outbox
from directory.store.outbox import Backlog, Parked

SHOWN_PARKED = 20


@click.group()
def index() -> None:
    """The search index: look at it, bring it up to date, build it anew, compare it with the store."""


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Documents, waiting and parked changes. Exit code 1: the engine does not answer.

    Example: mentors index status
    """
    with parts(read_only_engine=True) as built:
        held = _held(built)
        ready = built.health.readiness()
        with built.store.read() as conn:
            backlog = outbox.stats(conn)
            parked = outbox.parked(conn, SHOWN_PARKED)
    body = {
        "engine": built.settings.engine.kind,
        "generation": held.generation if held else None,
        "documents": held.documents if held else None,
        "tombstones": held.tombstones if held else None,
        "up_to_date": ready.checks.get("engine", ""),
        "pending": backlog.pending,
        "parked": backlog.parked,
        "oldest": iso(backlog.oldest) if backlog.oldest else None,
        "failing": backlog.failing,
        "trouble": backlog.trouble,
        "parked_changes": [{"person": row.person_id, "attempts": row.attempts, "error": row.error} for row in parked],
    }
    if as_json:
        say_json(body)
    else:
        _say_status(held, backlog, parked, str(body["up_to_date"]))
    if held is None:
        click.get_current_context().exit(FOUND)


def _held(built: Parts) -> EngineStatus | None:
    """None while the engine does not answer, which is when one looks what waits for it."""
    try:
        return built.engine.status()
    except Unavailable:
        return None


def _say_status(held: EngineStatus | None, backlog: Backlog, parked: Sequence[Parked], state: str) -> None:
    if held:
        click.echo(
            f"{held.engine}, generation {held.generation or 'none'}: "
            f"{counted(held.documents, 'document')}, {counted(held.tombstones, 'tombstone')}"
        )
    click.echo(
        f"{counted(backlog.pending, 'change')} {'waits' if backlog.pending == 1 else 'wait'}, {backlog.parked} parked"
        + (f", oldest since {iso(backlog.oldest)}" if backlog.oldest else "")
    )
    if backlog.failing:
        click.echo(f"  {counted(backlog.failing, 'change')} came back: {backlog.trouble}")
    for row in parked:
        click.echo(f"  parked: {row.person_id} after {counted(row.attempts, 'attempt')}: {row.error}")
    if state != "ok":
        click.echo(state)


@index.command()
@click.option("--retry-parked", is_flag=True, help="Try parked changes again too.")
def drain(*, retry_parked: bool) -> None:
    """Bring waiting changes to the index now. Exit code 1: some could not be brought and wait for another try, or are parked.

    Example: mentors index drain
    """
    with parts() as built:
        if retry_parked:
            with built.store.write() as conn:
                outbox.release_parked(conn)
        total = 0
        with bar("Indexing") as progress:
            while taken := built.indexer.drain().taken:
                total += taken
                progress(total, None)
        with built.store.read() as conn:
            left = outbox.stats(conn)
    rest = f" Waiting for another try: {left.pending}, parked: {left.parked}." if left.count else ""
    click.echo(f"{counted(total, 'change')} indexed.{rest}")
    if left.count:
        click.get_current_context().exit(FOUND)


@index.command()
def rebuild() -> None:
    """Build a new index from the store and switch to it without downtime.

    Example: mentors index rebuild
    """
    with parts() as built, bar("Rebuilding") as progress:
        done = built.rebuilder.rebuild(progress)
        with suppress(Conflict):  # a worker is at it already
            while built.indexer.drain().taken:  # changes that the new index has: they need not look as if they waited
                pass
    refused = f", {done.refused} can't be indexed: see `mentors index status`" if done.refused else ""
    click.echo(f"Generation {done.generation} serves: {done.loaded} loaded, {done.caught_up} caught up{refused}.")


@index.command()
@click.option("--repair", is_flag=True, help="Write what differs from the store to the index.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, repair: bool, as_json: bool) -> None:
    """Compare ids and versions of index and store in one ordered pass. Differences whose change still waits are counted as waiting.

    Example: mentors index verify --repair
    """
    with parts(read_only_engine=not repair) as built, bar("Comparing") as progress:

        def watch(done: int) -> None:
            progress(done, None)

        found = built.repairer.repair(watch) if repair else built.verifier.compare(built.engine, repair=False, progress=watch)
    body = {
        "compared": found.compared,
        "missing": found.missing,
        "stale": found.stale,
        "lingering": found.lingering,
        "waiting": found.waiting,
        "repaired": found.repaired,
        "ids": found.ids,
    }
    if as_json:
        say_json(body)
    else:
        click.echo(", ".join(f"{value} {key}" for key, value in body.items() if key != "ids"))
        for kind, ids in found.ids.items():
            click.echo(f"  {kind}: {', '.join(ids)}")
    if found.unexplained:
        click.get_current_context().exit(FOUND)
