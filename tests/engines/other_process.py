"""The other process of a test: `python -m tests.engines.other_process read|write|rebuild FOLDER`.

`read` answers each line of input with the ids it finds and how many there are, as JSON. `write` applies one batch after another and
prints the number of each batch once it was acknowledged. `rebuild` starts or resumes a generation, prints the id after which it goes
on, and does the same to it, in the order of ids; every second batch is a commit.
"""

import json
import sys
from itertools import count
from pathlib import Path

from directory.search.engine import Document, SearchRequest
from indexer.engines.embedded import EmbeddedEngine, rebuild

BATCH = 20


def document(name: str, version: int = 1) -> Document:
    """A mentor with nothing but a name."""
    return Document(name, version, ("public",), {"mode": ("video",)}, (), {"name": name}, 1.0, 0, name)


def read(folder: Path) -> None:
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="corpus", read_only=True)
    for _ in sys.stdin:
        page = engine.search(SearchRequest(scope="public", facets=("mode",), limit=1000, sort="name"))
        counted = page.facets["mode"].get("video", 0)
        sys.stdout.write(json.dumps([[hit.id for hit in page.hits], page.total, counted]) + "\n")
        sys.stdout.flush()


def write(folder: Path) -> None:
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="corpus")
    start = engine.count() // BATCH
    for number in count(start):
        engine.apply(batch(number))
        say(str(number))


def build(folder: Path) -> None:
    rebuild.COMMIT_EVERY = 2 * BATCH  # type: ignore[misc]
    generation = EmbeddedEngine(folder, vocabularies_fingerprint="corpus").start_generation()
    say(generation.resumed_after or "nothing")
    start = int(generation.resumed_after[1:6]) + 1 if generation.resumed_after else 0
    for number in count(start):
        generation.apply(batch(number))
        say(str(number))


def batch(number: int) -> list[Document]:
    """The documents of a batch, whose ids come after those of all before."""
    return [document(f"d{number:05d}-{place:02d}") for place in range(BATCH)]


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"read": read, "write": write, "rebuild": build}[sys.argv[1]](Path(sys.argv[2]))
