"""Home: the question, the three arenas, and where things stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template

from directory.core.vocabulary import Term, Vocabularies
from directory.current import part
from directory.services.arguments import SearchArguments
from directory.services.search import SearchService
from directory.web.tile_map import TileMap, tile_map

TOPICS_SHOWN = 5
CONFIRMED = ("open", "waitlist")

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class Arena:
    """One arena with the mentors who offer it, those of them who are open in it, and its most offered topics."""

    term: Term
    open: int
    total: int
    topics: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Live numbers. `confirmed` counts mentors with an offer that is open or has a waitlist, so confirmed within the lapse."""

    listed: int
    open: int
    confirmed: int
    institutions: int
    states: int

    @property
    def confirmed_share(self) -> int:
        """In percent."""
        return round(100 * self.confirmed / self.listed) if self.listed else 0


@dataclass(frozen=True, slots=True)
class HomePage:
    """What the home page shows; `counted_at` is the moment all its numbers hold for."""

    arenas: tuple[Arena, ...]
    marks: tuple[Term, ...]
    figures: Figures
    map: TileMap
    counted_at: datetime
    lapse_days: int


@blueprint.get("/")
def home() -> str:
    """The home page; its numbers are counted for each request, so that a withdrawal shows at once."""
    parts = part()
    return render_template("pages/home.html", page=_page(parts.search, parts.vocabularies, parts.clock(), parts.settings.availability.days))


def _page(search: SearchService, vocabularies: Vocabularies, now: datetime, lapse_days: int) -> HomePage:
    counted = search.counts(("arena", "topic", "availability", "state", "institution"))
    by_arena, by_topic = counted.facets["arena"], counted.facets["topic"]
    arenas = tuple(
        Arena(term, _open_in(search, term.id), by_arena.get(term.id, 0), _topics(vocabularies, term.id, by_topic))
        for term in vocabularies["arena"].active()
    )
    states = tile_map(counted.facets["state"], vocabularies["state"])
    confirmed = search.search(SearchArguments(filters={"availability": CONFIRMED}, limit=1), facets=()).total
    figures = Figures(
        listed=counted.total,
        open=counted.facets["availability"].get("open", 0),
        confirmed=confirmed,
        institutions=len(counted.facets["institution"]),
        states=len(states.rows),
    )
    return HomePage(arenas, vocabularies["availability"].active(), figures, states, now, lapse_days)


def _open_in(search: SearchService, arena: str) -> int:
    """Mentors whose offer in this very arena is open."""
    return search.search(SearchArguments(filters={"arena": (arena,)}, limit=1), facets=("availability",)).open_total or 0


def _topics(vocabularies: Vocabularies, arena: str, counts: Mapping[str, int]) -> tuple[Term, ...]:
    """The topics of an arena that most mentors offer; those that nobody offers are left out."""
    below = [vocabularies["topic"].terms[key] for key in vocabularies["topic"].children(arena) if counts.get(key)]
    return tuple(sorted(below, key=lambda term: -counts[term.id])[:TOPICS_SHOWN])
