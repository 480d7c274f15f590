"""Results as a ledger: one row per mentor, availability always in the same arena columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from directory.api.bodies import MARK_BEGINS, MARK_ENDS
from directory.core.vocabulary import Term
from directory.search.fields import TEXTS
from directory.services.arguments import SearchArguments
from directory.services.cards import MentorCard, OfferCard
from directory.web.formatting import ago, day, highlighted, lowered

SNIPPETS = ("topics", "keywords", "bio")
RUNNING = ("bio",)
"""Fields of which a fragment is cut out of sentences."""

LISTS = ("topics", "keywords")
"""Fields that the index holds as labels with `;` between them, see `indexer.document`."""

MOST_HITS = 3
REASONS = ("specialty", "topic", "level")
MARKS = str.maketrans("", "", MARK_BEGINS + MARK_ENDS)
BEST_FIRST = ("open", "waitlist", "paused", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Column:
    """One arena; `asked` tints it from top to bottom."""

    key: str
    label: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What one mentor offers in one arena; an empty state means not offered. `confirmed` is set in one column of a row."""

    column: Column
    state: str = ""
    label: str = ""
    detail: str = ""
    confirmed: date | None = None
    confirmed_ago: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One mentor."""

    id: str
    name: Markup | str
    credentials: tuple[str, ...]
    post: str
    place: str
    say: Markup | str
    found: Markup | str
    fits: tuple[str, ...]
    cells: tuple[Cell, ...]


def columns(arenas: Sequence[Term], arguments: SearchArguments) -> tuple[Column, ...]:
    """The arena columns, the asked ones marked."""
    asked = arguments.filters.get("arena", ())
    return tuple(Column(term.id, term.label, term.id in asked) for term in arenas)


def row(card: MentorCard, shown: Sequence[Column], labels: Mapping[tuple[str, str], str], today: date) -> Row:
    """One mentor as the answer to a question; `labels` names the filters in force by facet and key."""
    place = card.institution
    return Row(
        id=card.id,
        name=_whole(card, "name", card.name),
        credentials=card.credentials,
        post=post(card),
        place=", ".join(part for part in (place.name, place.city, place.state) if part) if place else "Institution not stated",
        say=_whole(card, "headline", card.headline),
        found=_found(card),
        fits=fits(card, labels),
        cells=_cells(card, shown, today),
    )


def post(card: MentorCard) -> str:
    """Rank and department, or the first specialty where no department is stated."""
    field = card.department or (card.specialties[0].label if card.specialties else "")
    return ", ".join(part for part in (card.rank, field) if part)


def fits(card: MentorCard, labels: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Which of the asked specialties, topics and levels this mentor has, in words; the reason why the row is here."""
    return tuple(
        lowered(label) if facet in ("topic", "level") else label
        for (facet, key), label in labels.items()
        if facet in REASONS and key in card.keys.get(facet, ())
    )


def places(offer: OfferCard, *, short: bool = False) -> str:
    """What stands beside the state: places, or the date that matters."""
    if offer.state.key == "paused":
        return f"until {day(offer.paused_until)}" if offer.paused_until else ""
    if offer.state.key == "unconfirmed":
        return f"last confirmed {day(offer.confirmed_on)}" if offer.confirmed_on > date.min else "never confirmed"
    if offer.state.key == "waitlist":
        return _taken(offer.capacity, short=short)
    if offer.capacity is None:
        return "places not stated"
    if offer.places_left is None:
        return f"{offer.capacity} {'place' if offer.capacity == 1 else 'places'} in all"
    return f"{offer.places_left} of {offer.capacity} {'' if short else 'places '}left"


def _taken(capacity: int | None, *, short: bool) -> str:
    if not capacity:
        return "no places now"
    if capacity == 1:
        return "the one place taken"
    return f"all {capacity} taken" if short else f"all {capacity} places taken"


def _whole(card: MentorCard, field: str, text: str) -> Markup | str:
    """The text with its matches marked, if the highlight covers all of it."""
    fragments = card.highlights.get(field, ())
    return highlighted(fragments[0]) if fragments and fragments[0].translate(MARKS) == text else text


def _found(card: MentorCard) -> Markup | str:
    """Where the words occur, if they show neither in the name nor in the headline."""
    if card.highlights.get("headline") or card.highlights.get("name"):
        return ""
    for field in SNIPPETS:
        if fragments := card.highlights.get(field, ()):
            cut = "\N{HORIZONTAL ELLIPSIS}" if field in RUNNING else ""
            return Markup("{}: {}{}{}").format(TEXTS[field].label, cut, highlighted(matching(field, fragments[0].strip())), cut)
    return ""


def matching(field: str, fragment: str) -> str:
    """Of a field that is a list of labels only those with a match."""
    if field not in LISTS:
        return fragment
    # a match that spans two labels can't be shown in one of them
    hits = [part.strip() for part in fragment.split(";") if 0 < part.count(MARK_BEGINS) == part.count(MARK_ENDS)]
    return "; ".join(list(dict.fromkeys(hits))[:MOST_HITS]) or fragment


def _cells(card: MentorCard, shown: Sequence[Column], today: date) -> tuple[Cell, ...]:
    best: dict[str, OfferCard] = {}
    for offer in sorted(card.offers, key=lambda offer: BEST_FIRST.index(offer.state.key)):
        best.setdefault(offer.arena.key, offer)
    offered = [column for column in shown if column.key in best]
    dated = next((column for column in offered if column.asked), offered[0] if offered else None)
    return tuple(_cell(best.get(column.key), column, today, dated=column is dated) for column in shown)


def _cell(offer: OfferCard | None, column: Column, today: date, *, dated: bool) -> Cell:
    if offer is None:
        return Cell(column)
    cell = Cell(column, offer.state.key, offer.state.label, places(offer, short=not dated))
    if dated and offer.state.key in ("open", "waitlist"):
        return Cell(column, cell.state, cell.label, cell.detail, offer.confirmed_on, ago(offer.confirmed_on, today))
    return cell
