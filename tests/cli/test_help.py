"""Every command explains itself."""

from collections.abc import Iterator

import click
import pytest

from directory.cli import main
from tests.cli.conftest import call


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path."""
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, (*path, name))


ALL = list(commands(main))


def test_the_promised_commands_exist() -> None:
    paths = {" ".join(path) for path, _ in ALL}
    promised = {
        "": "serve worker demo backup restore",
        "db ": "upgrade",
        "config ": "check",
        "source ": "list check run status release quarantine",
        "index ": "status drain rebuild verify",
        "consent ": "show withdraw",
    }
    assert {f"{group}{name}" for group, names in promised.items() for name in names.split()} <= paths


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help(path: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        result = call({}, *path, flag)
        assert (result.exit_code, result.output.startswith("Usage: ")) == (0, True)


@pytest.mark.parametrize("path", [path for path, command in ALL if not isinstance(command, click.Group)], ids=" ".join)
def test_help_has_an_example_of_this_command(path: tuple[str, ...]) -> None:
    text = " ".join(call({}, *path, "--help").output.split())
    example = text.partition("Example: ")[2]
    assert f"mentors {' '.join(path)}" in example


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_every_option_has_a_help(path: tuple[str, ...]) -> None:
    command = next(found for where, found in ALL if where == path)
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


def test_what_is_not_a_command_is_named() -> None:
    result = call({}, "source", "fly")
    assert (result.exit_code, "No such command 'fly'" in result.stderr) == (2, True)


def test_the_version() -> None:
    assert call({}, "--version").output.startswith("mentors, version ")
