"""The field table: every field that can be searched, filtered, counted or sorted by, declared once.

Both engines, the API arguments, the OpenAPI document and the sidebar derive from it.
"""

from dataclasses import dataclass
from typing import Final, Literal

MISSING: Final = "-"
"""Key under which an engine keeps "this mentor does not state the field". Never shown as a bucket."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A field that filters and counts.

    `unit`: "mentor" for a property of the mentor, "offer" for one that must hold for the same offer as the other offer facets.
    `vocabulary`: name of the vocabulary of its keys; empty where the keys are the institutions of the store.
    `tree`: a key also counts for its ancestors. `nullable`: a mentor may not state it.
    `argument`: the API argument and form field.
    """

    name: str
    label: str
    unit: Literal["mentor", "offer"]
    vocabulary: str
    tree: bool = False
    nullable: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A field that words are searched in. `weight` multiplies its score; `stem` applies English stemming and stop words."""

    name: str
    label: str
    weight: float
    stem: bool
    highlight: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of hits. Every order ends in the mentor's id, so that it is total."""

    name: str
    label: str
    help: str


FACETS: Final[dict[str, Facet]] = {
    row.name: row
    for row in (
        Facet("arena", "Arena", "offer", "arena", nullable=False, hint="What you need help with."),
        Facet("topic", "Topic", "offer", "topic", hint="What exactly, within an arena."),
        Facet("availability", "Availability", "offer", "availability", nullable=False, hint="Worked out from places and dates."),
        Facet("specialty", "Specialty", "mentor", "specialty", tree=True),
        Facet("level", "Whom they mentor", "offer", "level"),
        Facet("mode", "How you would meet", "mentor", "mode"),
        Facet("state", "State", "mentor", "state", tree=True),
        Facet("stage", "Career stage", "mentor", "stage"),
        Facet("language", "Language", "mentor", "language"),
        Facet("institution", "Institution", "mentor", ""),
    )
}

OFFER_FACETS: Final = tuple(name for name, row in FACETS.items() if row.unit == "offer")
MENTOR_FACETS: Final = tuple(name for name, row in FACETS.items() if row.unit == "mentor")

TEXTS: Final[dict[str, Text]] = {
    row.name: row
    for row in (
        Text("name", "Name", 4.0, stem=False, highlight=True),
        Text("specialties", "Specialties", 3.0, stem=True),
        Text("headline", "Headline", 2.0, stem=True, highlight=True),
        Text("keywords", "Research keywords", 2.0, stem=True, highlight=True),
        Text("topics", "Topics and offers", 2.0, stem=True, highlight=True),
        Text("place", "Institution, department, degrees, city and state", 1.5, stem=False),
        Text("bio", "About", 1.0, stem=True, highlight=True),
    )
}

SORTS: Final[dict[str, Sort]] = {
    row.name: row
    for row in (
        Sort("fit", "best fit", "Words, then fit to the arena asked for and places that are free."),
        Sort("confirmed", "newest confirmation", "The mentor whose availability was confirmed last comes first."),
        Sort("name", "name", "By family name."),
    )
}
