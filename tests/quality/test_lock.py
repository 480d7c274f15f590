"""The lock files pin everything by hash, name no address, and agree with pyproject.toml and each other."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.quality.checkout import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt", "requirements-uv.txt")
FLOORS = {
    "authlib": "1.9.9",  # below: several login bypasses, among them CVE-2026-28802 (alg none accepted) and CVE-2026-28498 (at_hash)
    "urllib3": "2.7.0",  # below: CVE-2025-66471 (decompression bomb), CVE-2026-21441 and CVE-2026-44432
    "pysqlite3": "0.6.1",  # brings SQLite 3.53.4; before 3.51.3 the write-ahead log can be corrupted
}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def blocks(lock: str) -> list[str]:
    """One block a pin: the line that starts it and the indented lines below."""
    return re.findall(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", (ROOT / lock).read_text(), re.MULTILINE)


def pins(lock: str) -> dict[str, Version]:
    requirements = [Requirement(block.splitlines()[0].rstrip(" \\")) for block in blocks(lock)]
    assert all(str(requirement.specifier).startswith("==") for requirement in requirements), f"{lock}: something is not pinned"
    return {canonicalize_name(requirement.name): Version(str(requirement.specifier)[2:]) for requirement in requirements}


def declared(group: str) -> list[Requirement]:
    """The requirements of a dependency group with the groups it includes; "" are those of the project."""
    if not group:
        return [Requirement(line) for line in PYPROJECT["project"]["dependencies"]]
    found: list[Requirement] = []
    for entry in PYPROJECT["dependency-groups"][group]:
        found += [Requirement(entry)] if isinstance(entry, str) else declared(entry["include-group"])
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_no_address(lock: str) -> None:
    found = [line for line in (ROOT / lock).read_text().splitlines() if re.search(r"://|--(extra-)?index|--find-links|@ *file", line)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    assert blocks(lock)
    assert [block.splitlines()[0] for block in blocks(lock) if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-build.txt"])
def test_dev_holds_the_same_versions(lock: str) -> None:
    dev = pins("requirements-dev.txt")
    assert {name: dev.get(name) for name in pins(lock)} == pins(lock)


@pytest.mark.parametrize(("group", "lock"), [("", LOCKS[0]), ("", LOCKS[1]), ("dev", LOCKS[1]), ("build", LOCKS[2]), ("setup", LOCKS[3])])
def test_every_declared_dependency_is_pinned_within_its_range(group: str, lock: str) -> None:
    pinned = pins(lock)
    wanted = {canonicalize_name(requirement.name): requirement.specifier for requirement in declared(group)}
    assert wanted
    assert {name: str(pinned.get(name)) for name, allowed in wanted.items() if name not in pinned or pinned[name] not in allowed} == {}


def test_build_tools_are_those_of_the_build_system() -> None:
    assert set(PYPROJECT["build-system"]["requires"]) <= set(PYPROJECT["dependency-groups"]["build"])


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_security_floor(name: str, floor: str) -> None:
    assert pins("requirements.txt")[name] >= Version(floor)
    (requirement,) = [requirement for requirement in declared("") if requirement.name == name]
    assert not requirement.specifier.contains("0.1"), "pyproject.toml must state a lower bound"
    lowest = min(Version(item.version) for item in requirement.specifier if item.operator in {">=", "=="})
    assert lowest >= Version(floor)
