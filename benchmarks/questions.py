"""The questions that are measured, made from the records themselves so that they have answers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.place import Place
from directory.bootstrap import Parts
from directory.store import profiles

SAMPLE: Final = 2000
ASKED: Final = 40
SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of request with the addresses that are asked for it."""

    title: str
    paths: Sequence[str]


def questions(place: Place, parts: Parts) -> list[Question]:
    """All kinds, the same for the same place."""
    choose = random.Random(SEED)
    people = list(place.sample(SAMPLE))
    told = [row for row in people if row.get("keywords") and row.get("bio") and row.get("modes") and row.get("stage") and row["offers"]]
    with parts.store.read() as conn:
        ids = [row.person_id for row in profiles.page_for_index(conn, "", ASKED)]
    return [
        Question("all mentors, all facets", ["/api/v1/mentors"] * ASKED),
        Question("two words, 3 filters, all facets, highlights", [_search(choose, row) for row in choose.sample(told, ASKED)]),
        Question("suggest", ["/api/v1/suggest?" + urlencode({"q": _beginning(choose, row)}) for row in choose.sample(people, ASKED)]),
        Question("one mentor", [f"/api/v1/mentors/{person}" for person in ids]),
        Question("vocabulary with counts", ["/api/v1/vocabularies/specialty"] * ASKED),
    ]


def _search(choose: random.Random, record: dict[str, Any]) -> str:
    words = [word.strip(".,;:") for word in record["bio"].split() if word.strip(".,;:").isalpha() and len(word) > 4]
    topic = choose.choice(choose.choice(record["keywords"]).split())
    pairs = {
        "q": f"{topic} {choose.choice(words)}",
        "arena": choose.choice(record["offers"])["arena"],
        "stage": record["stage"],
        "mode": choose.choice(record["modes"]),
    }
    return f"/api/v1/mentors?{urlencode(pairs)}"


def _beginning(choose: random.Random, record: dict[str, Any]) -> str:
    return str(record["name"]["family"])[: choose.randint(2, 6)]
