"""The search page: one GET form, filters with counts, results as a ledger, ways on from an empty answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, make_response, render_template, request

from directory.bootstrap import Parts
from directory.core.errors import Invalid, InvalidCursor
from directory.current import part
from directory.search.fields import FACETS, SORTS
from directory.services.arguments import ArgumentReader, SearchArguments
from directory.services.search import SearchResult
from directory.web.addresses import asked, including, search_address
from directory.web.formatting import in_words, plural
from directory.web.ledger import Column, Row, columns, row
from directory.web.nothing_found import NothingFound, ways_on
from directory.web.sidebar import Section, not_stated, sections

MOST_PROBLEMS = 10
NAMED_IN_TITLE = 3

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True, slots=True)
class Chip:
    """A link that takes a filter off, or (with `count`) one that adds it."""

    label: str
    address: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order of the results."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class LetPass:
    """Mentors who fit but do not state a field, and the link that shows them too."""

    count: int
    what: str
    address: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Links to the first and the next page; empty where there is none. `span` says which rows these are."""

    first: str
    following: str
    following_label: str
    span: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the search page shows; `problems` are arguments that could not be used and were left out."""

    arguments: SearchArguments
    typed: str
    title: str
    heading: str
    result: SearchResult
    sections: tuple[Section, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    chips: tuple[Chip, ...]
    offered: tuple[Chip, ...]
    orders: tuple[Order, ...]
    let_pass: tuple[LetPass, ...]
    pager: Pager
    nothing: NothingFound | None
    problems: tuple[Invalid, ...]
    cursor_refused: bool
    indexable: bool


@blueprint.get("/mentors")
def search() -> Response:
    """Answer the question in the address. What can't be used is named, left out, and answered with 400 beside the results."""
    parts = part()
    pairs = list(request.args.items(multi=True))
    arguments, problems = read_leniently(parts.arguments, pairs)
    result, arguments, refused = _ask(parts, arguments)
    page = _page(parts, arguments, result, problems, cursor_refused=refused)
    return make_response(render_template("pages/search.html", page=page), 400 if problems else 200)


def read_leniently(reader: ArgumentReader, pairs: Sequence[tuple[str, str]]) -> tuple[SearchArguments, tuple[Invalid, ...]]:
    """The question without the arguments that can't be used, and one problem for each of those (at most `MOST_PROBLEMS`)."""
    problems: list[Invalid] = []
    left = list(pairs)
    while len(problems) < MOST_PROBLEMS:
        try:
            return reader.read(left), tuple(problems)
        except Invalid as problem:
            problems.append(problem)
            named = [pair for pair in left if pair[0][:60] == problem.where]
            blamed = [pair for pair in named if pair[1].strip()[:80] == problem.value] or named
            if not blamed:
                break
            left = [pair for pair in left if pair not in blamed]
    return SearchArguments(), tuple(problems)


def _ask(parts: Parts, arguments: SearchArguments) -> tuple[SearchResult, SearchArguments, bool]:
    try:
        return parts.search.search(arguments), arguments, False
    except InvalidCursor:
        first = replace(arguments, cursor="")
        return parts.search.search(first), first, True


def _page(
    parts: Parts, arguments: SearchArguments, result: SearchResult, problems: tuple[Invalid, ...], *, cursor_refused: bool
) -> SearchPage:
    labels = _labels(arguments, result)
    shown = columns(parts.vocabularies["arena"].active(), arguments)
    today = parts.clock().date()
    empty = not result.total
    return SearchPage(
        arguments=arguments,
        typed=arguments.q or request.args.get("q", "")[:1000],
        title=_title(arguments, result, labels),
        heading=_heading(arguments, result),
        result=result,
        sections=sections(result.facets, arguments, parts.vocabularies),
        columns=shown,
        rows=tuple(row(card, shown, labels, today) for card in result.items),
        chips=_chips(arguments, labels),
        offered=tuple(Chip(found.label, asked(arguments.with_filter(found.facet, found.key)), found.count) for found in result.offered),
        orders=tuple(Order(sort.label, asked(replace(arguments, sort=name)), name == arguments.sort) for name, sort in SORTS.items()),
        let_pass=_let_pass(arguments, result),
        pager=_pager(arguments, result, parts.settings.search.page),
        nothing=ways_on(parts.search, arguments, labels, result.not_stated) if empty and (arguments.count or arguments.q) else None,
        problems=problems,
        cursor_refused=cursor_refused,
        indexable=not request.args,
    )


def _labels(arguments: SearchArguments, result: SearchResult) -> Mapping[tuple[str, str], str]:
    """The filters in force with their words, in the order of the field table."""
    known = {(view.name, bucket.key): bucket.label for view in result.facets for bucket in view.buckets}
    return {(facet, key): known.get((facet, key), key) for facet, keys in arguments.filters.items() for key in keys}


def _title(arguments: SearchArguments, result: SearchResult, labels: Mapping[tuple[str, str], str]) -> str:
    count = plural(result.total, "mentor") if result.total else "No mentors"
    named = list(labels.values()) if len(labels) <= NAMED_IN_TITLE else [plural(len(labels), "filter")]
    return ", ".join([count, *([arguments.q] if arguments.q else []), *named])


def _heading(arguments: SearchArguments, result: SearchResult) -> str:
    if result.total:
        return _found(result.total, result.open_total)
    count = arguments.count
    filters = {0: "", 1: "this filter", 2: "both filters"}.get(count, f"all {in_words(count)} filters")
    if arguments.q and filters:
        return f"No mentor fits your words and {filters}"
    return f"No mentor fits {filters or 'your words'}" if arguments.q or filters else "No mentor is listed yet"


def _found(total: int, free: int | None) -> str:
    mentors = plural(total, "mentor")
    if free is None:
        return mentors
    if total == 1:
        return f"{mentors}, open" if free else f"{mentors}, not open"
    return f"{mentors}, {f'{free:,}' if free else 'none'} of them open"


def _chips(arguments: SearchArguments, labels: Mapping[tuple[str, str], str]) -> tuple[Chip, ...]:
    filters = [Chip(label, asked(arguments.without_filter(facet, key))) for (facet, key), label in labels.items()]
    passing = [Chip(f"{FACETS[name].label}: not stated too", _strict_again(arguments, name)) for name in arguments.include]
    return (*filters, *passing)


def _strict_again(arguments: SearchArguments, facet: str) -> str:
    return asked(replace(arguments, include=tuple(name for name in arguments.include if name != facet)))


def _let_pass(arguments: SearchArguments, result: SearchResult) -> tuple[LetPass, ...]:
    return tuple(LetPass(count, not_stated(facet), including(arguments, [facet])) for facet, count in result.not_stated.items() if count)


def _pager(arguments: SearchArguments, result: SearchResult, usual: int) -> Pager:
    pairs = arguments.pairs() + ([("limit", str(arguments.limit))] if arguments.limit != usual else [])
    span = f"{result.total:,} in all" if arguments.cursor else f"1 to {len(result.items):,} of {result.total:,}"
    ahead = min(arguments.limit, result.total - len(result.items))
    return Pager(
        first=search_address(pairs) if arguments.cursor else "",
        following=search_address([*pairs, ("cursor", result.cursor)]) if result.cursor else "",
        following_label="Next page" if arguments.cursor else f"Next {plural(ahead, 'mentor')}",
        span=span,
    )
