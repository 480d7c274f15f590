"""The filters beside the results: from counted facets to sections of options, as the field table and the vocabularies order them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from directory.core.vocabulary import Vocabularies
from directory.search.fields import FACETS
from directory.services.arguments import SearchArguments
from directory.services.search import Bucket, FacetView
from directory.web.formatting import plural

SHOWN: Final = 8
"""Values of a long facet that stand outside of "All …"."""

SHORT: Final = 12
"""A vocabulary up to this size is shown whole, in its own order, values without mentors disabled."""

OPEN_AT_FIRST: Final = ("arena", "availability", "specialty", "level")

NOT_STATED: Final = {
    "topic": "on which topics they help",
    "specialty": "their specialty",
    "level": "whom they mentor",
    "mode": "how they would meet",
    "state": "their state",
    "stage": "their career stage",
    "language": "their languages",
    "institution": "their institution",
}
"""What those leave open whom a filter leaves out; a facet without a line here is named by its label."""

ALL_OF: Final = {
    "specialty": "specialties",
    "state": "states and regions",
    "language": "languages",
    "institution": "institutions",
}

LEAVES_FIRST: Final = ("state",)
"""Trees of which people choose the ends (Maine), not the top (Northeast)."""


@dataclass(frozen=True, slots=True)
class Option:
    """A check box, or, without a key, a heading for the options below it."""

    name: str
    key: str
    label: str
    count: int = 0
    selected: bool = False
    below: tuple["Option", ...] = ()
    more: "More | None" = None

    @property
    def disabled(self) -> bool:
        """Nobody would be left, and there is nothing to take off."""
        return not self.count and not self.selected


@dataclass(frozen=True, slots=True)
class More:
    """Options behind one more click."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Unstated:
    """The box that lets those pass who do not state the field; `count` is None once they pass."""

    facet: str
    label: str
    what: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Section:
    """One filter of the sidebar."""

    name: str
    label: str
    hint: str
    chosen: int
    open: bool
    options: tuple[Option, ...]
    more: More | None
    unstated: tuple[Unstated, ...]


def not_stated(facet: str) -> str:
    """What a mentor without this field does not state, as the end of a sentence."""
    return NOT_STATED.get(facet) or FACETS[facet].label.lower()


def sections(facets: Sequence[FacetView], arguments: SearchArguments, vocabularies: Vocabularies) -> tuple[Section, ...]:
    """All filters worth showing, in the order of the field table; topics stand below their arenas."""
    views = {view.name: view for view in facets}
    names = [name for name in FACETS if name in views and name != "topic"]
    made = [_section(views[name], views.get("topic"), arguments, vocabularies) for name in names]
    return tuple(section for section in made if section is not None)


def _section(view: FacetView, topic: FacetView | None, arguments: SearchArguments, vocabularies: Vocabularies) -> Section | None:
    chosen = len(view.selected)
    if view.name == "arena":
        options, more = _arenas(view, topic, vocabularies), None
        chosen += len(topic.selected) if topic else 0
    else:
        options, more = _options(view, vocabularies)
    unstated = tuple(box for facet in ((view, topic) if view.name == "arena" else (view,)) if facet for box in _unstated(facet, arguments))
    if not chosen and not unstated and len(view.buckets) < 2 and view.name not in OPEN_AT_FIRST:
        return None
    return Section(view.name, view.label, _hint(view, arguments, vocabularies), chosen, view.name in OPEN_AT_FIRST, options, more, unstated)


def _hint(view: FacetView, arguments: SearchArguments, vocabularies: Vocabularies) -> str:
    arenas = arguments.filters.get("arena", ())
    if view.name == "availability" and len(arenas) == 1:
        return f"Counted for {vocabularies['arena'].terms[arenas[0]].label.lower()}, the arena you chose."
    if view.not_stated:
        fit, state = ("fits", "does") if view.not_stated == 1 else ("fit", "do")
        return f"{view.not_stated:,} more {fit}, but {state} not state {not_stated(view.name)}."
    return view.hint if view.name in OPEN_AT_FIRST and view.name != "arena" else ""


def _unstated(view: FacetView, arguments: SearchArguments) -> Iterable[Unstated]:
    included = view.name in arguments.include
    if included or view.not_stated:
        label = "Show topic not stated too" if view.name == "topic" else "Show not stated too"
        yield Unstated(view.name, label, not_stated(view.name), None if included else view.not_stated)


def _option(view: FacetView, bucket: Bucket, below: tuple[Option, ...] = (), more: More | None = None) -> Option:
    return Option(view.name, bucket.key, bucket.label, bucket.count, bucket.selected, below, more)


def _arenas(view: FacetView, topic: FacetView | None, vocabularies: Vocabularies) -> tuple[Option, ...]:
    rows = []
    for bucket in _whole(view, vocabularies):
        under = [row for row in topic.buckets if row.parent == bucket.key] if topic else []
        if topic and (bucket.selected or any(row.selected for row in under)):
            shown = [row for number, row in enumerate(under) if number < SHOWN or row.selected]
            rest = [row for row in under if row not in shown]
            more = More(f"All {plural(len(under), 'topic')}", tuple(_option(topic, row) for row in rest)) if rest else None
            rows.append(_option(view, bucket, tuple(_option(topic, row) for row in shown), more))
        else:
            more = More(plural(len(under), "topic"), tuple(_option(topic, row) for row in under)) if topic and under else None
            rows.append(_option(view, bucket, (), more))
    return tuple(rows)


def _whole(view: FacetView, vocabularies: Vocabularies) -> list[Bucket]:
    """Every value of a short vocabulary in its order, at 0 where nobody has it."""
    counted = {bucket.key: bucket for bucket in view.buckets}
    terms = vocabularies[FACETS[view.name].vocabulary].active()
    known = [
        counted.pop(term.id) if term.id in counted else Bucket(term.id, term.label, 0, selected=False, parent=term.parent or "")
        for term in terms
    ]
    return known + list(counted.values())


def _options(view: FacetView, vocabularies: Vocabularies) -> tuple[tuple[Option, ...], More | None]:
    facet = FACETS[view.name]
    if facet.vocabulary and not facet.tree and len(vocabularies[facet.vocabulary].active()) <= SHORT:
        return tuple(_option(view, bucket) for bucket in _whole(view, vocabularies)), None
    if not facet.tree:
        return _flat(view)
    return _leaves(view) if view.name in LEAVES_FIRST else _roots(view)


def _more(view: FacetView, options: Iterable[Option]) -> More | None:
    kept = tuple(options)
    return More(f"All {len(view.buckets):,} {ALL_OF.get(view.name, 'values')}", kept) if kept else None


def _flat(view: FacetView) -> tuple[tuple[Option, ...], More | None]:
    shown = [bucket for number, bucket in enumerate(view.buckets) if number < SHOWN or bucket.selected]
    rest = sorted((bucket for bucket in view.buckets if bucket not in shown), key=lambda bucket: bucket.label)
    return tuple(_option(view, bucket) for bucket in shown), _more(view, (_option(view, bucket) for bucket in rest))


def _leaves(view: FacetView) -> tuple[tuple[Option, ...], More | None]:
    """Chosen tops with all that is below them, then the most frequent ends of the other trees; the rest below their tops."""
    present = {bucket.key for bucket in view.buckets}
    tops = [bucket for bucket in view.buckets if bucket.parent not in present]
    chosen = [top for top in tops if top.selected]
    ends = [bucket for bucket in view.buckets if bucket.parent in present - {top.key for top in chosen}]
    shown = [end for number, end in enumerate(ends) if number < SHOWN or end.selected]
    rest = [_option(view, top, tuple(_option(view, end) for end in ends if end.parent == top.key and end not in shown)) for top in tops]
    head = [*(_option(view, top, _below(view, top)) for top in chosen), *(_option(view, end) for end in shown)]
    return tuple(head), _more(view, (option for option in rest if not option.selected))


def _roots(view: FacetView) -> tuple[tuple[Option, ...], More | None]:
    """The most frequent tops of the tree first, opened where something in them is chosen; every value stands in the form once."""
    present = {bucket.key for bucket in view.buckets}
    tops = [bucket for bucket in view.buckets if bucket.parent not in present]
    touched = {top.key for top in tops if top.selected or _any_selected(view, top)}
    shown = [top for number, top in enumerate(tops) if number < SHOWN or top.key in touched]
    head = tuple(_option(view, top, _below(view, top) if top.key in touched else ()) for top in shown)
    within = [
        Option("", "", f"Within {top.label}", below=below) for top in shown if top.key not in touched and (below := _below(view, top))
    ]
    rest = [_option(view, top, _below(view, top)) for top in sorted(tops, key=lambda top: top.label) if top not in shown]
    return head, _more(view, [*rest, *within])


def _below(view: FacetView, top: Bucket) -> tuple[Option, ...]:
    return tuple(_option(view, bucket, _below(view, bucket)) for bucket in view.buckets if bucket.parent == top.key)


def _any_selected(view: FacetView, top: Bucket) -> bool:
    return any(bucket.selected or _any_selected(view, bucket) for bucket in view.buckets if bucket.parent == top.key)
