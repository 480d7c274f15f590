"""The command `mentors` as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """What it printed with --json."""
        return orjson.loads(self.output)


def mentors(environment: Mapping[str, str], *arguments: str) -> Done:
    """Run a command to its end; a trace is never what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "directory.cli", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
