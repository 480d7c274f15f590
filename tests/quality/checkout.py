"""The files of the checkout that would be committed, for the checks of this folder."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("directory", "indexer", "connectors")


@cache
def files() -> tuple[Path, ...]:
    """Relative paths; without git (a source archive) everything but hidden and built folders."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        names = [Path(name) for name in done.stdout.splitlines()]
    else:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        names = [name for name in names if not {".venv", "var", "build", "dist"} & set(name.parts) and "cache" not in str(name)]
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


def python_files(*folders: str) -> tuple[Path, ...]:
    """Python files below the folders; migrations are written once and never edited, so they are left out."""
    return tuple(name for name in files() if name.suffix == ".py" and name.parts[0] in folders and "versions" not in name.parts)


@cache
def tree(name: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), filename=str(name))


def text(name: Path) -> str:
    """Content of a file, or nothing when it is not text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
