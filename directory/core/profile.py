"""What is known about a mentor: the facts of one source record, and the merged profile.

The JSON form of `Facts` is `mentor-profile/1`; empty values are left out of it, so that "missing" and "empty" are one thing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

SCHEMA: Final = "mentor-profile/1"

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name in parts; `family` alone is enough (mononyms)."""

    family: str
    given: str = ""
    middle: str = ""
    suffix: str = ""

    @property
    def full(self) -> str:
        """Given, middle and family name and suffix as one line."""
        return " ".join(part for part in (self.given, self.middle, self.family, self.suffix) if part)

    @property
    def sort_key(self) -> str:
        """Family name first, case folded."""
        return f"{self.family}, {self.given} {self.middle}".strip(" ,").casefold()


@dataclass(frozen=True, slots=True)
class Institution:
    """Where the mentor works. `ror` is the full ROR URL or empty; `state` is a USPS code or empty."""

    name: str
    ror: str = ""
    city: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a mentor offers in one arena. `capacity` and `taken` count places; None means not stated."""

    arena: str
    topics: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    capacity: int | None = None
    taken: int | None = None
    note: str = ""
    paused_until: date | None = None
    confirmed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly window in the mentor's own zone; `start` and `end` are minutes after midnight, end > start."""

    day: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled https address."""

    url: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Every field that a source may state. Keys of vocabularies are ids; `visibility` maps a field name to an audience."""

    name: Name | None = None
    credentials: tuple[str, ...] = ()
    orcid: str = ""
    npi: str = ""
    institution: Institution | None = None
    department: str = ""
    rank: str = ""
    stage: str = ""
    headline: str = ""
    bio: str = ""
    specialties: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    modes: tuple[str, ...] = ()
    cadence: str = ""
    windows: tuple[Window, ...] = ()
    time_zone: str = ""
    languages: tuple[str, ...] = ()
    meetings: tuple[str, ...] = ()
    affinity: tuple[str, ...] = ()
    style: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    photo_url: str = ""
    visibility: Mapping[str, str] = field(default_factory=dict)


FACT_FIELDS: Final = tuple(f.name for f in fields(Facts))


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """What a record says about one purpose. `at` None means the source gave no time; evidence is a reference, not a document."""

    purpose: str
    state: str
    at: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One item of one source, normalised. Kept whole and replaced whole.

    `changed_at` is when the source says that the content changed, else when this content was first received.
    """

    source: str
    external_id: str
    facts: Facts
    consent: tuple[ConsentStatement, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which source a field comes from and when that source changed it."""

    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """The merged view of a mentor: facts and, per field that has a value, its provenance."""

    facts: Facts
    provenance: Mapping[str, Provenance]


WINDOWS: Final = 5000
"""Weekly windows that are remembered; many mentors have the same."""

_VALUES = attrgetter(*FACT_FIELDS)
_PARTS: Final = {part: tuple(f.name for f in fields(part)) for part in (Name, Institution, Offer, Window, Link)}
_PART_VALUES: Final = {part: attrgetter(*names) for part, names in _PARTS.items()}


def _part_to_json(part: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in zip(_PARTS[type(part)], _PART_VALUES[type(part)](part), strict=True):
        if value or value == 0:  # no places, or midnight: a number is never empty
            kind = type(value)
            found[name] = value if kind is str else list(value) if kind is tuple else value.isoformat() if kind is date else value
    return found


def _to_json(value: Any) -> Any:
    if type(value) is tuple:
        return [_part_to_json(item) if type(item) in _PARTS else item for item in value]
    return _part_to_json(value) if type(value) in _PARTS else value


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """The stored JSON form: field order of the class, empty values left out, dates as ISO text."""
    stated = zip(FACT_FIELDS, _VALUES(facts), strict=True)
    return {name: value if type(value) is str else _to_json(value) for name, value in stated if value}


def _offer(data: Mapping[str, Any]) -> Offer:
    get = data.get
    paused, confirmed = get("paused_until"), get("confirmed_on")
    return Offer(
        data["arena"], tuple(get("topics", ())), tuple(get("levels", ())), get("capacity"), get("taken"), get("note", ""),
        date.fromisoformat(paused) if paused else None, date.fromisoformat(confirmed) if confirmed else None,
    )  # fmt: skip


@lru_cache(WINDOWS)
def _window(day: str, start: int, end: int) -> Window:
    return Window(day, start, end)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": lambda data: Name(**data),
    "institution": lambda data: Institution(**data),
    "offers": lambda rows: tuple([_offer(row) for row in rows]),
    "windows": lambda rows: tuple([_window(row["day"], row["start"], row["end"]) for row in rows]),
    "links": lambda rows: tuple([Link(**row) for row in rows]),
}


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """The inverse of `facts_to_json`. The data is trusted: it was validated on its way in."""
    values: dict[str, Any] = {}
    for name, value in data.items():
        reader = _READERS.get(name)
        values[name] = reader(value) if reader else tuple(value) if type(value) is list else value
    return Facts(**values)
