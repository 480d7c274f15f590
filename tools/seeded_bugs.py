"""Plants bugs one by one into a copy of the project and prints which test catches each.

    python -m tools.seeded_bugs [NAME ...]     exit code 0 when every bug was caught

The bugs are the ones that would break a promise quietly: a dropped version check, an early acknowledgement, a skipped gate.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 600
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Bug:
    """`old`, which occurs exactly once in `file`, becomes `new`; one of `tests` has to fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


BUGS: tuple[Bug, ...] = (
    Bug(
        "the store does not decide any more",
        "directory/store/profiles.py",
        "return self.listed and scope in self.scopes and (self.listed_until is None or now < self.listed_until)",
        "return True",
        ("tests/services/test_search.py", "tests/flows"),
    ),
    Bug(
        "a consent does not run out",
        "directory/store/profiles.py",
        "and (self.listed_until is None or now < self.listed_until)",
        "",
        ("tests/services/test_search.py", "tests/flows"),
    ),
    Bug(
        "people off the list are not excluded while the index lags",
        "directory/services/search.py",
        "exclude=hidden,",
        "exclude=(),",
        ("tests/services/test_search.py", "tests/flows"),
    ),
    Bug(
        "a withdrawal is not marked as hiding",
        "directory/services/profiles.py",
        "report.append((person, not row.listed))",
        "report.append((person, False))",
        ("tests/services", "tests/flows"),
    ),
    Bug(
        "a source may list somebody who withdrew",
        "directory/core/consent.py",
        'if newest.state == "withdrawn":',
        "if False:",
        ("tests/core/test_consent.py",),
    ),
    Bug(
        "suppressions are not looked at",
        "directory/services/ingest.py",
        "if barred.intersection(arrival_keys):",
        "if False:",
        ("tests/services", "tests/flows"),
    ),
    Bug(
        "changes are acknowledged before the engine has them",
        "indexer/worker.py",
        "        changes, broken = self._build(claimed)\n",
        "        with self._store.write() as conn:\n            outbox.done(conn, [row_id for row in claimed for row_id in row.ids])\n"
        "        changes, broken = self._build(claimed)\n",
        ("tests/indexer", "tests/flows"),
    ),
    Bug(
        "the swap does not wait for the last comparison",
        "indexer/rebuild.py",
        "            caught_up += self._verifier.compare(generation, repair=True).repaired\n            self._check(generation)\n",
        "",
        ("tests/indexer", "tests/flows"),
    ),
    Bug(
        "versions stand still",
        "directory/store/people.py",
        "values(version=person.c.version + 1)",
        "values(version=person.c.version)",
        ("tests/store/test_people.py", "tests/flows"),
    ),
    Bug(
        "a shrunken feed is not held",
        "connectors/runner.py",
        "if leaving <= max(self._limits.hold_count, self._limits.hold_share * live):",
        "if True:",
        ("tests/connectors/test_runner.py",),
    ),
    Bug(
        "one absence is enough",
        "connectors/importing.py",
        "MISSING_RUNS_TO_REMOVE = 2",
        "MISSING_RUNS_TO_REMOVE = 1",
        ("tests/connectors/test_runner.py",),
    ),
    Bug(
        "decisions are not put into the journal",
        "directory/services/consent.py",
        "            journal.record(conn, self._journal, entries)\n",
        "",
        ("tests/services", "tests/flows"),
    ),
    Bug(
        "hidden fields are shown",
        "directory/core/merge.py",
        "hidden = {name for name, value in visibility.items() if _strictness(value) > reach}",
        "hidden: set[str] = set()",
        ("tests/core/test_merge.py",),
    ),
    Bug(
        "the ledger's chain is not looked at",
        "directory/store/ledger.py",
        "or row.prev_hash != last.hash or row.hash != _seal(last.hash, dict(row._mapping))",
        "",
        ("tests/store/test_ledger.py",),
    ),
    Bug(
        "an older document overwrites a newer one",
        "indexer/engines/embedded/writer.py",
        "if change.version <= known.get(change.id, -1):",
        "if False:",
        ("tests/engines",),
    ),
)


def _copy(target: Path) -> None:
    """What git knows or would add, without the environment."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def _caught_by(folder: Path, bug: Bug) -> str:
    """The first test that fails; empty when all pass. Raises RuntimeError when the bug does not fit the code or nothing was tested."""
    path = folder / bug.file
    text = path.read_text(encoding="utf-8")
    if text.count(bug.old) != 1:
        raise RuntimeError(f"{bug.file}: the place of {bug.name!r} occurs {text.count(bug.old)} times, not once")
    path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:schemathesis", *bug.tests]
        done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return "(time limit)"
    finally:
        path.write_text(text, encoding="utf-8")
    found = FAILED.search(done.stdout)
    if not found and done.returncode != 0:
        raise RuntimeError(f"the tests of {bug.name!r} could not run (exit {done.returncode}):\n{done.stdout[-2000:]}")
    return found[1] if found else ""


def main(wanted: list[str]) -> int:
    """Plant every wanted bug; say what caught it."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="seeded-bugs-") as name:
        folder = Path(name)
        _copy(folder)
        for bug in BUGS:
            if wanted and not any(word in bug.name for word in wanted):
                continue
            caught = _caught_by(folder, bug)
            missed += not caught
            print(f"{'caught' if caught else 'MISSED'}  {bug.name}  {caught}", flush=True)
    print(f"{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
