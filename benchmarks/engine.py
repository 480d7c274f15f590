"""Latency of the bare embedded engine.

Documents are generated from a seed: a Zipf vocabulary of 30,000 words, about 90 distinct words, up to four offers each. Every
question is asked once to warm up and once to be measured, in one thread.
"""

import random
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Final

from benchmarks.report import Table, number
from benchmarks.timing import Times, side_by_side
from directory.search.engine import Document, Group, OfferKeys, SearchRequest, Word
from directory.search.fields import FACETS, SORTS
from indexer.engines.embedded import EmbeddedEngine

VOCABULARY: Final = 30_000
ARENAS: Final = tuple(f"arena-{number}" for number in range(6))
TOPICS: Final = {arena: tuple(f"{arena}-topic-{number}" for number in range(15)) for arena in ARENAS}
LEVELS: Final = tuple(f"level-{number}" for number in range(8))
AVAILABILITY: Final = ("open", "waitlist", "paused", "unconfirmed")
SYLLABLES: Final = ("ka", "ro", "mi", "ten", "sol", "vu", "pe", "lin", "dra", "no", "ge", "bis", "to", "fa", "rel", "um")


def vocabulary() -> list[str]:
    """Distinct invented words, the commonest first."""
    made = (SYLLABLES[n % 16] + SYLLABLES[n // 16 % 16] + SYLLABLES[n // 256 % 16] + SYLLABLES[n // 4096 % 16] for n in range(VOCABULARY))
    return list(made)


class Generator:
    """Documents and questions from one seed."""

    def __init__(self, seed: int = 20) -> None:
        self.random = random.Random(seed)
        self.words = vocabulary()
        self.weights = list(accumulate(1 / (rank + 3) ** 1.07 for rank in range(VOCABULARY)))

    def text(self, length: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=length))

    def document(self, number: int) -> Document:
        choose = self.random
        leaf = choose.randrange(96)
        name = f"{choose.choice(self.words)} {choose.choice(self.words)}".title()
        return Document(
            id=f"m{choose.getrandbits(55):011x}{number:07d}",
            version=1,
            scopes=("public", "widgets")[: choose.randint(1, 2)],
            keys={
                "specialty": (f"leaf-{leaf}", f"parent-{leaf % 24}"),
                "mode": tuple(choose.sample(("video", "phone", "in-person"), choose.randint(0, 3))),
                "state": (f"S{number % 56}", f"region-{number % 56 % 4}"),
                "stage": (f"stage-{choose.randrange(6)}",),
                "language": tuple({"en", f"language-{choose.randrange(40)}"}),
                "institution": (f"institution-{int(500 * choose.random() ** 2)}",),
            },
            offers=tuple(self.offer(arena) for arena in choose.sample(ARENAS, choose.randint(0, 4))),
            texts={
                "name": name,
                "specialties": self.text(3),
                "headline": self.text(8),
                "keywords": self.text(10),
                "topics": self.text(15),
                "place": self.text(6),
                "bio": self.text(110),
            },
            factor=1 + choose.randrange(21) / 20,
            confirmed=738_000 + choose.randrange(400),
            name_sort=name.casefold(),
        )

    def offer(self, arena: str) -> OfferKeys:
        choose = self.random
        topics = tuple(choose.sample(TOPICS[arena], choose.randint(0, 5)))
        return OfferKeys(arena, topics, tuple(choose.sample(LEVELS, choose.randint(0, 4))), choose.choice(AVAILABILITY))

    def words_asked(self, commonest: int) -> tuple[Group, ...]:
        return tuple(Group(word, (Word(word),)) for word in self.random.sample(self.words[3:commonest], 2))

    def filters(self) -> dict[str, tuple[str, ...]]:
        choose = self.random
        return {
            "arena": (choose.choice(ARENAS),),
            "stage": tuple(f"stage-{number}" for number in choose.sample(range(6), 2)),
            "mode": tuple(choose.sample(("video", "phone", "in-person"), 2)),
        }


def questions(make: Generator, engine: EmbeddedEngine) -> dict[str, list[Callable[[], object]]]:
    """The measured calls per title."""
    every = tuple(FACETS)

    def search(**asked: object) -> Callable[[], object]:
        return lambda: engine.search(SearchRequest(scope="public", **asked))  # type: ignore[arg-type]

    def suggest(prefix: str) -> Callable[[], object]:
        return lambda: engine.suggest(prefix, scope="public", exclude=(), limit=8)

    def correct(word: str) -> Callable[[], object]:
        return lambda: engine.corrections(word, scope="public", exclude=(), limit=3)

    several = [{**make.filters(), "level": LEVELS[place % 6 : place % 6 + 2], "availability": AVAILABILITY[:2]} for place in range(100)]
    return {
        "all mentors, all facets": [search(facets=every)] * 50,
        "two words, 3 filters, all facets, highlights": [
            search(query=make.words_asked(2000), filters=make.filters(), facets=every, highlight=True) for _ in range(100)
        ],
        "two common words, 3 filters, all facets, highlights": [
            search(query=make.words_asked(60), filters=make.filters(), facets=every, highlight=True) for _ in range(100)
        ],
        "two common words, hits and highlights only": [search(query=make.words_asked(60), highlight=True) for _ in range(100)],
        "5 filters (3 of offers, two values each), all facets": [search(filters=filters, facets=every) for filters in several],
        "all mentors by name": [search(sort=list(SORTS)[-1])] * 50,
        "suggest": [suggest(make.random.choice(make.words)[: make.random.randint(2, 6)]) for _ in range(200)],
        "correction, dictionary in memory": [correct(word[1:]) for word in make.words[100:150]],
    }


COLUMNS: Final = ("question", "documents", "p50", "p95")


def measure(size: int) -> Table:
    """Everything about the bare engine, over `size` documents of its own."""
    make = Generator()
    table = Table("The bare engine over generated text (ms)", COLUMNS)
    with tempfile.TemporaryDirectory(prefix="mentors-benchmark-") as folder:
        engine = EmbeddedEngine(Path(folder), vocabularies_fingerprint="benchmark")
        seconds = _build(engine, make, size)
        megabytes = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
        table.notes.append(f"{size / seconds:,.0f} documents a second into the index, {megabytes:.0f} MB.")
        for title, calls in questions(make, engine).items():
            times = side_by_side({"engine": calls}, 1)["engine"]
            table.rows.append((title, f"{size:,}", number(times.p50), number(times.p95)))
        times = Times()
        for _ in range(20):
            times.time(partial(engine.apply, [make.document(0)]))
        table.rows.append(("one change, durable and visible", f"{size:,}", number(times.p50), number(times.p95)))
        engine.close()
    return table


def _build(engine: EmbeddedEngine, make: Generator, size: int) -> float:
    """Seconds in the engine to load a generation and serve it."""
    generation = engine.start_generation()
    times = Times()
    for first in range(0, size, 1000):
        batch = [make.document(place) for place in range(first, min(first + 1000, size))]
        times.time(partial(generation.apply, batch))
    times.time(partial(engine.swap, generation))
    return sum(times.taken) / 1000
