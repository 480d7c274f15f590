"""Compare a wheel with the checkout: every file of the packages and of config/ travels, and nothing else does."""

import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGES = ("directory", "indexer", "connectors")
CONFIG = "directory/_config"


def wanted(root: Path) -> set[str]:
    """Names in the wheel of all files of the checkout that belong there; config/ travels inside the package."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES, "config"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    files = [name for name in listed if (root / name).is_file()]
    return {CONFIG + name.removeprefix("config") if name.startswith("config/") else name for name in files}


def packaged(wheel: Path) -> set[str]:
    """Names of the files in the wheel, without its own metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name and not name.endswith("/")}


def main() -> int:
    """Print the differences; 0 when there are none."""
    want, have = wanted(Path.cwd()), packaged(Path(sys.argv[1]))
    for name in sorted(want - have):
        print(f"missing in the wheel: {name}", file=sys.stderr)
    for name in sorted(have - want):
        print(f"in the wheel but not in the checkout: {name}", file=sys.stderr)
    print(f"wheel: {len(have)} files")
    return 0 if want == have else 1


if __name__ == "__main__":
    sys.exit(main())
