"""`mentors consent`: show, withdraw, grant, erase, verify. For an operator who acts on a person's own word."""

import click

from directory.cli.person import find
from directory.cli.run import counted, parts, say_json
from directory.core.clock import iso
from directory.core.consent import PURPOSES
from directory.services.consent import ConsentReport
from directory.store import ledger


@click.group()
def consent() -> None:
    """What a person agreed to, and the person's own decisions."""


def _show(report: ConsentReport, *, as_json: bool) -> None:
    body = {
        "person": report.person_id,
        "listed": report.listed,
        "purposes": {
            purpose: {"allowed": row.allowed, "reason": row.reason, "until": iso(row.until) if row.until else None}
            for purpose, row in report.decisions.items()
        },
        "events": [
            {
                "at": iso(row.at),
                "purpose": row.purpose,
                "state": row.state,
                "basis": row.basis,
                "source": row.source,
                "evidence": row.evidence,
            }
            for row in report.events
        ],
    }
    if as_json:
        say_json(body)
        return
    click.echo(f"{report.person_id}: {'listed' if report.listed else 'not listed'}")
    for purpose, row in report.decisions.items():
        until = f", until {iso(row.until)}" if row.until else ""
        click.echo(f"  {purpose:11} {'yes' if row.allowed else 'no':4} {row.reason}{until}")
    for event in report.events:
        click.echo(f"  {iso(event.at)} {event.purpose} {event.state} by {event.source} ({event.basis}) {event.evidence}".rstrip())


@consent.command()
@click.argument("person")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(person: str, *, as_json: bool) -> None:
    """Events of the ledger and what they allow now. PERSON is an id, SOURCE/ID-IN-THE-SOURCE or an ORCID iD, in all these commands.

    Example: mentors consent show m4k2x09abcde
    """
    with parts(read_only_engine=True) as built:
        report = built.consent.report(find(built, person))
    _show(report, as_json=as_json)


@consent.command()
@click.argument("person")
@click.option("--purpose", "purposes", multiple=True, type=click.Choice(PURPOSES), help="Only this purpose (repeatable); default: all.")
@click.option("--evidence", default="asked by the person", show_default=True, help="A short reference, no personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def withdraw(person: str, purposes: tuple[str, ...], evidence: str, *, as_json: bool) -> None:
    """Take a person off the list: gone with the next request, and no source can bring the person back.

    Example: mentors consent withdraw plains/n-9
    """
    with parts(read_only_engine=True) as built:
        report = built.consent.withdraw(find(built, person), purposes or PURPOSES, evidence=evidence)
    _show(report, as_json=as_json)


@consent.command()
@click.argument("person")
@click.option("--purpose", "purposes", multiple=True, type=click.Choice(PURPOSES), required=True, help="Repeatable.")
@click.option("--evidence", required=True, help="A short reference to the person's own word.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def grant(person: str, purposes: tuple[str, ...], evidence: str, *, as_json: bool) -> None:
    """The person agrees (again).

    Example: mentors consent grant m4k2x09abcde --purpose listing --evidence "letter of Nov 3"
    """
    with parts(read_only_engine=True) as built:
        report = built.consent.grant(find(built, person), purposes, evidence=evidence)
    _show(report, as_json=as_json)


@consent.command()
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(person: str, *, yes: bool) -> None:
    """Delete everything that says who a person is. Can't be undone.

    Example: mentors consent erase m4k2x09abcde
    """
    with parts(read_only_engine=True) as built:
        person = find(built, person)
        built.consent.report(person)
        if not yes:
            click.confirm("Delete the profile, all records and all identifiers of this person?", abort=True)
        built.consent.erase(person)
    click.echo(f"{person} is erased; pseudonymous events and a suppression stay.")


@consent.command()
def verify() -> None:
    """Recompute the hash chain of the ledger.

    Example: mentors consent verify
    """
    with parts(read_only_engine=True) as built, built.store.read() as conn:
        number = ledger.verify(conn)
        head = ledger.head(conn)
    click.echo(f"{counted(number, 'event')}, the chain holds; head {head.hash.hex()[:16]}")
