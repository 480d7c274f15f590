"""Search: the index proposes, the store decides.

Every question first reads from the store who is off the list although the index may not know yet, and excludes them from
hits, totals, counts and suggestions; then it loads the hits by primary key and applies the gate again. A withdrawal is
therefore visible in the very next request, also while the indexer is stopped. What a mentor's fields say comes from the
store as well; highlights, which only the index has, are shown only while the index holds the very version of the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from directory.core.clock import Clock
from directory.core.vocabulary import Vocabularies, fold
from directory.search.engine import Hit, Page, Query, SearchEngine, SearchRequest
from directory.search.fields import FACETS
from directory.search.understanding import OfferedFilter, QueryReader
from directory.services.arguments import SearchArguments
from directory.services.cards import CardMaker, MentorCard
from directory.services.names import InstitutionNames
from directory.services.spelling import Correction, corrected, pack, replacements, unpack
from directory.store import institutions, outbox, profiles
from directory.store.profiles import ProfileRow
from directory.store.session import Store

MOST_HIDDEN = 100_000
"""People excluded from one question at most; beyond it the index is rebuilt faster than asked."""

OFFERED_AT_MOST = 6
SHOWN_SUGGESTIONS = 8
"""Rows of each kind."""

_NUMBERS = SearchArguments(limit=0)
"""Everybody, of whom only the number is of interest."""

SUGGESTED_TERMS = ("specialty", "topic")
MOST_NAMED = 200
"""Institutions among which those with most mentors are chosen."""


class Bucket(NamedTuple):
    """One value of a facet. `parent` is the key it stands below ("" at the top); selected values are listed even at 0."""

    key: str
    label: str
    count: int  # type: ignore[assignment]  # hides the method of tuples, which nobody needs of a bucket
    selected: bool
    parent: str


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet with its values, counted with all other filters applied."""

    name: str
    label: str
    hint: str
    buckets: tuple[Bucket, ...]
    not_stated: int

    @property
    def selected(self) -> tuple[Bucket, ...]:
        """The values in force."""
        return tuple(bucket for bucket in self.buckets if bucket.selected)


@dataclass(frozen=True, slots=True)
class Offered:
    """A filter that the words of the query name, with the number of mentors that it would leave."""

    facet: str
    key: str
    label: str
    count: int
    typed: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of mentors. `open_total` is None where a filter on availability makes the number meaningless."""

    items: tuple[MentorCard, ...]
    total: int
    open_total: int | None
    facets: tuple[FacetView, ...]
    not_stated: Mapping[str, int]
    offered: tuple[Offered, ...]
    corrections: tuple[Correction, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What dropping one filter of an empty search would give."""

    facet: str
    key: str
    label: str
    total: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the suggestions while typing: a person, or a term or institution with its number of mentors."""

    kind: str
    key: str
    label: str
    detail: str
    count: int | None = None


class SearchService:
    """Everything that asks the engine on behalf of a reader."""

    def __init__(self, store: Store, engine: SearchEngine, vocabularies: Vocabularies, cards: CardMaker, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._vocabularies = vocabularies
        self._cards = cards
        self._clock = clock
        self._reader = QueryReader(vocabularies)
        self._names = InstitutionNames()

    def search(self, arguments: SearchArguments, *, scope: str = "public", facets: Sequence[str] = tuple(FACETS)) -> SearchResult:
        """Answer one question. Raises InvalidCursor, Unavailable."""
        now = self._clock()
        understood = self._reader.read(arguments.q)
        cursor, replaced = unpack(arguments.cursor)
        query, corrections = corrected(understood.query, replaced)
        request = replace(_request(arguments, query, scope, facets, self._hidden(now)), cursor=cursor)
        page = self._engine.search(request)
        if page.total == 0 and query and not cursor:
            replaced = replacements(self._engine, self._reader, request)
            query, corrections = corrected(query, replaced)
            page = self._engine.search(replace(request, query=query)) if replaced else page
        with self._store.read() as conn:
            items = self._items(conn, page.hits, scope, now)
            views = self._facet_views(conn, arguments, page)
        return SearchResult(
            items=items,
            total=page.total,
            open_total=_open_total(arguments, page),
            facets=views,
            not_stated=page.not_stated,
            offered=self._offered(arguments, understood.filters, page),
            corrections=corrections,
            cursor=pack(page.cursor, replaced),
        )

    def relaxations(self, arguments: SearchArguments, *, scope: str = "public") -> tuple[Relaxation, ...]:
        """For a question without answer: what dropping each single filter gives, best first, fruitless ones left out.

        A value that has alternatives beside it is not tried: with fewer alternatives there is still no answer.
        """
        query = self._reader.read(arguments.q).query
        hidden = self._hidden(self._clock())
        found = []
        for facet, keys in arguments.filters.items():
            if len(keys) == 1:
                request = _request(arguments.without_filter(facet), query, scope, (), hidden)
                total = self._engine.search(replace(request, limit=0, highlight=False)).total
                found.append(Relaxation(facet, keys[0], self._label(facet, keys[0]), total))
        return tuple(sorted((row for row in found if row.total), key=lambda row: -row.total))

    def counts(self, facets: Sequence[str], *, scope: str = "public") -> Page:
        """Total and facet counts over everybody who is listed."""
        return self._engine.search(_request(_NUMBERS, (), scope, facets, self._hidden(self._clock())))

    def suggest(self, prefix: str, *, scope: str = "public") -> tuple[Suggestion, ...]:
        """People by the start of any part of their name; specialties, topics and institutions that mentors have, by any of
        their words, those of most mentors first."""
        folded = fold(prefix)
        if not folded:
            return ()
        now = self._clock()
        hidden = self._hidden(now)
        hits = self._engine.suggest(folded, scope=scope, exclude=hidden, limit=SHOWN_SUGGESTIONS)
        with self._store.read() as conn:
            people = [Suggestion("mentor", row.person_id, *self._cards.line(row)) for _, row in _gate(conn, hits, scope, now)]
            places = {row.id: (row.name, row.city) for row in institutions.named(conn, folded, MOST_NAMED)}
        named = {facet: self._terms_starting(facet, folded) for facet in SUGGESTED_TERMS} | {"institution": places}
        named = {facet: rows for facet, rows in named.items() if rows}
        if not named:
            return tuple(people)
        counted = self._engine.search(_request(_NUMBERS, (), scope, tuple(named), hidden)).facets
        return (*people, *(row for facet, rows in named.items() for row in _most_used(facet, rows, counted[facet])))

    def _hidden(self, now: datetime) -> tuple[str, ...]:
        """Who is off the list although the index may still hold them: changes not yet indexed, and consents that just ran out."""
        with self._store.read() as conn:
            hidden = [*outbox.pending_hidden(conn, MOST_HIDDEN), *profiles.expired_listed(conn, now, MOST_HIDDEN)]
        return tuple(dict.fromkeys(hidden))

    def _items(self, conn: Connection, hits: Sequence[Hit], scope: str, now: datetime) -> tuple[MentorCard, ...]:
        today = now.date()
        return tuple(
            self._cards.card(row, today, hit.highlights if hit.version == row.version else None)
            for hit, row in _gate(conn, hits, scope, now)
        )

    def _label(self, facet: str, key: str) -> str:
        if FACETS[facet].vocabulary:
            return self._cards.label(FACETS[facet].vocabulary, key)
        with self._store.read() as conn:
            found = institutions.get(conn, [key])
        return found[key].name if key in found else key

    def _facet_views(self, conn: Connection, arguments: SearchArguments, page: Page) -> tuple[FacetView, ...]:
        views = []
        for name in page.facets:
            facet = FACETS[name]
            chosen = arguments.filters.get(name, ())
            counts = {**dict.fromkeys(chosen, 0), **page.facets[name]}
            if facet.vocabulary:
                terms = self._vocabularies[facet.vocabulary].terms
                labels = {key: (terms[key].label, terms[key].parent or "") if key in terms else (key, "") for key in counts}
            else:
                labels = {key: (label, "") for key, label in self._names.of(conn, counts).items()}
            ordered = sorted(counts, key=lambda key: (-counts[key], labels[key][0], key))
            buckets = tuple(Bucket(key, labels[key][0], counts[key], key in chosen, labels[key][1]) for key in ordered)
            views.append(FacetView(name, facet.label, facet.hint, buckets, page.not_stated.get(name, 0)))
        return tuple(views)

    def _offered(self, arguments: SearchArguments, filters: Sequence[OfferedFilter], page: Page) -> tuple[Offered, ...]:
        found = []
        for row in filters:
            count = page.facets.get(row.facet, {}).get(row.key, 0)
            if count and row.facet not in arguments.filters:
                found.append(Offered(row.facet, row.key, self._cards.label(FACETS[row.facet].vocabulary, row.key), count, row.typed))
        return tuple(found[:OFFERED_AT_MOST])

    def _terms_starting(self, facet: str, folded: str) -> dict[str, tuple[str, str]]:
        """Label and kind of the terms one of whose spellings has a word that begins so."""
        vocabulary = self._vocabularies[FACETS[facet].vocabulary]
        found = [key for phrase, keys in vocabulary.phrases.items() if f" {folded}" in f" {phrase}" for key in keys]
        return {key: (vocabulary.terms[key].label, FACETS[facet].label) for key in found}


def _gate(conn: Connection, hits: Sequence[Hit], scope: str, now: datetime) -> list[tuple[Hit, ProfileRow]]:
    """The hits that the store shows to this audience now."""
    rows = profiles.by_ids(conn, [hit.id for hit in hits])
    return [(hit, row) for hit in hits if (row := rows.get(hit.id)) and row.visible(scope, now)]


def _request(arguments: SearchArguments, query: Query, scope: str, facets: Sequence[str], hidden: tuple[str, ...]) -> SearchRequest:
    return SearchRequest(
        scope=scope,
        query=query,
        filters=dict(arguments.filters),
        include=frozenset(arguments.include),
        exclude=hidden,
        facets=tuple(facets),
        sort=arguments.sort,
        limit=arguments.limit,
        highlight=bool(query),
    )


def _most_used(facet: str, rows: Mapping[str, tuple[str, str]], counts: Mapping[str, int]) -> list[Suggestion]:
    used = sorted((key for key in rows if counts.get(key)), key=lambda key: -counts[key])
    return [Suggestion(facet, key, *rows[key], counts[key]) for key in used[:SHOWN_SUGGESTIONS]]


def _open_total(arguments: SearchArguments, page: Page) -> int | None:
    if "availability" not in page.facets:
        return None
    chosen = arguments.filters.get("availability", ())
    return page.facets["availability"].get("open", 0) if not chosen or "open" in chosen else None
