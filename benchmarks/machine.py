"""Facts of the machine and of the programs that decide about speed."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

from directory.store.sqlite import find_driver

PACKAGES: Final = ("tantivy", "sqlalchemy", "flask", "granian", "orjson")


def facts() -> list[str]:
    """One line each, without anything that identifies the machine."""
    sqlite = ".".join(map(str, find_driver().version))
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} CPUs ({_processor()}), {_memory():.0f} GB memory, {platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}, SQLite {sqlite}, {versions}",
        f"load average at the start {os.getloadavg()[0]:.1f}",
    ]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
