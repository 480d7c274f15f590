"""Settings come from one table; what is wrong is named with its place and what is allowed; files made from the table are current."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from directory.core.errors import Invalid
from directory.settings import SECTIONS, Described, Settings, described, load_settings, shipped_config, unknown_variables
from tools.settings_docs import ROOT, allowed, page, toml

ROWS = {f"{row.section}.{row.key}": row for row in described()}
NUMBERS = [row for row in described() if row.kind in (int, float)]
CHOICES = [row for row in described() if row.row.choices]


def load(folder: Path, text: str = "", **environment: str) -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "directory.toml").write_text(text, encoding="utf-8")
    return load_settings({"MENTORS_CONFIG": str(folder), **environment})


def refusal(folder: Path, text: str = "", **environment: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        load(folder, text, **environment)
    return caught.value


def value_of(settings: Settings, row: Described) -> Any:
    return getattr(getattr(settings, row.section), row.key)


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    for row in described():
        assert value_of(settings, row) == (Path(row.default) if row.kind is Path else row.default), row
    assert settings.config == tmp_path
    assert load_settings({}).config == shipped_config()


def test_the_file_and_then_the_environment_override(tmp_path: Path) -> None:
    text = "[web]\nworkers = 3\nthreads = 100\ndemo = true\n[http]\ntotal_seconds = 5\n"
    settings = load(tmp_path, text, MENTORS_WEB_WORKERS="4", MENTORS_LISTEN="[::1]:9000", MENTORS_DATA="~/x")
    assert (settings.web.workers, settings.web.threads, settings.web.demo, settings.http.total_seconds) == (4, 100, True, 5.0)
    assert settings.address == ("::1", 9000)
    assert settings.paths.data == Path("~/x").expanduser()
    assert settings.database_url == f"sqlite:///{settings.paths.data / 'directory.sqlite'}"


def test_short_names_are_a_promise() -> None:
    promised = {"MENTORS_DATA", "MENTORS_DATABASE_URL", "MENTORS_ENGINE", "MENTORS_ELASTICSEARCH_URL", "MENTORS_LISTEN"}
    assert promised <= {row.env for row in described()}


def test_variables_that_are_no_settings_are_found() -> None:
    given = {"MENTORS_DATA": "x", "MENTORS_CONFIG": "y", "MENTORS_WEB_WORKER": "2", "HOME": "z", "MENTORS_PORT": "1"}
    assert unknown_variables(given) == ("MENTORS_PORT", "MENTORS_WEB_WORKER")
    assert unknown_variables(given | {"MENTORS_TOKEN_PLAINS": "t"}, tokens=["MENTORS_TOKEN_PLAINS", ""]) == unknown_variables(given)


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: f"{row.section}.{row.key}")
def test_numbers_out_of_bounds(tmp_path: Path, row: Described) -> None:
    wrong = ["many", "", "nan", "inf", "-inf", "1" + "0" * 400, "1e999"]
    wrong += [str(row.row.low - 1)] if row.row.low is not None else []
    wrong += [str(row.row.high + 1)] if row.row.high is not None else []
    wrong += ["2.5"] if row.kind is int else []
    for value in wrong:
        problem = refusal(tmp_path, **{row.env: value})
        assert problem.where == f"{row.section}.{row.key}"
        assert repr(value) in str(problem)
        assert row.env in str(problem)
        assert problem.allowed == (f"{'a whole number' if row.kind is int else 'a number'} {row.row.limits}".strip(),)
        assert problem.allowed[0] in str(problem)
    for bound in (row.row.low, row.row.high):
        if bound is not None:
            assert value_of(load(tmp_path, **{row.env: str(row.kind(bound))}), row) == bound


@pytest.mark.parametrize("row", CHOICES, ids=lambda row: f"{row.section}.{row.key}")
def test_choices(tmp_path: Path, row: Described) -> None:
    problem = refusal(tmp_path, **{row.env: "other"})
    assert (problem.where, problem.value, problem.allowed) == (
        f"{row.section}.{row.key}",
        "other",
        ("one of " + ", ".join(row.row.choices),),
    )
    for choice in row.row.choices:
        assert value_of(load(tmp_path, **{row.env: choice}), row) == choice


@pytest.mark.parametrize(
    ("text", "where", "named"),
    [
        ("[web]\nworkers = true", "web.workers", "True"),
        ("[web]\nworkers = 1.5", "web.workers", "1.5"),
        ("[web]\nworkers = [1]", "web.workers", "[1]"),
        ('[web]\ndemo = "maybe"', "web.demo", "'maybe'"),
        ("[web]\nlisten = 8080", "web.listen", "8080"),
        ("[http]\nread_seconds = nan", "http.read_seconds", "nan"),
        ("[http]\nuser_agent = false", "http.user_agent", "False"),
    ],
)
def test_values_of_another_type_in_the_file(tmp_path: Path, text: str, where: str, named: str) -> None:
    problem = refusal(tmp_path, text)
    assert problem.where == where
    assert f"= {named} (" in str(problem)
    assert str(tmp_path / "directory.toml") in str(problem)
    assert problem.allowed


@pytest.mark.parametrize(
    "value", ["", "8080", ":8080", "localhost", "localhost:", "localhost:http", "a:65536", "a:99999999", "a b:80", "::1:80", "a:-1"]
)
def test_addresses_to_listen_on(tmp_path: Path, value: str) -> None:
    problem = refusal(tmp_path, MENTORS_LISTEN=value)
    assert (problem.where, problem.value) == ("web.listen", value)
    assert "127.0.0.1:8080" in problem.allowed[0]


@pytest.mark.parametrize(
    "value", ["mentors.example.org", "ftp://a", "https://", "https://a/", "https://a/b", "https://a?b", "https://a b", "https://a:99999"]
)
def test_public_addresses(tmp_path: Path, value: str) -> None:
    assert refusal(tmp_path, MENTORS_WEB_BASE_URL=value).where == "web.base_url"


@pytest.mark.parametrize("value", ["", "https://mentors.example.org", "http://localhost:8080"])
def test_public_addresses_that_can_be_used(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, MENTORS_WEB_BASE_URL=value).web.base_url == value


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "[database]\nurl = 12345")
    assert (problem.where, problem.value) == ("database.url", "")
    assert "12345" not in str(problem)


@pytest.mark.parametrize(
    ("text", "where", "named"),
    [
        ("[webb]\nx = 1", "webb", tuple(SECTIONS)),
        ("web = 1", "web", tuple(SECTIONS)),
        ("[web]\nport = 1", "web.port", ("listen", "base_url", "contact", "workers", "threads", "at_once", "demo")),
    ],
)
def test_names_that_do_not_exist(tmp_path: Path, text: str, where: str, named: tuple[str, ...]) -> None:
    problem = refusal(tmp_path, text)
    assert (problem.where, problem.allowed) == (where, named)
    assert all(name in str(problem) for name in named)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "[webb]\nx = 1\n[web]\nworkers = 0\nport = 1\n", MENTORS_ENGINE="other", MENTORS_WEB_THREADS="x")
    lines = str(problem).splitlines()
    assert (lines[0], len(lines)) == ("5 settings can't be used:", 6)
    named = (
        "[webb]",
        "has no key port",
        "[engine] kind = 'other' (MENTORS_ENGINE)",
        "[web] workers = 0",
        "[web] threads = 'x' (MENTORS_WEB_THREADS)",
    )
    assert all(words in line for words, line in zip(named, lines[1:], strict=True))


def test_a_file_that_is_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"directory\.toml is missing: MENTORS_CONFIG"):
        load_settings({"MENTORS_CONFIG": str(tmp_path / "nowhere")})
    assert "directory.toml can't be read" in str(refusal(tmp_path, "[web"))
    (tmp_path / "directory.toml").write_bytes(b"[web]\nlisten = '\xff'")
    with pytest.raises(Invalid, match="can't be read"):
        load_settings({"MENTORS_CONFIG": str(tmp_path)})


def test_the_shipped_file_shows_the_defaults_and_sets_none() -> None:
    text = (ROOT / "config" / "directory.toml").read_text(encoding="utf-8")
    assert text == toml(), "run python tools/settings_docs.py"
    assert all(values == {} for values in tomllib.loads(text).values())
    lines = [line.removeprefix("# ") if re.match(r"# \w+ = ", line) else line for line in text.splitlines()]
    shown = tomllib.loads("\n".join(lines))
    assert {(name, key): value for name, values in shown.items() for key, value in values.items()} == {
        (row.section, row.key): row.default for row in described()
    }


def test_the_page_of_settings_is_current() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert text == page(), "run python tools/settings_docs.py"
    assert all(f"`{row.env}`" in text and row.row.help in text for row in described())


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, row in ROWS.items() if not row.row.help.endswith(".")] == []
    assert [name for name, row in ROWS.items() if row.kind in (int, float) and not allowed(row)] == []
    assert all(isinstance(row.default, str if row.kind is Path else row.kind) for row in described())
