"""Plants bugs one by one into a copy of the project and prints which test catches each.

    python -m tools.seeded_bugs [WORD ...]     only bugs with such a word in their name

The bugs are the ones that would break a promise quietly: a dropped version check, an early acknowledgement, a skipped gate. A bug whose
tests need a server is left out where there is none, see `make services`.

Exit code: 0 every bug was caught; 1 one was missed, or its place is not in the code any more; 3 none was missed, but some were left out.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LIMIT_SECONDS: Final = 600
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", re.MULTILINE)
ELASTICSEARCH: Final = "TEST_ELASTICSEARCH_URL"
MISSED, LEFT_OUT = 1, 3


@dataclass(frozen=True, slots=True)
class Bug:
    """`old`, which occurs exactly once in `file`, becomes `new`; one of `tests` has to fail. They need the server whose address is in the
    environment as `needs`, if that is set."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    needs: str = ""


BUGS: Final[tuple[Bug, ...]] = (
    # what may be seen
    Bug(
        "the store does not decide any more",
        "directory/store/profiles.py",
        "return self.listed and scope in self.scopes and (self.listed_until is None or now < self.listed_until)",
        "return True",
        ("tests/store/test_profiles.py", "tests/flows/test_withdrawal.py"),
    ),
    Bug(
        "a consent does not run out",
        "directory/store/profiles.py",
        "and (self.listed_until is None or now < self.listed_until)",
        "",
        ("tests/store/test_profiles.py", "tests/services/test_search.py"),
    ),
    Bug(
        "people off the list are not excluded while the index lags",
        "directory/services/search.py",
        "        exclude=hidden,\n",
        "        exclude=(),\n",
        ("tests/services/test_search.py",),
    ),
    Bug(
        "a withdrawal is not marked as hiding",
        "directory/services/profiles.py",
        "report.append((person, not row.listed))",
        "report.append((person, False))",
        ("tests/services/test_profiles.py", "tests/services/test_consent.py"),
    ),
    Bug(
        "hidden fields are shown",
        "directory/core/merge.py",
        "hidden = {name for name, value in visibility.items() if _strictness(value) > reach}",
        "hidden: set[str] = set()",
        ("tests/core/test_merge.py",),
    ),
    # what people decided
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
        "        if withdrew:\n",
        "        if False:\n",
        ("tests/services/test_ingest.py",),
    ),
    Bug(
        "decisions are not put into the journal",
        "directory/services/consent.py",
        "            journal.record(conn, self._journal, entries)\n",
        "",
        ("tests/services/test_consent.py", "tests/store/test_journal.py"),
    ),
    Bug(
        "the ledger's chain is not looked at",
        "directory/store/ledger.py",
        "or row.prev_hash != last.hash or row.hash != _seal(last.hash, dict(row._mapping))",
        "",
        ("tests/store/test_ledger.py",),
    ),
    # what sources send
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
    # transactions and the way to the index
    Bug(
        "a transaction that fails is committed",
        "directory/store/session.py",
        "            with self._writer.begin() as conn:\n                yield conn\n",
        "            with self._writer.connect() as conn:\n                try:\n                    yield conn\n"
        "                finally:\n                    conn.commit()\n",
        ("tests/store/test_session.py",),
    ),
    Bug(
        "versions stand still",
        "directory/store/people.py",
        "values(version=person.c.version + 1)",
        "values(version=person.c.version)",
        ("tests/store/test_people.py",),
    ),
    Bug(
        "changes are acknowledged before the engine has them",
        "indexer/worker.py",
        "        changes, broken = self._build(claimed)\n",
        "        with self._store.write() as conn:\n            outbox.done(conn, [row_id for row in claimed for row_id in row.ids])\n"
        "        changes, broken = self._build(claimed)\n",
        ("tests/indexer/test_worker.py",),
    ),
    Bug(
        "what a slow worker wrote is not looked at again",
        "indexer/worker.py",
        "            kept = failed.keys() | outdated\n",
        "            kept = failed.keys()\n",
        ("tests/indexer/test_worker.py",),
    ),
    Bug(
        "the right to write is believed in before it is committed",
        "indexer/worker.py",
        "            yield conn\n        self._token = token\n",
        "            self._token = token\n            yield conn\n",
        ("tests/indexer/test_worker.py",),
    ),
    Bug(
        "those who left are not taken out of the index",
        "indexer/worker.py",
        "return [*(Tombstone(row.id, row.version) for row in gone.values()), *changes], broken",
        "return changes, broken",
        ("tests/indexer/test_worker.py",),
    ),
    Bug(
        "an older document overwrites a newer one",
        "indexer/engines/embedded/writer.py",
        "if change.version <= known.get(change.id, -1):",
        "if False:",
        ("tests/engines/test_contract_changes.py",),
    ),
    Bug(
        "an older document overwrites a tombstone",
        "indexer/engines/embedded/lookup.py",
        "    found = find(searcher, schema, ids)\n",
        '    found = find(searcher, schema, ids, (Occur.Must, Query.term_query(schema, "withdrawn", 0)))\n',
        ("tests/engines/test_contract_changes.py",),
    ),
    Bug(
        "Elasticsearch does not compare versions",
        "indexer/engines/elasticsearch/documents.py",
        '{"_id": change.id, "version": change.version, "version_type": "external"}',
        '{"_id": change.id}',
        ("tests/engines/test_elasticsearch_parts.py",),
    ),
    Bug(
        "a tombstone in Elasticsearch is an ordinary document",
        "indexer/engines/elasticsearch/documents.py",
        '"withdrawn": isinstance(change, Tombstone)}',
        '"withdrawn": False}',
        ("tests/engines/test_elasticsearch_parts.py",),
    ),
    Bug(
        "a change that Elasticsearch did not take counts as applied",
        "indexer/engines/elasticsearch/bulk.py",
        "    raise unavailable(status, frozenset({kind}))\n",
        '    return Applied(person, "applied")\n',
        ("tests/engines/test_elasticsearch_failures.py",),
    ),
    # rebuild
    Bug(
        "the swap comes before the last comparison",
        "indexer/rebuild.py",
        "                last = self._verifier.compare(generation, repair=True)\n                self._hand_over(last.refused)\n"
        "                self._check(self._verifier.compare(generation, repair=False))\n                self._indexer.keep()\n"
        "                self._engine.swap(generation)\n",
        "                last = Difference()\n                self._engine.swap(generation)\n",
        ("tests/indexer/test_rebuild.py",),
    ),
    Bug(
        "a rebuild that lost the right to write swaps",
        "indexer/rebuild.py",
        "                self._indexer.keep()\n                self._engine.swap(generation)\n",
        "                self._engine.swap(generation)\n",
        ("tests/indexer/test_rebuild.py",),
    ),
    Bug(
        "two rebuilds at once",
        "indexer/rebuild_lease.py",
        "    if token is None:\n",
        "    if False:\n",
        ("tests/indexer/test_rebuild.py",),
        needs=ELASTICSEARCH,
    ),
    Bug(
        "a view of Elasticsearch is taken for the newest state while the number of documents is the same",
        "indexer/engines/elasticsearch/views.py",
        """int(answer["hits"]["total"]["value"]), float(answer["aggregations"]["changes"]["value"])""",
        """int(answer["hits"]["total"]["value"]), 0.0""",
        ("tests/engines/test_elasticsearch.py",),
        needs=ELASTICSEARCH,
    ),
    Bug(
        "a rebuild that was stopped goes on writing",
        "indexer/engines/elasticsearch/generations.py",
        '{"remove": {"index": name, "alias": alias, "must_exist": True}} for alias in aliases]',
        "]",
        ("tests/engines/test_elasticsearch.py",),
        needs=ELASTICSEARCH,
    ),
    Bug(
        "a late write brings a deleted index back",
        "indexer/engines/elasticsearch/bulk.py",
        "operations=lines, require_alias=True,",
        "operations=lines,",
        ("tests/engines/test_elasticsearch.py",),
        needs=ELASTICSEARCH,
    ),
    Bug(
        "the index before is kept after a swap",
        "indexer/engines/elasticsearch/generations.py",
        '{"remove_index": {"index": holder}}\n',
        '{"remove": {"index": holder, "alias": self.alias, "must_exist": True}}\n',
        ("tests/engines/test_elasticsearch.py",),
        needs=ELASTICSEARCH,
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


def fits(bug: Bug, folder: Path = ROOT) -> bool:
    """Whether the code has the one place where the bug goes."""
    return (folder / bug.file).read_text(encoding="utf-8").count(bug.old) == 1


def _caught_by(folder: Path, bug: Bug) -> str:
    """The first test that fails; empty when all pass. Raises RuntimeError when the tests could not run."""
    path = folder / bug.file
    text = path.read_text(encoding="utf-8")
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


def _try(folder: Path, bug: Bug) -> str:
    """Plant one bug; says in one word what came of it."""
    if not fits(bug, folder):
        print(f"MISSED    {bug.name}  (its place in {bug.file} is gone or not the only one)", flush=True)
        return "missed"
    if bug.needs and not os.environ.get(bug.needs):
        print(f"left out  {bug.name}  ({bug.needs} is not set)", flush=True)
        return "left out"
    caught = _caught_by(folder, bug)
    print(f"{'caught' if caught else 'MISSED'}    {bug.name}  {caught}", flush=True)
    return "caught" if caught else "missed"


def main(words: list[str]) -> int:
    """Plant every wanted bug; say what caught it."""
    wanted = [bug for bug in BUGS if not words or any(word in bug.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="seeded-bugs-") as name:
        folder = Path(name)
        _copy(folder)
        done = [_try(folder, bug) for bug in wanted]
    print(", ".join(f"{done.count(kind)} {kind}" for kind in ("caught", "missed", "left out")))
    if "missed" in done or not done:
        return MISSED
    return LEFT_OUT if "left out" in done else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
