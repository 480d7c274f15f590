"""The tables of the SQL way: one FTS5 table of texts, one of names by their beginnings, and normalised tables of keys with indexes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from directory.search.engine import Document
from directory.search.fields import MENTOR_FACETS, TEXTS
from directory.store.sqlite import find_driver

BATCH: Final = 2000
OFFER_LISTS: Final = ("topic", "level")
"""Facets of which an offer has several keys; arena and availability are columns of the offer."""

TABLES: Final = (
    "CREATE TABLE mentor (mentor INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, factor REAL NOT NULL)",
    "CREATE TABLE scope_of (scope TEXT, mentor INTEGER, PRIMARY KEY (scope, mentor)) WITHOUT ROWID",
    "CREATE TABLE term (term INTEGER PRIMARY KEY, facet TEXT NOT NULL, key TEXT NOT NULL)",
    "CREATE TABLE offer (offer INTEGER PRIMARY KEY, mentor INTEGER NOT NULL, arena INTEGER NOT NULL, availability INTEGER NOT NULL)",
    *(f"CREATE TABLE mentor_{facet} (mentor INTEGER, term INTEGER, PRIMARY KEY (mentor, term)) WITHOUT ROWID" for facet in MENTOR_FACETS),
    *(f"CREATE TABLE offer_{facet} (offer INTEGER, term INTEGER, PRIMARY KEY (offer, term)) WITHOUT ROWID" for facet in OFFER_LISTS),
    f"CREATE VIRTUAL TABLE words USING fts5({', '.join(TEXTS)}, tokenize = 'porter unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE names USING fts5(name, content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3 4')",
    "CREATE TABLE built (mark TEXT NOT NULL)",
)
INDEXES: Final = (
    "CREATE UNIQUE INDEX mentor_by_id ON mentor (id)",
    "CREATE INDEX mentor_by_factor ON mentor (factor)",
    "CREATE UNIQUE INDEX term_by_key ON term (facet, key)",
    "CREATE INDEX offer_by_mentor ON offer (mentor, arena, availability)",
    "CREATE INDEX offer_by_arena ON offer (arena, availability, mentor)",
    "CREATE INDEX offer_by_availability ON offer (availability, mentor)",
    *(f"CREATE INDEX mentor_by_{facet} ON mentor_{facet} (term, mentor)" for facet in MENTOR_FACETS),
    *(f"CREATE INDEX offer_by_{facet} ON offer_{facet} (term, offer)" for facet in OFFER_LISTS),
    "INSERT INTO words (words) VALUES ('optimize')",
    "INSERT INTO names (names) VALUES ('optimize')",
    "ANALYZE",
)

Rows = dict[str, list[tuple[Any, ...]]]


def connect(file: Path, *, read_only: bool = True) -> Any:
    """A connection with room for the whole file in memory, and temporary tables there too."""
    found = find_driver().module.connect(f"file:{file}?mode={'ro' if read_only else 'rwc'}", uri=True, isolation_level=None)
    for setting in ("temp_store = memory", "cache_size = -200000", "mmap_size = 8000000000"):
        found.execute(f"PRAGMA {setting}")
    return found


def mark_of(file: Path) -> str:
    """What a complete file was built for, "" where there is none."""
    if not file.exists():
        return ""
    conn = connect(file)
    try:
        return str(conn.execute("SELECT mark FROM built").fetchone()[0])
    finally:
        conn.close()


def fill(file: Path, documents: Iterable[Document], mark: str) -> None:
    """Build the file; it is there under its name when it is complete, and not before."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    conn = connect(part, read_only=False)
    try:
        for setting in ("journal_mode = off", "synchronous = off", "locking_mode = exclusive"):
            conn.execute(f"PRAGMA {setting}")
        for statement in TABLES:
            conn.execute(statement)
        _load(conn, iter(documents))
        for statement in INDEXES:
            conn.execute(statement)
        conn.execute("INSERT INTO built VALUES (?)", (mark,))
    finally:
        conn.close()
    part.rename(file)


def _load(conn: Any, documents: Iterator[Document]) -> None:
    numbers = _Numbers()
    while batch := list(islice(documents, BATCH)):
        rows: Rows = {}
        for document in batch:
            numbers.add(rows, document)
        conn.execute("BEGIN")
        for table, several in rows.items():
            conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(several[0]))})", several)
        names = [(row[0], row[1]) for row in rows.pop("words (rowid, " + ", ".join(TEXTS) + ")")]
        conn.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", names)
        conn.execute("COMMIT")


class _Numbers:
    """Hands out the numbers that stand for ids and keys."""

    def __init__(self) -> None:
        self._mentor = self._offer = 0
        self._terms: dict[tuple[str, str], int] = {}

    def add(self, rows: Rows, document: Document) -> None:
        self._mentor += 1
        mentor = self._mentor
        rows.setdefault("mentor", []).append((mentor, document.id, document.version, document.factor))
        rows.setdefault("scope_of", []).extend((scope, mentor) for scope in dict.fromkeys(document.scopes))
        for facet in MENTOR_FACETS:
            self._put(rows, f"mentor_{facet}", mentor, facet, document.keys.get(facet, ()))
        for offer in document.offers:
            self._offer += 1
            arena, availability = self._term(rows, "arena", offer.arena), self._term(rows, "availability", offer.availability)
            rows.setdefault("offer", []).append((self._offer, mentor, arena, availability))
            self._put(rows, "offer_topic", self._offer, "topic", offer.topics)
            self._put(rows, "offer_level", self._offer, "level", offer.levels)
        texts = (document.texts.get(name, "") for name in TEXTS)
        rows.setdefault("words (rowid, " + ", ".join(TEXTS) + ")", []).append((mentor, *texts))

    def _put(self, rows: Rows, table: str, owner: int, facet: str, keys: Sequence[str]) -> None:
        if keys:
            rows.setdefault(table, []).extend((owner, self._term(rows, facet, key)) for key in dict.fromkeys(keys))

    def _term(self, rows: Rows, facet: str, key: str) -> int:
        number = self._terms.get((facet, key))
        if number is None:
            number = self._terms[facet, key] = len(self._terms) + 1
            rows.setdefault("term", []).append((number, facet, key))
        return number
