"""House rules that a linter does not know: size, names, calls that have one home, and nothing of one machine in the files."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.quality.checkout import PRODUCT, ROOT, files, python_files, text, tree

LIMIT = 400
TEST_LIMIT = 600
"""Lines of a file. A test file may hold the cases of one module in one place."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
HOMES: dict[str, tuple[str, ...]] = {
    "os.environ": ("directory/settings.py",),
    "os.getenv": ("directory/settings.py",),
    "datetime.now": ("directory/core/clock.py",),
    "datetime.utcnow": ("directory/core/clock.py",),
    "datetime.today": ("directory/core/clock.py",),
    "date.today": ("directory/core/clock.py",),
    "time.time": ("directory/core/clock.py",),
    "time.time_ns": ("directory/core/clock.py",),
    "requests": ("connectors/client.py",),
    "urllib3": ("connectors/client.py",),
    "urllib.request": ("connectors/client.py",),
    "http.client": ("connectors/client.py",),
    "print": (),
    "eval": (),
    "exec": (),
    "pickle": (),
}
"""A name that may be used in the product only in the files beside it (docs/adr tell why where it is not plain)."""

# written in parts, or this file would find itself
HOSTS = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"), ("proxy", "golang", "org"))
]
HOSTS += [".".join(parts) for parts in (("maven", "org"), ("maven", "apache", "org", "maven2"), ("deb", "debian", "org"))]
MACHINE = re.compile(r"(?<![\w.$}])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers")) + r")/\w")


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression that is nothing but names and attributes, else nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def used(module: ast.Module) -> set[str]:
    """Every dotted name that a module mentions or imports, with the names that imports bind spelled out."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            names.add(dotted(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
    return names


def breaches(name: Path) -> list[str]:
    """Banned names used by a file that is not their home."""
    mentioned = used(tree(name))
    return [
        banned
        for banned, homes in HOMES.items()
        if str(name) not in homes and any(f".{mention}.".find(f".{banned}.") >= 0 and _is_meant(mention, banned) for mention in mentioned)
    ]


def _is_meant(mention: str, banned: str) -> bool:
    """`datetime.now` may stand after `datetime.`; a module or builtin only at the start."""
    return mention == banned or mention.startswith(f"{banned}.") or (banned.startswith(("date", "datetime")) and mention.endswith(banned))


def test_files_are_found() -> None:
    assert len(python_files(*PRODUCT)) > 10


@pytest.mark.parametrize("name", python_files(*PRODUCT, "tools", "tests", "benchmarks"), ids=str)
def test_size(name: Path) -> None:
    assert len(text(name).splitlines()) <= (TEST_LIMIT if name.parts[0] == "tests" else LIMIT)


@pytest.mark.parametrize("name", python_files(*PRODUCT, "tools", "tests", "benchmarks"), ids=str)
def test_name_says_what_is_inside(name: Path) -> None:
    assert not FORBIDDEN_NAMES & {part.removesuffix(".py") for part in name.parts}


@pytest.mark.parametrize("name", python_files(*PRODUCT), ids=str)
def test_banned_calls_stay_at_home(name: Path) -> None:
    assert breaches(name) == []


@pytest.mark.parametrize("name", python_files(*PRODUCT), ids=str)
def test_no_assert_in_the_product(name: Path) -> None:
    assert [node.lineno for node in ast.walk(tree(name)) if isinstance(node, ast.Assert)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os\nos.environ['A']", ["os.environ"]),
        ("from os import environ", ["os.environ"]),
        ("import datetime\ndatetime.datetime.now()", ["datetime.now"]),
        ("from datetime import date\ndate.today()", ["date.today"]),
        ("import time\ntime.time()", ["time.time"]),
        ("import time\ntime.monotonic()", []),
        ("import requests", ["requests"]),
        ("from urllib3.util import Retry", ["urllib3"]),
        ("import urllib.parse", []),
        ("print('x')", ["print"]),
        ("requests_total = 3\nself.requests.add(1)", []),
    ],
)
def test_the_ban_finds_what_it_should(source: str, found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.tree", lambda _: ast.parse(source))
    assert breaches(Path("directory/x.py")) == found


@pytest.mark.parametrize("name", files(), ids=str)
def test_nothing_of_one_machine(name: Path) -> None:
    lines = text(name).splitlines()
    assert [line for line in lines if any(host in line for host in HOSTS) or MACHINE.search(line)] == []


@pytest.mark.parametrize("name", [name for name in files() if text(name).startswith("#!")], ids=str)
def test_scripts_are_executable_and_parse(name: Path) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 or name.suffix == ".py"
    if text(name).partition("\n")[0].endswith("bash"):
        assert subprocess.run(["bash", "-n", str(ROOT / name)], capture_output=True, text=True).stderr == ""
