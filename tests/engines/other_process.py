"""The other process of a test: `python -m tests.engines.other_process read|write|rebuild embedded FOLDER` or `... elasticsearch URL INDEX`.

`read` answers each line of input with the ids it finds and how many there are, as JSON. `write` applies one batch after another and
prints the number of each batch once it was acknowledged. `rebuild` starts or resumes a generation, prints the id after which it goes
on, and does the same to it, in the order of ids; it begins with the batch of that id. In the embedded engine every second batch is a
commit.
"""

import json
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from directory.search.engine import Document, SearchEngine, SearchRequest
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.embedded import EmbeddedEngine, rebuild
from tests.corpus import KEYS

BATCH = 20


def document(name: str, version: int = 1) -> Document:
    """A mentor with nothing but a name."""
    return Document(name, version, ("public",), {"mode": ("video",)}, (), {"name": name}, 1.0, 0, name)


def engine_at(place: Sequence[str], *, read_only: bool = False) -> SearchEngine:
    """The engine that the command line names."""
    if place[0] == "elasticsearch":
        address = Address(place[1], place[2], replicas=0, seconds=20)
        return ElasticsearchEngine(address, vocabularies_fingerprint="corpus", read_only=read_only)
    return EmbeddedEngine(Path(place[1]), vocabularies_fingerprint="corpus", values=KEYS, read_only=read_only)


def read(place: Sequence[str]) -> None:
    engine = engine_at(place, read_only=True)
    for _ in sys.stdin:
        page = engine.search(SearchRequest(scope="public", facets=("mode",), limit=1000, sort="name"))
        counted = page.facets["mode"].get("video", 0)
        sys.stdout.write(json.dumps([[hit.id for hit in page.hits], page.total, counted]) + "\n")
        sys.stdout.flush()


def write(place: Sequence[str]) -> None:
    engine = engine_at(place)
    start = engine.count() // BATCH
    for number in count(start):
        engine.apply(batch(number))
        say(str(number))


def build(place: Sequence[str]) -> None:
    rebuild.COMMIT_EVERY = 2 * BATCH  # type: ignore[misc]
    generation = engine_at(place).start_generation()
    say(generation.resumed_after or "nothing")
    start = batch_of(generation.resumed_after) if generation.resumed_after else 0
    for number in count(start):
        generation.apply(batch(number))
        say(str(number))


def batch(number: int) -> list[Document]:
    """The documents of a batch, whose ids come after those of all before."""
    return [document(f"d{number:05d}-{place:02d}") for place in range(BATCH)]


def batch_of(person: str) -> int:
    """The number of the batch that an id is in."""
    return int(person[1:6])


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"read": read, "write": write, "rebuild": build}[sys.argv[1]](sys.argv[2:])
