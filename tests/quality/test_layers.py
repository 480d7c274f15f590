"""Imports go one way; the contracts themselves stand in pyproject.toml under tool.importlinter."""

import subprocess
import sys
import tomllib

from tests.quality.checkout import ROOT


def lint_imports(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_contracts_are_kept() -> None:
    done = lint_imports()
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_of_the_wheel_is_checked() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["importlinter"]["root_packages"] == tool["hatch"]["build"]["targets"]["wheel"]["packages"]
