"""`mentors config check` says everything that is wrong, at once."""

from dataclasses import fields
from pathlib import Path

import pytest

from directory.settings import Web
from tests.cli.conftest import Mentors
from tests.world import World, records


@pytest.fixture(autouse=True)
def _published(world: World) -> None:
    for source in ("plains", "harbor"):
        world.publish(records(1), source)


def test_what_is_in_order(world: World, mentors: Mentors) -> None:
    world.environment["MENTORS_INGEST_BATCH"] = "7"
    result = mentors("config", "check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "  [ingest] batch = 7   (changed)" in result.output
    assert result.output.splitlines()[-1].startswith("2 sources, ")
    assert result.output.endswith(" All can be used.\n")
    assert str(world.data) not in result.output.partition("[database]")[2].partition("[engine]")[0]


def test_a_variable_without_effect(world: World, mentors: Mentors) -> None:
    world.environment["MENTORS_INGEST_BATHC"] = "7"
    result = mentors("config", "check")
    assert (result.exit_code, result.stderr) == (1, "Warning: MENTORS_INGEST_BATHC is not a setting and has no effect.\n")


def test_all_wrong_settings_at_once(world: World, mentors: Mentors) -> None:
    world.environment |= {"MENTORS_INGEST_BATCH": "many", "MENTORS_ENGINE": "lucene", "MENTORS_PORT": "80"}
    (world.config / "directory.toml").write_text("[web]\nworkers = 0\nport = 80\n", encoding="utf-8")
    result = mentors("config", "check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0] == "Warning: MENTORS_PORT is not a setting and has no effect."
    assert lines[1] == "Error: 4 settings can't be used:"
    file = world.config / "directory.toml"
    assert lines[2:] == [
        f"{file}: [web] has no key port; keys are {', '.join(f.name for f in fields(Web))}.",
        "[engine] kind = 'lucene' (MENTORS_ENGINE) can't be used: allowed is one of embedded, elasticsearch.",
        f"[web] workers = 0 ({file}) can't be used: allowed is a whole number from 1 to 64.",
        "[ingest] batch = 'many' (MENTORS_INGEST_BATCH) can't be used: allowed is a whole number from 1 to 1000.",
    ]


def test_sources_that_could_not_be_read(world: World, mentors: Mentors, tmp_path: Path) -> None:
    world.environment |= {"MENTORS_HTTP_ALLOW_HTTP": "false", "MENTORS_HTTP_ALLOW_PRIVATE": "false", "MENTORS_TOKEN_SET": "t"}
    place = 'institution = { name = "Example University" }'
    blocks = {
        "lost": 'kind = "csv"\npath = "lost.csv"',
        "folder": f'kind = "csv"\npath = "{tmp_path}"',
        "off": 'kind = "csv"\npath = "lost.csv"\nenabled = false',
        "plain": 'kind = "mentor-feed"\nurl = "http://faculty.example.org/feed"\ntoken_env = "MENTORS_TOKEN_UNSET"',
        "good": 'kind = "mentor-feed"\nurl = "https://faculty.example.org/feed"\ntoken_env = "MENTORS_TOKEN_SET"',
        "api": 'kind = "ucsf-profiles"\noptions = { source = "Example", names_file = "none.txt", base_url = "http://api.example.org/" }',
    }
    text = "\n".join(f"[source.{name}]\n{place}\n{lines}\n" for name, lines in blocks.items())
    (world.config / "sources.toml").write_text(text, encoding="utf-8")
    result = mentors("config", "check")
    assert result.exit_code == 1
    plain = "the URL starts with 'http'; allowed are https"
    assert result.stderr.splitlines() == [
        f"Warning: source.lost.path = '{world.config / 'lost.csv'}' is missing; allowed: a file that exists.",
        f"Warning: source.folder.path = '{tmp_path}' is not a file; allowed: a file that exists.",
        "Warning: source.plain.token_env names MENTORS_TOKEN_UNSET, which is not set in the environment.",
        f"Warning: source.plain.url can't be asked: {plain}.",
        f"Warning: source.api.options.base_url can't be asked: {plain}.",
        "Warning: source.api.options.names_file = 'none.txt' is missing; allowed: a file that exists.",
    ]
    assert "6 problems with sources." in result.stdout
