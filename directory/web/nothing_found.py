"""An answer without mentors: which filter costs most, what dropping each one gives, and who that is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from directory.search.fields import FACETS
from directory.services.arguments import SearchArguments
from directory.services.search import FacetView, Relaxation, SearchService
from directory.web.addresses import asked, including
from directory.web.formatting import number
from directory.web.sidebar import not_stated

EXPLAINED: Final = 6
"""Rows for which it is said who would appear; each costs one more question to the index."""

NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the question gives without one filter (or without the words). `who` and `open` are empty for 0."""

    facet: str
    label: str
    total: int
    open: int | None
    who: str
    address: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Mentors who were left out only because they do not state a field."""

    what: str
    count: int
    address: str


@dataclass(frozen=True, slots=True)
class NothingFound:
    """The way on from an empty answer; `rows` best first, `listed` is everybody."""

    listed: int
    rows: tuple[Dropped, ...]
    left_out: tuple[LeftOut, ...]
    everybody: str

    @property
    def fruitful(self) -> tuple[Dropped, ...]:
        """Rows that lead somewhere."""
        return tuple(row for row in self.rows if row.total)


def ways_on(
    search: SearchService, arguments: SearchArguments, labels: Mapping[tuple[str, str], str], unstated: Mapping[str, int]
) -> NothingFound:
    """Ask what would be found otherwise. `labels` names the filters in force."""
    relaxed = list(search.relaxations(arguments))
    if arguments.q:
        without_words = search.search(replace(arguments, q="", cursor="", limit=1), facets=()).total
        relaxed.append(Relaxation("", "", arguments.q, without_words))
    fruitful = {(row.facet, row.key) for row in relaxed}
    barren = [Relaxation(facet, key, label, 0) for (facet, key), label in labels.items() if (facet, key) not in fruitful]
    ordered = [*sorted(relaxed, key=lambda row: -row.total), *barren]
    rows = tuple(_dropped(search, arguments, row, explain=number < EXPLAINED) for number, row in enumerate(ordered))
    return NothingFound(
        listed=search.counts(()).total,
        rows=rows,
        left_out=tuple(LeftOut(not_stated(facet), count, including(arguments, [facet])) for facet, count in unstated.items() if count),
        everybody=asked(SearchArguments()),
    )


def _dropped(search: SearchService, arguments: SearchArguments, row: Relaxation, *, explain: bool) -> Dropped:
    if not row.facet:
        rest = replace(arguments, q="", cursor="")
        return Dropped("Your words", row.label, row.total, None, "", asked(rest))
    rest = arguments.without_filter(row.facet, row.key)
    facet = FACETS[row.facet]
    if not row.total or not explain:
        return Dropped(facet.label, row.label, row.total, None, "" if row.total else "nobody without it either", asked(rest))
    result = search.search(replace(rest, limit=1), facets=tuple(dict.fromkeys((row.facet, "availability"))))
    view = next(view for view in result.facets if view.name == row.facet)
    return Dropped(facet.label, row.label, row.total, result.open_total, _who(view), asked(rest))


def _who(view: FacetView) -> str:
    """The most frequent values, ends of trees only: `New York 2, Nebraska 2, Minnesota 1`."""
    tops = {bucket.parent for bucket in view.buckets}
    ends = [bucket for bucket in view.buckets if bucket.count and bucket.key not in tops]
    return ", ".join(f"{bucket.label} {number(bucket.count)}" for bucket in ends[:NAMED])
