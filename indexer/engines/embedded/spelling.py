"""Words that visible mentors use, near a word that was typed."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from indexer.engines.analysis import analyzers, clean, stands
from indexer.engines.embedded.lookup import count
from indexer.engines.embedded.question import visible
from indexer.engines.embedded.schema import schema
from indexer.engines.embedded.text import word_query
from indexer.engines.embedded.views import View

SHORTEST: Final = 4
LONG: Final = 8
LONGEST: Final = 40
"""Lengths of words: shorter than `SHORTEST` nothing is offered; from `LONG` on two edits are allowed."""

COSTLY: Final = 0.05
STALE_AFTER: Final = 60.0
"""Seconds. A dictionary that took longer than `COSTLY` to read serves later views for a while; what it offers is checked anyway."""

MOST_DICTIONARIES: Final = 8


@dataclass(frozen=True, slots=True)
class _Dictionary:
    view: str
    read_at: float
    cost: float
    by_length: dict[int, list[str]]
    frequency: dict[str, int]


class Spelling:
    """Keeps one dictionary per generation and audience, of words as people write them (folded, not stemmed)."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._dictionaries: dict[tuple[str, str], _Dictionary] = {}

    def corrections(self, view: View, word: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[str]:
        """Nearest first, then the most frequent; each stands in a text of somebody visible now."""
        folded = analyzers().folded.analyze(clean(word))
        if len(folded) != 1 or not SHORTEST <= len(folded[0]) <= LONGEST:
            return []
        found: list[str] = []
        for candidate in self._near(self._dictionary(view, scope), folded[0]):
            if len(found) >= limit:
                break
            if _is_written(view, candidate, scope=scope, exclude=exclude):
                found.append(candidate)
        return found

    def _near(self, dictionary: _Dictionary, word: str) -> list[str]:
        most = 2 if len(word) >= LONG else 1
        ranked = []
        for length in range(len(word) - most, len(word) + most + 1):
            words = dictionary.by_length.get(length, [])
            near = process.extract(word, words, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=None)
            ranked += [(distance, -dictionary.frequency[other], other) for other, distance, _ in near if distance]
        return [other for _, _, other in sorted(ranked)]

    def _dictionary(self, view: View, scope: str) -> _Dictionary:
        place = (view.generation, scope)
        with self._lock:
            kept = self._dictionaries.get(place)
            if kept is None or not self._serves(kept, view):
                kept = self._dictionaries[place] = self._read(view, scope)
                while len(self._dictionaries) > MOST_DICTIONARIES:
                    del self._dictionaries[next(iter(self._dictionaries))]
            return kept

    def _serves(self, kept: _Dictionary, view: View) -> bool:
        return kept.view == view.token or (kept.cost > COSTLY and self._monotonic() - kept.read_at < STALE_AFTER)

    def _read(self, view: View, scope: str) -> _Dictionary:
        started = self._monotonic()
        query = tantivy.Query.boolean_query(visible(schema(), scope, ()))
        terms = view.searcher.terms_with_prefix("words", "", filter_query=query) if view.searcher.num_docs else []
        frequency = {word: times for word, times in terms if SHORTEST - 1 <= len(word) <= LONGEST and not word.isdecimal() and stands(word)}
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in frequency:
            by_length[len(word)].append(word)
        now = self._monotonic()
        return _Dictionary(view.token, now, now - started, dict(by_length), frequency)


def _is_written(view: View, word: str, *, scope: str, exclude: tuple[str, ...]) -> bool:
    """Whether somebody visible has this very word: another form of it would be found too, and is not what was read from their texts."""
    word_clause = tantivy.Query.term_query(schema(), "words", word)
    return count(view.searcher, tantivy.Query.boolean_query([(tantivy.Occur.Must, word_clause), *visible(schema(), scope, exclude)])) > 0


def matches(view: View, word: str, *, scope: str, exclude: tuple[str, ...]) -> int:
    """How many visible mentors have the word, in any form of it, in any text."""
    query = word_query(schema(), word)
    if query is None or not view.searcher.num_docs:
        return 0
    return count(view.searcher, tantivy.Query.boolean_query([(tantivy.Occur.Must, query), *visible(schema(), scope, exclude)]))
