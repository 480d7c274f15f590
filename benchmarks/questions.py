"""The questions that are measured, made from the records themselves so that they have answers."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.asked import Asked, Listener
from benchmarks.place import Place
from directory.bootstrap import Parts
from directory.core.vocabulary import fold
from directory.search.understanding import SAID_OF_ALL
from directory.store import profiles
from indexer.engines.analysis import stands

SAMPLE: Final = 2000
ASKED: Final = 50
TRIED: Final = 40 * ASKED
SEED: Final = 7
COMMON: Final = (0.05, 0.4)
"""Share of the mentors whose texts have a common word."""

EVERYBODY: Final = "all mentors, all facets"
NARROW: Final = "two words, 3 filters, all facets, highlights"
BROAD: Final = "two common words, 3 filters, all facets, highlights"
FILTER: Final = "1 filter, all facets"
SUGGEST: Final = "suggest"
MENTOR: Final = "one mentor"
VOCABULARY: Final = "vocabulary with counts"

MIX: Final = {NARROW: 40, EVERYBODY: 30, FILTER: 20, SUGGEST: 10}
"""How often each kind is asked in a hundred when several clients ask."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of request with the addresses that are asked for it, and what each of them asks the engine."""

    title: str
    paths: Sequence[str]
    asked: Sequence[tuple[Asked, ...]]


def questions(place: Place, parts: Parts) -> list[Question]:
    """All kinds, the same for the same place."""
    make = _Maker(list(place.sample(SAMPLE)))
    listener = Listener(parts)
    with parts.store.read() as conn:
        ids = [row.person_id for row in profiles.page_for_index(conn, "", ASKED)]
    kinds: dict[str, Iterator[str]] = {
        EVERYBODY: iter(["/api/v1/mentors"] * ASKED),
        NARROW: (make.found(common=1) for _ in range(TRIED)),
        BROAD: (make.found(common=2) for _ in range(TRIED)),
        FILTER: (make.filtered() for _ in range(TRIED)),
        SUGGEST: (make.beginning() for _ in range(TRIED)),
        MENTOR: (f"/api/v1/mentors/{person}" for person in ids),
        VOCABULARY: iter(["/api/v1/vocabularies/specialty"] * ASKED),
    }
    return [_answered(title, paths, listener) for title, paths in kinds.items()]


def mixed(kinds: Sequence[Question]) -> list[str]:
    """A hundred addresses as readers may ask them."""
    paths = {kind.title: kind.paths for kind in kinds}
    found = [paths[title][place % len(paths[title])] for title, times in MIX.items() for place in range(times)]
    random.Random(SEED).shuffle(found)
    return found


def _answered(title: str, paths: Iterator[str], listener: Listener) -> Question:
    """The first that have an answer."""
    known: dict[str, tuple[Asked, ...] | None] = {}

    def heard(path: str) -> tuple[Asked, ...] | None:
        if path not in known:
            known[path] = listener.asked(path)
        return known[path]

    kept = list(islice(((path, asked) for path in paths if (asked := heard(path)) is not None), ASKED))
    if len(kept) < ASKED:
        raise RuntimeError(f"only {len(kept)} questions of the kind {title!r} have an answer")
    return Question(title, [path for path, _ in kept], [asked for _, asked in kept])


class _Maker:
    """Addresses of one kind after the other from a seed."""

    def __init__(self, people: Sequence[Record]) -> None:
        self._choose = random.Random(SEED)
        self._people = people
        self._told = [row for row in people if row.get("keywords") and row.get("bio") and row.get("modes") and row.get("stage")]
        self._told = [row for row in self._told if row["offers"]]
        found = Counter(word for row in people for word in set(_words(row)))
        low, high = (share * len(people) for share in COMMON)
        self._common = sorted(word for word, times in found.items() if low <= times <= high)

    def found(self, *, common: int) -> str:
        """Two words, of which so many are common and the other from somebody's keywords, and that person's three filters."""
        row = self._choose.choice(self._told)
        words = self._choose.sample(self._common, common)
        words += [self._choose.choice(self._choose.choice(row["keywords"]).split()) for _ in range(2 - common)]
        pairs = [("q", " ".join(words)), ("arena", self._choose.choice(row["offers"])["arena"])]
        pairs += [("stage", key) for key in self._pair("stage", [row["stage"]])]
        pairs += [("mode", key) for key in self._pair("modes", row["modes"])]
        return f"/api/v1/mentors?{urlencode(pairs)}"

    def filtered(self) -> str:
        """One value of one facet."""
        row = self._choose.choice(self._told)
        keys = {
            "arena": self._choose.choice(row["offers"])["arena"],
            "specialty": self._choose.choice(row.get("specialties") or ["internal-medicine"]),
            "state": row["institution"]["state"],
            "stage": row["stage"],
            "mode": self._choose.choice(row["modes"]),
        }
        return f"/api/v1/mentors?{urlencode([self._choose.choice(list(keys.items()))])}"

    def beginning(self) -> str:
        """The first letters of a family name."""
        name = str(self._choose.choice(self._people)["name"]["family"])
        return "/api/v1/suggest?" + urlencode({"q": name[: self._choose.randint(2, 6)]})

    def _pair(self, field: str, own: Sequence[str]) -> tuple[str, str]:
        """Two values of which somebody has one."""
        key = self._choose.choice(own)
        held = {one for row in self._told for one in (row[field] if isinstance(row[field], list) else [row[field]])}
        return key, self._choose.choice(sorted(held - {key}))


def _words(row: Record) -> list[str]:
    text = " ".join([row.get("headline", ""), row.get("bio", ""), *row.get("keywords", ())])
    return [word for word in fold(text).split() if len(word) > 3 and word.isalpha() and stands(word) and word not in SAID_OF_ALL]
