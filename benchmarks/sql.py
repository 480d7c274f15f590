"""What one would otherwise write: the engine's questions in SQL over SQLite with FTS5.

The mentors that match are kept in a temporary table; every facet is one COUNT .. GROUP BY, a selected one without its own filter.
Left out, in favor of this way: how many state nothing, and the preference for offers that fit and have places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.sql_tables import OFFER_LISTS, connect
from directory.search.engine import Alternative, Group, Key, Query, SearchRequest, Word
from directory.search.fields import MENTOR_FACETS, OFFER_FACETS, TEXTS
from indexer.engines.analysis import stands

WEIGHTS: Final = ", ".join(str(text.weight) for text in TEXTS.values())
SHOWN: Final = [(place, name) for place, (name, text) in enumerate(TEXTS.items()) if text.highlight]
SHORT: Final = ("name", "keywords")
"""Highlighted whole; of the others a snippet is shown."""

NOBODY: Final = 0
"""No row has this number: stands for a key that no mentor has."""

FEW: Final = 10
"""Less than one mentor in so many: then the rows of each are looked up, because SQLite can't know how few are in a temporary table."""

Sql = str
Condition = tuple[Sql, list[Any]]


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """`highlights` is the number of fragments, all of them made."""

    ids: tuple[str, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    highlights: int


@dataclass(frozen=True, slots=True)
class _Text:
    """Groups that need only words, as one expression of FTS5, and groups that a key satisfies too."""

    match: str
    keyed: tuple[Condition, ...]

    def __bool__(self) -> bool:
        return bool(self.match or self.keyed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """`everybody` stands behind FROM and ends in a condition: whom the audience may see and the words find. Where there are `few`,
    filters and facets are looked up for each of them; else SQLite decides."""

    everybody: Condition
    few: bool
    accepted: Mapping[str, Sequence[str]]
    include: frozenset[str]

    def without(self, facet: str) -> "_Asked":
        return replace(self, accepted={name: keys for name, keys in self.accepted.items() if name != facet})


class SqlWay:
    """Asks one file that `sql_tables.fill` made. Not for several threads."""

    def __init__(self, file: Path) -> None:
        self._conn = connect(file)
        self._numbers = {(facet, key): term for term, facet, key in self._conn.execute("SELECT term, facet, key FROM term")}
        self._mentors = int(self._conn.execute("SELECT count(*) FROM mentor").fetchone()[0])
        self._keys = {number: key for (_, key), number in self._numbers.items()}
        for table in ("found", "matching"):
            self._conn.execute(f"CREATE TEMP TABLE {table} (mentor INTEGER PRIMARY KEY)")

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def search(self, request: SearchRequest) -> SqlAnswer:
        """The first hits by best fit, the total, the counts of the facets asked for, and highlights."""
        text = self._text(request.query)
        asked = self._asked(request, text)
        (tables, visible), (where, values) = asked.everybody, self._where(asked)
        self._conn.execute("DELETE FROM matching")
        total = self._conn.execute(f"INSERT INTO matching SELECT m.mentor FROM {tables} {where}", visible + values).rowcount
        hits = self._hits(text, request.limit)
        matching = replace(asked, few=self._is_few(total))
        return SqlAnswer(
            ids=tuple(row[1] for row in hits),
            total=total,
            facets={facet: self._count(facet, asked if facet in asked.accepted else matching) for facet in request.facets},
            highlights=self._highlights(text, [row[0] for row in hits]) if request.highlight else 0,
        )

    def suggest(self, prefix: str, *, scope: str, limit: int) -> list[tuple[str, int, str]]:
        """Ids, versions and names of people every word begins a word of whose name."""
        match = " AND ".join(f"{_quoted(word)} *" for word in prefix.split())
        rows = self._conn.execute(
            "SELECT m.id, m.version, w.name FROM names JOIN mentor m ON m.mentor = names.rowid JOIN words w ON w.rowid = m.mentor "
            "WHERE names MATCH ? AND EXISTS (SELECT 1 FROM scope_of s WHERE s.scope = ? AND s.mentor = m.mentor) "
            "ORDER BY m.factor DESC LIMIT ?",
            (match, scope, limit),
        )
        return list(rows)

    def _asked(self, request: SearchRequest, text: _Text) -> _Asked:
        accepted = {facet: keys for facet, keys in request.filters.items() if keys}
        without, values = "", list(request.exclude)
        if values:
            without = f" AND m.mentor NOT IN (SELECT mentor FROM mentor WHERE id IN ({_marks(values)}))"
        visible: Condition = (f"scope_of m WHERE m.scope = ?{without}", [request.scope, *values])
        if not text:
            return _Asked(visible, few=False, accepted=accepted, include=request.include)
        found = [("m.mentor IN (SELECT rowid FROM words WHERE words MATCH ?)", [text.match])] if text.match else []
        where, more = _all([visible, *found, *text.keyed])
        self._conn.execute("DELETE FROM found")
        number = self._conn.execute(f"INSERT INTO found SELECT m.mentor FROM {where}", more).rowcount
        return _Asked(("found m WHERE 1", []), few=self._is_few(number), accepted=accepted, include=request.include)

    def _is_few(self, number: int) -> bool:
        return number * FEW < self._mentors

    def _where(self, asked: _Asked) -> Condition:
        """Filters of the mentor `m`, each with AND before it. All filters of offers hold for one offer."""
        made = [self._has("mentor", "m", facet, asked) for facet in asked.accepted if facet in MENTOR_FACETS]
        offers, values = self._offers(asked)
        if offers and asked.few:
            made.append((f"EXISTS (SELECT 1 FROM offer o WHERE o.mentor = m.mentor{offers})", values))
        elif offers:
            made.append((f"m.mentor IN (SELECT o.mentor FROM offer o WHERE 1{offers})", values))
        return _all([("", []), *made])

    def _offers(self, asked: _Asked) -> Condition:
        """Filters of the offer `o`, each with AND before it."""
        made: list[Condition] = [("", [])]
        for facet, keys in asked.accepted.items():
            if facet in OFFER_LISTS:
                made.append(self._has("offer", "o", facet, asked))
            elif facet in OFFER_FACETS:
                made.append((f"o.{facet} IN ({_marks(keys)})", self._terms(facet, keys)))
        return _all(made)

    def _has(self, owner: str, alias: str, facet: str, asked: _Asked) -> Condition:
        keys = asked.accepted[facet]
        table, one = f"{owner}_{facet} x", f"x.{owner} = {alias}.{owner}"
        if asked.few:
            held = f"EXISTS (SELECT 1 FROM {table} WHERE {one} AND x.term IN ({_marks(keys)}))"
        else:
            held = f"{alias}.{owner} IN (SELECT x.{owner} FROM {table} WHERE x.term IN ({_marks(keys)}))"
        if facet in asked.include:
            held = f"({held} OR NOT EXISTS (SELECT 1 FROM {table} WHERE {one}))"
        return held, self._terms(facet, keys)

    def _count(self, facet: str, asked: _Asked) -> dict[str, int]:
        tables, conditions, values = "matching m", "1", []
        if facet in asked.accepted:
            asked = asked.without(facet)
            where, more = self._where(asked)
            tables, _, conditions = (asked.everybody[0] + where).partition(" WHERE ")
            values = asked.everybody[1] + more
        join = "CROSS JOIN" if asked.few else "JOIN"
        if facet in MENTOR_FACETS:
            joined, term, number = f"{join} mentor_{facet} y ON y.mentor = m.mentor", "y.term", "count(*)"
        else:
            fitting, more = self._offers(asked)
            conditions, values = conditions + fitting, values + more
            joined, term, number = f"{join} offer o ON o.mentor = m.mentor", f"o.{facet}", "count(DISTINCT o.mentor)"
            if facet in OFFER_LISTS:
                joined, term = f"{joined} {join} offer_{facet} y ON y.offer = o.offer", "y.term"
        rows = self._conn.execute(f"SELECT {term}, {number} FROM {tables} {joined} WHERE {conditions} GROUP BY {term}", values)
        return {self._keys[term]: count for term, count in rows}

    def _hits(self, text: _Text, limit: int) -> list[tuple[int, str]]:
        if text.match:
            rows = self._conn.execute(
                f"SELECT m.mentor, m.id, bm25(words, {WEIGHTS}) * m.factor AS fit FROM words JOIN mentor m ON m.mentor = words.rowid "
                "WHERE words MATCH ? AND +words.rowid IN (SELECT mentor FROM matching) ORDER BY fit LIMIT ?",
                (text.match, limit),
            )
        else:
            rows = self._conn.execute(
                "SELECT m.mentor, m.id FROM mentor m WHERE m.mentor IN (SELECT mentor FROM matching) ORDER BY m.factor DESC LIMIT ?",
                (limit,),
            )
        return [(row[0], row[1]) for row in rows]

    def _highlights(self, text: _Text, mentors: Sequence[int]) -> int:
        if not text.match:
            return 0
        parts = ", ".join(
            f"highlight(words, {place}, '<b>', '</b>')" if name in SHORT else f"snippet(words, {place}, '<b>', '</b>', '…', 32)"
            for place, name in SHOWN
        )
        asked = f"SELECT {parts} FROM words WHERE words MATCH ? AND rowid = ?"
        rows = [row for mentor in mentors for row in self._conn.execute(asked, (text.match, mentor))]
        return sum("<b>" in fragment for row in rows for fragment in row)

    def _text(self, query: Query) -> _Text:
        """Groups that consist of stop words never exclude anybody, as with the engine."""
        groups = [group for group in query if any(map(_stands, group.alternatives))]
        worded = [group for group in groups if not any(isinstance(one, Key) for one in group.alternatives)]
        match = " AND ".join(f"({_expression(group)})" for group in worded)
        return _Text(match, tuple(self._keyed(group) for group in groups if group not in worded))

    def _keyed(self, group: Group) -> Condition:
        parts: list[Condition] = []
        if match := _expression(group):
            parts.append(("SELECT rowid FROM words WHERE words MATCH ?", [match]))
        keys = [one for one in group.alternatives if isinstance(one, Key)]
        parts += [(f"SELECT mentor FROM mentor_{one.facet} WHERE term = ?", self._terms(one.facet, [one.key])) for one in keys]
        return f"m.mentor IN ({' UNION '.join(part for part, _ in parts)})", [value for _, values in parts for value in values]

    def _terms(self, facet: str, keys: Sequence[str]) -> list[Any]:
        return [self._numbers.get((facet, key), NOBODY) for key in keys]


def _all(conditions: Sequence[Condition]) -> Condition:
    return " AND ".join(condition for condition, _ in conditions), [value for _, values in conditions for value in values]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _expression(group: Group) -> str:
    return " OR ".join(_quoted(_written(one)) for one in group.alternatives if not isinstance(one, Key))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _stands(alternative: Alternative) -> bool:
    return isinstance(alternative, Key) or stands(_written(alternative))


def _written(alternative: Any) -> str:
    return alternative.text if isinstance(alternative, Word) else " ".join(alternative.words)
