"""The parts of a mentor's page that are worked out from facts: facts in words, weekly hours, sources."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from directory.core.consent import SELF
from directory.core.profile import DAYS, Facts
from directory.core.vocabulary import Vocabularies
from directory.services.cards import MentorPage
from directory.web.formatting import hours, listed

DOCTORATES: Final = frozenset({"md", "do", "phd", "mbbs", "dnp", "pharmd", "dds", "dmd", "psyd", "scd", "drph", "edd", "mbchb"})

DAY_NAMES: Final = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))

ZONES: Final = {
    "America/New_York": "Eastern time",
    "America/Detroit": "Eastern time",
    "America/Chicago": "Central time",
    "America/Denver": "Mountain time",
    "America/Phoenix": "Arizona time",
    "America/Los_Angeles": "Pacific time",
    "America/Anchorage": "Alaska time",
    "Pacific/Honolulu": "Hawaii time",
    "America/Puerto_Rico": "Atlantic time",
    "Pacific/Guam": "Chamorro time",
}

PARTS: Final = {
    "name": "Name",
    "credentials": "degrees",
    "institution": "institution",
    "department": "department",
    "rank": "rank",
    "stage": "career stage",
    "orcid": "ORCID iD",
    "headline": "headline",
    "bio": "about",
    "specialties": "specialties",
    "keywords": "research keywords",
    "offers": "offers and places",
    "windows": "weekly hours",
    "time_zone": "time zone",
    "modes": "ways to meet",
    "cadence": "rhythm",
    "style": "style",
    "languages": "languages",
    "meetings": "meetings",
    "affinity": "shared background",
    "links": "links",
}
"""Fields in the words of the page, in the order of the table of sources."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A term with its text."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours of one day in the mentor's own zone."""

    day: str
    spans: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Fields that came from one source on one day."""

    what: str
    source: str
    on: date


def called(page: MentorPage) -> str:
    """`Dr. Okonjo-Vale`, or the full name of somebody without a doctorate; never a guess at a pronoun."""
    degrees = {degree.replace(".", "").casefold() for degree in page.card.credentials}
    name = page.facts.name
    return f"Dr. {name.family}" if name and degrees & DOCTORATES else page.card.name


def zone(name: str) -> str:
    """A time zone in words."""
    return ZONES.get(name, name.replace("_", " "))


def week(facts: Facts) -> tuple[DayHours, ...]:
    """Weekly hours by day."""
    ordered = sorted(facts.windows, key=lambda window: (DAYS.index(window.day), window.start))
    days = dict.fromkeys(window.day for window in ordered)
    return tuple(
        DayHours(DAY_NAMES[day], ", ".join(hours(window.start, window.end) for window in ordered if window.day == day)) for day in days
    )


def _stated(facts: Facts, vocabularies: Vocabularies) -> Iterable[tuple[str, str, str]]:
    def words(vocabulary: str, keys: Iterable[str]) -> str:
        terms = vocabularies[vocabulary].terms
        return ", ".join(terms[key].label if key in terms else key for key in keys)

    yield "Specialties", words("specialty", facts.specialties), "a specialty"
    yield "Works on", ", ".join(facts.keywords), "research keywords"
    yield "Meets by", words("mode", facts.modes), "ways to meet"
    yield "Rhythm", words("cadence", [facts.cadence] if facts.cadence else []), "rhythm"
    yield "Style", words("style", facts.style), "style"
    yield "Languages", words("language", facts.languages), "languages"
    yield "Meetings", ", ".join(facts.meetings), "meetings attended"
    yield "Shared background", ", ".join(facts.affinity), "topics of shared background"
    yield "Career stage", words("stage", [facts.stage] if facts.stage else []), "career stage"


def facts_in_words(facts: Facts, vocabularies: Vocabularies) -> tuple[Fact, ...]:
    """What is stated, and last what is not."""
    rows = tuple(_stated(facts, vocabularies))
    missing = [name for _, text, name in rows if not text]
    missing += [name for name, value in (("weekly hours", facts.windows), ("a text about themselves", facts.bio)) if not value]
    stated = tuple(Fact(term, text) for term, text, _ in rows if text)
    return (*stated, Fact("Not stated", ", ".join(missing))) if missing else stated


def origins(page: MentorPage, source_label: Callable[[str], str]) -> tuple[Origin, ...]:
    """Which source said what, and when; fields of one source and day share a line."""
    grouped: dict[tuple[str, date], list[str]] = {}
    for field, words in PARTS.items():
        if field in page.provenance:
            row = page.provenance[field]
            grouped.setdefault((row.source, row.at.date()), []).append(words)
    if len(grouped) == 1:
        grouped = {key: ["everything on this page"] for key in grouped}
    return tuple(Origin(_sentence(words), _source(source, page, source_label), on) for (source, on), words in grouped.items())


def _sentence(words: list[str]) -> str:
    text = listed(words)
    return text[:1].upper() + text[1:]


def _source(source: str, page: MentorPage, source_label: Callable[[str], str]) -> str:
    return f"{called(page)}, own entry" if source == SELF else source_label(source)
