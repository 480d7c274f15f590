"""The root command and what all commands share."""

import click

from directory.bootstrap import project_version
from directory.cli.config import config
from directory.cli.consent import consent
from directory.cli.demo import demo
from directory.cli.index import index
from directory.cli.run import group
from directory.cli.source import source
from directory.cli.store import backup, db, restore
from directory.cli.web import serve
from directory.cli.worker import worker


@click.group(cls=group(), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(project_version(), prog_name="mentors")
def main() -> None:
    """A federated national directory of mentors for academic medicine.

    Start with `mentors demo`, which needs nothing else. Settings: directory.toml in the folder MENTORS_CONFIG, and the
    environment (MENTORS_DATA, MENTORS_DATABASE_URL, MENTORS_LISTEN ...); `mentors config check` shows them.
    """


for command in (serve, worker, demo, db, config, source, index, consent, backup, restore):
    main.add_command(command)
