"""`mentors config`: everything that is wrong with the settings and the sources, at once."""

import os
from collections.abc import Iterator, Mapping

import click

from connectors.base import SourceConfig
from connectors.config import load_sources
from connectors.targets import EndpointPolicy, vet_url
from directory.bootstrap import build, connect
from directory.cli.run import FOUND, counted
from directory.core.errors import DirectoryError, SourceRefused
from directory.core.vocabulary import Vocabularies
from directory.settings import Settings, config_folder, described, load_settings, unknown_variables


@click.group()
def config() -> None:
    """Settings."""


@config.command()
def check() -> None:
    """Read all settings, vocabularies and sources; say what is wrong and where. Exit code 1: a source could not be read as things are,
    or a variable has no effect.

    Example: mentors config check
    """
    unknown = _unknown()
    for name in unknown:
        click.echo(f"Warning: {name} is not a setting and has no effect.", err=True)
    settings = load_settings()
    built = build(settings, read_only_engine=True)
    built.close()
    click.echo(f"Configuration in {settings.config}:")
    for row in described():
        value = getattr(getattr(settings, row.section), row.key)
        shown = "(set)" if row.row.secret and value else value
        changed = "" if value == row.default or str(value) == str(row.default) else "   (changed)"
        click.echo(f"  [{row.section}] {row.key} = {shown}{changed}")
    found = [sentence for source in built.sources.values() if source.enabled for sentence in _faults(settings, built.vocabularies, source)]
    for sentence in found:
        click.echo(f"Warning: {sentence}", err=True)
    verdict = f"{counted(len(found), 'problem')} with sources." if found else "All can be used."
    click.echo(f"{counted(len(built.sources), 'source')}, {len(built.vocabularies)} vocabularies. {verdict}")
    if unknown or found:
        click.get_current_context().exit(FOUND)


def _unknown() -> tuple[str, ...]:
    """Variables without effect, found before the settings are read, because one of them may be what was meant."""
    try:
        sources = load_sources(config_folder() / "sources.toml")
    except DirectoryError:
        return unknown_variables()  # what is wrong with the file is said when it is read in earnest
    return unknown_variables(tokens=[row.token_env for row in sources.values()])


def _faults(settings: Settings, vocabularies: Vocabularies, source: SourceConfig) -> Iterator[str]:
    """What would keep a source from being read, as far as this shows without asking anybody."""
    where = f"source.{source.name}"
    if source.path and not source.path.is_file():
        yield f"{where}.path = {str(source.path)!r} is {'not a file' if source.path.exists() else 'missing'}; allowed: a file that exists."
    elif source.path and not os.access(source.path, os.R_OK):
        yield f"{where}.path = {str(source.path)!r} can't be read by this user."
    if source.token_env and not source.token:
        yield f"{where}.token_env names {source.token_env}, which is not set in the environment."
    policy = EndpointPolicy(allow_http=settings.http.allow_http, allow_private=settings.http.allow_private)
    for key, url in _addresses(source).items():
        try:
            vet_url(url, policy)
        except SourceRefused as error:
            yield f"{where}.{key} can't be asked: {error}."
    names = source.options.get("names_file")
    if names and not (source.folder / str(names)).is_file():
        yield f"{where}.options.names_file = {str(names)!r} is missing; allowed: a file that exists."
    try:
        with connect(settings, vocabularies, source):
            pass
    except DirectoryError as error:
        yield f"{where} can't be used: {error}"


def _addresses(source: SourceConfig) -> Mapping[str, str]:
    given = {"url": source.url, "options.base_url": str(source.options.get("base_url", ""))}
    return {key: url for key, url in given.items() if url}
