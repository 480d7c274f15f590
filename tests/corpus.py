"""About 120 invented mentors whose properties follow from their number, so that every expected count can be worked out."""

from typing import Final

from directory.search.engine import Document, OfferKeys

SIZE: Final = 120
ARENAS: Final = ("research-skills", "career-development", "personal-goals")
TOPICS: Final = {arena: tuple(f"{arena}-{number}" for number in range(4)) for arena in ARENAS}
LEVELS: Final = ("student", "resident", "fellow", "faculty")
AVAILABILITY: Final = ("open", "waitlist", "paused", "unconfirmed")
PARENTS: Final = ("medicine", "surgery", "pediatrics")
LEAVES: Final = tuple(f"{parent}-{letter}" for letter in "abc" for parent in PARENTS)
MODES: Final = ("video", "phone", "in-person")
STATES: Final = (("NE", "midwest"), ("IA", "midwest"), ("TX", "south"), ("ME", "northeast"))
STAGES: Final = ("early", "mid", "senior", "emeritus")
GIVEN: Final = ("Ingrid", "José", "Amara", "Wei", "Noor", "Søren", "Lucía", "Tom")
FAMILY: Final = (
    "Okonjo-Vale", "Muñoz", "O'Brien", "Ångström", "Li", "Will", "Nakamura", "Kowalczyk",
    "Adeyemi", "Haddad", "Petrov", "Quispe", "Rahman", "Sørensen", "Tanaka",
)  # fmt: skip

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "arena": ARENAS,
    "topic": tuple(topic for topics in TOPICS.values() for topic in topics),
    "availability": AVAILABILITY,
    "level": LEVELS,
    "specialty": (*PARENTS, *LEAVES),
    "mode": MODES,
    "state": ("NE", "IA", "TX", "ME", "midwest", "south", "northeast"),
    "stage": STAGES,
    "language": ("en", "es", "no"),
    "institution": tuple(f"example-{number}" for number in range(6)),
}
"""Every key that somebody has, per facet."""

FIRST_DAY: Final = 738_000


def mentor(number: int, *, version: int = 1) -> Document:
    """The mentor of a number."""
    given, family = GIVEN[number % 8], FAMILY[number // 8 % 15]
    return Document(
        id=person(number),
        version=version,
        scopes=_scopes(number),
        keys={facet: keys for facet, keys in _keys(number).items() if keys},
        offers=tuple(_offer(number, place) for place in range(number % 4)),
        texts=_texts(number, f"{given} {family}"),
        factor=1 + number % 21 / 20,
        confirmed=FIRST_DAY + number % 30,
        name_sort=f"{family}, {given}".casefold(),
    )


def mentors() -> list[Document]:
    """All of them."""
    return [mentor(number) for number in range(SIZE)]


def person(number: int) -> str:
    """The id of a mentor; ids share their first eight bytes in groups of a hundred."""
    return f"m-example{number:04d}"


def _scopes(number: int) -> tuple[str, ...]:
    if number % 20 == 19:
        return ("widgets",)
    return ("public", *(("widgets",) if number % 2 == 0 else ()), *(("federation",) if number % 3 == 0 else ()))


def _keys(number: int) -> dict[str, tuple[str, ...]]:
    leaves = () if number % 10 == 9 else tuple({LEAVES[number % 9], LEAVES[number // 2 % 9]})
    parents = {leaf.rpartition("-")[0] for leaf in leaves}
    return {
        "specialty": (*sorted(leaves), *sorted(parents)),
        "mode": tuple(mode for bit, mode in enumerate(MODES) if number % 8 >> bit & 1),
        "state": () if number % 15 == 14 else STATES[number % 4],
        "stage": STAGES[number % 5 : number % 5 + 1],
        "language": () if number % 11 == 10 else ("en", *(("es",) if number % 3 == 0 else ()), *(("no",) if number % 7 == 0 else ())),
        "institution": (f"example-{number % 6}",),
    }


def _offer(number: int, place: int) -> OfferKeys:
    arena = ARENAS[(number // 4 + place) % 3]
    return OfferKeys(
        arena=arena,
        topics=tuple(TOPICS[arena][(number + step) % 4] for step in range((number // 2 + place) % 3)),
        levels=tuple(LEVELS[(number // 3 + step) % 4] for step in range((number // 7 + place) % 3)),
        availability=AVAILABILITY[(number // 5 + place) % 4],
    )


def _texts(number: int, name: str) -> dict[str, str]:
    said = [
        "ultrasound at the bedside" if number % 4 == 0 else "Ultrasounds in the field" if number % 4 == 2 else "",
        "teaching of residents" if number % 6 == 0 else "teaches with simulation" if number % 6 == 3 else "",
        "meets at the café" if number % 10 == 1 else "",
        "first R01 grant" if number % 7 == 0 else "grants first, R01 later" if number % 7 == 1 else "",
    ]
    return {
        "name": name,
        "specialties": ("Emergency medicine", "Family medicine", "Vascular surgery")[number % 3],
        "headline": f"Cohort {'abcde'[number % 5]}x studies" if number % 2 else "",
        "keywords": "point-of-care; sepsis" if number % 9 == 0 else "",
        "topics": "negotiating protected time" if number % 8 == 0 else "returning after leave",
        "place": f"Example University {number % 6}, {('Lincoln', 'Ames', 'Austin', 'Portland')[number % 4]}",
        "bio": ". ".join(part for part in said if part),
    }
