"""The documentation speaks of things that exist: links, make targets, commands, decisions for every dependency."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.quality.checkout import ROOT, files, text

PAGES = [name for name in files() if name.suffix == ".md"]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`|^ {4}(?! )(.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)


def anchors(page: str) -> set[str]:
    """Anchors as the common renderers make them from headings."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "")).strip().lower().replace(" ", "-") for title in titles}


def commands(page: str, program: str) -> list[list[str]]:
    """Words after `program` in code, up to the first that is an option or a placeholder."""
    lines = [first or second for first, second in CODE.findall(page)]
    found = [re.split(r"\s+", line.split("#")[0].strip()) for line in lines]
    return [line[line.index(program) + 1 :] for line in found if program in line[:3]]


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_links_lead_somewhere(name: Path) -> None:
    broken = []
    for link in LINK.findall(text(name)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target.read_text())):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES, ids=str)
def test_make_targets_exist(name: Path) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text()))
    assert [words for words in commands(text(name), "make") if words and words[0] not in targets] == []


@pytest.mark.parametrize("name", [*PAGES, Path("docker-compose.yml")], ids=str)
def test_mentors_commands_exist(name: Path) -> None:
    wrong = []
    for words in commands(text(name), "mentors"):
        command = import_module("directory.cli").main  # here, so that a broken command line fails these tests only
        for word in words:
            if not hasattr(command, "commands") or not re.fullmatch(r"[a-z][a-z-]*", word):
                break
            if word not in command.commands:
                wrong.append(words)
                break
            command = command.commands[word]
    assert wrong == []


def test_every_dependency_has_a_decision() -> None:
    pages = "\n".join(text(name) for name in files() if name.parts[:2] == ("docs", "adr")).lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [Requirement(line).name for line in project["dependencies"]]
    assert [name for name in names if name.lower() not in pages] == []


def test_decisions_have_the_four_parts_and_are_listed() -> None:
    decisions = [name for name in files() if name.parts[:2] == ("docs", "adr") and name.name != "README.md"]
    index = text(Path("docs/adr/README.md"))
    assert len(decisions) > 10
    for number, name in enumerate(decisions, 1):
        assert name.name.startswith(f"{number:04}-")
        assert re.findall(r"^## (.+)$", text(name), re.MULTILINE) == ["Context", "Decision", "Cost", "Alternatives"], name
        assert f"]({name.name})" in index
        assert text(name).splitlines()[0].removeprefix(f"# {number:04} ") in index, name


def test_change_log_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    log = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in log or f"## [{version}]" in log
