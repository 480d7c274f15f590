"""`mentors db`, `mentors backup`, `mentors restore`."""

from pathlib import Path

import click

from directory.bootstrap import make_data_folder
from directory.cli.presence import alone
from directory.cli.run import counted, parts
from directory.core.errors import Invalid
from directory.settings import load_settings
from directory.store import backup as backups
from directory.store import schema
from directory.store.journal import Journal, read_entries


@click.group()
def db() -> None:
    """The store of record."""


@db.command()
def upgrade() -> None:
    """Create or upgrade the tables; safe to repeat and to run from several machines at once.

    Example: mentors db upgrade
    """
    with parts(read_only_engine=True, migrated=False) as built:
        done = schema.upgrade(built.store)
    click.echo(f"Upgraded: {', '.join(done)}." if done else "Nothing to upgrade.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Copy store, journal and key to the new folder TARGET.

    Example: mentors backup /backups/2026-11-24
    """
    with parts(read_only_engine=True) as built:
        manifest = backups.backup(built.store, target, built.clock())
    click.echo(f"Backup in {target}: revision {manifest.revision}, {sum(manifest.counts.values())} rows.")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--without-journal", is_flag=True, help="Go on though the data folder has no journal of decisions: whoever withdrew is back.")
def restore(folder: Path, *, without_journal: bool) -> None:
    """Put a backup in place, then carry out every decision that people made since. Stop web and worker first.

    Example: mentors restore /backups/2026-11-24 && mentors index rebuild
    """
    settings = load_settings()
    with alone(settings):
        backups.read_manifest(folder)
        _look_for_journal(folder, Journal(make_data_folder(settings)), without_journal=without_journal)
        backups.adopt_secret(folder, settings.paths.data)
        with parts(read_only_engine=True, migrated=False) as built:
            done = backups.restore(folder, built.store, built.consent.apply)
    made = f"{counted(done.replayed.applied, 'decision')} made since {'was' if done.replayed.applied == 1 else 'were'}"
    click.echo(f"Restored; {made} carried out again. Now run `mentors index rebuild`.")


def _look_for_journal(backup: Path, journal: Journal, *, without_journal: bool) -> None:
    """Without the decisions made since the backup, a restore lists people again who withdrew. Raises Invalid when there is no journal at
    all and nobody said that this is meant."""
    known = {entry.id for entry in read_entries(backup / "withdrawals.ndjson")}
    if any(entry.id not in known for entry in journal.read()):
        return
    folder = journal.path.parent
    lacking = (
        f"No journal of decisions made since the backup was found in {folder}; whoever withdrew since is listed again. "
        f"Copy journal/ of the lost data folder to {folder} and run this again."
    )
    if not journal.path.exists() and not without_journal:
        message = f"{lacking} If there is none, or nobody ever made a decision, add --without-journal. Nothing was changed."
        raise Invalid(message, where="journal", value=str(folder))
    click.secho(f"Warning: {lacking}", err=True, fg="red", bold=True)
