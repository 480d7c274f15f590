"""`mentors source`: list, check, run, status, release, drop, quarantine."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from connectors.base import Limits, SourceConfig
from connectors.registry import KINDS
from connectors.report import OUTCOMES, RunReport
from directory.bootstrap import check_file, settle
from directory.cli.run import FOUND, Report, bar, counted, parts, say_json
from directory.core.clock import iso
from directory.core.errors import Invalid
from directory.core.profile import Institution
from directory.settings import Settings, load_settings
from directory.store import quarantine as quarantined
from directory.store import records, runs

SHOWN_PROBLEMS = 50
NO_SOURCE = "No source yet: add a block to sources.toml (see docs/institutions.md)."


@click.group()
def source() -> None:
    """Institutions' files and feeds: check, run, look at, release."""


@source.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """Sources in sources.toml.

    Example: mentors source list
    """
    with parts(read_only_engine=True, migrated=False) as built:
        rows = [
            {
                "name": row.name,
                "kind": row.kind,
                "label": row.label,
                "every_hours": row.every.total_seconds() / 3600,
                "enabled": row.enabled,
            }
            for row in built.sources.values()
        ]
    if as_json:
        say_json({"sources": rows})
        return
    for row in rows:
        click.echo(f"{row['name']:32} {row['kind']:14} {row['label']}{'' if row['enabled'] else '  (not enabled)'}")
    if not rows:
        click.echo(NO_SOURCE)


@source.command()
@click.argument("what")
@click.option("--kind", type=click.Choice(sorted(KINDS)), help="Kind of the FILE to check.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(what: str, kind: str | None, *, as_json: bool) -> None:
    """Report on a FILE, or on the source NAME, line by line; nothing is written.

    Example: mentors source check --kind csv mentors.csv
    """
    with bar(f"Checking {what}") as progress:
        if kind:
            settings = load_settings()
            report = check_file(settings, _file_config(settings, what, kind), progress)
        else:
            report = _check_source(what, progress)
    _show(report, as_json=as_json)


@source.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run(name: str, *, as_json: bool) -> None:
    """Run a source now: read it, report, import.

    Example: mentors source run plains
    """
    with parts(read_only_engine=True) as built, bar(f"Running {name}") as progress:
        settle()
        report = built.runner.run(name, progress)
    _show(report, as_json=as_json)


@source.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(name: str | None, *, as_json: bool) -> None:
    """Last runs, listed and waiting people, and what is held.

    Example: mentors source status plains
    """
    with parts(read_only_engine=True) as built:
        names = [built.runner.source(name).name] if name else list(built.sources)
        with built.store.read() as conn:
            states = runs.states(conn)
            waiting = quarantined.count(conn)
            rows = []
            for each in names:
                history = runs.of_source(conn, each, 5 if name else 1)
                state = states.get(each)
                count = records.count_by_consent(conn, each)
                rows.append(
                    {
                        "name": each,
                        "label": built.sources[each].label,
                        "live": count.live,
                        "listed": count.listed,
                        "invited": count.invited,
                        "problems": waiting.get(each, 0),
                        "next_due": iso(state.next_due) if state and state.next_due else None,
                        "failures": state.failures if state else 0,
                        "runs": [
                            {"id": row.id, "status": row.status, "started_at": iso(row.started_at), "reason": row.reason, **row.counts}
                            for row in history
                        ],
                    }
                )
    if as_json:
        say_json({"sources": rows})
        return
    for row in rows:
        _show_status(row)
    if not rows:
        click.echo(NO_SOURCE)


def _show_status(row: dict[str, Any]) -> None:
    live, problems = counted(row["live"], "live record"), counted(row["problems"], "problem")
    waiting = f"{row['invited']} {'waits' if row['invited'] == 1 else 'wait'} for a consent (invited)"
    click.echo(f"{row['name']}: {live}, {row['listed']} listed, {waiting}, {problems}")
    for past in row["runs"]:
        counts = ", ".join(f"{past[key]} {key}" for key in ("received", *OUTCOMES) if past.get(key))
        click.echo(f"  run {past['id']} {past['started_at']} {past['status']}: {counts or 'nothing received'} {past['reason']}".rstrip())
    if not row["runs"]:
        click.echo("  never run")


@source.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def release(name: str, *, as_json: bool) -> None:
    """Carry out the held run of a source, removals included.

    Example: mentors source release plains
    """
    with parts(read_only_engine=True) as built:
        report = built.runner.release(name)
    _show(report, as_json=as_json)


@source.command()
@click.argument("name")
def drop(name: str) -> None:
    """Forget the held run of a source; nobody is removed.

    Example: mentors source drop plains
    """
    with parts(read_only_engine=True) as built:
        held = built.runner.drop(name)
    click.echo(f"Run {held.id} of {name} is dropped; nothing of it was imported.")


@source.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def quarantine(name: str, *, as_json: bool) -> None:
    """What the institution has to correct, with place and reason.

    Example: mentors source quarantine plains
    """
    with parts(read_only_engine=True) as built:
        built.runner.source(name)
        with built.store.read() as conn:
            rows = list(quarantined.all_of_source(conn, name))
    if as_json:
        say_json({"problems": [{"where": row.locator, "field": row.field, "value": row.value, "message": row.message} for row in rows]})
        return
    for row in sorted(rows, key=lambda row: _place(row.locator)):
        click.echo(_line(row.locator, row.field, row.value, row.message))
    if not rows:
        click.echo("Nothing to correct.")


def _check_source(what: str, progress: Report) -> RunReport:
    with parts(read_only_engine=True) as built:
        if what not in built.sources and Path(what).is_file():
            raise Invalid(f"{what} is a file: add --kind csv or --kind mentor-feed.", where="--kind", value=what)
        return built.runner.check(what, progress)


def _file_config(settings: Settings, what: str, kind: str) -> SourceConfig:
    path = Path(what)
    if not path.is_file():
        raise Invalid(f"{what} is not a file.", where="FILE", value=what)
    limits = Limits(max_items=settings.ingest.most_records, max_item_bytes=settings.ingest.record_bytes)
    if not KINDS[kind].located:
        raise Invalid(f"A source of kind {kind} is not a file; check it by its name in sources.toml.", where="--kind", value=kind)
    return SourceConfig(
        name="check", kind=kind, label=path.name, institution=Institution("(the institution of the source)"), every=timedelta(days=1),
        path=path.resolve(), folder=path.resolve().parent, limits=limits,
    )  # fmt: skip


def _place(where: str) -> list[tuple[bool, int, str]]:
    """Sorts places with the numbers in them by their size: line 9 before line 10."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", where)]


def _line(where: str, field: str, value: str, message: str) -> str:
    place = ", ".join(part for part in (where, field) if part)
    return f"{place}: {message}" + (f" [{value}]" if value else "")


def _show(report: RunReport, *, as_json: bool) -> None:
    findings = report.counts["rejected"] or report.counts["held"] or report.status == "held"
    if as_json:
        say_json(report.as_json())
    else:
        _show_text(report)
    if findings:
        click.get_current_context().exit(FOUND)


def _show_text(report: RunReport) -> None:
    for problem in sorted(report.problems, key=lambda problem: _place(problem.where))[:SHOWN_PROBLEMS]:
        click.echo(_line(problem.where, problem.field, problem.value, problem.message))
    left = len(report.problems) + report.problems_left_out - SHOWN_PROBLEMS
    if left > 0:
        click.echo(f"... and {left} more; --json or `mentors source quarantine` shows all.")
    for notice in report.notices:
        click.echo(f"Note: {notice}")
    counts = ", ".join(f"{report.counts[key]} {key}" for key in ("received", *OUTCOMES) if report.counts[key] or key == "received")
    click.echo(f"{report.source}: {report.status}. {counts}.")
    if report.reason:
        click.echo(report.reason)
    if report.absent:
        absent = f"{counted(report.absent, 'record')} that {'was' if report.absent == 1 else 'were'} here before"
        click.echo(f"Not in it: {absent}; taken off the list: {report.removed}.")
