"""The command `mentors`: one module per noun. Exit codes: 0 done, 1 done with findings, 2 could not (with a sentence, never a trace)."""

from directory.cli.main import main

__all__ = ["main"]
