"""The word lists of the demo, read from the TOML files beside this module."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """The content of `data/NAME.toml`. Shared: read only."""
    return tomllib.loads((files("directory.demo") / "data" / f"{name}.toml").read_text(encoding="utf-8"))
