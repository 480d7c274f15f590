"""Understanding a typed query: words, quoted phrases, everyday abbreviations, and the filters that the words could be.

The result is a small tree (`Query`) that every engine translates the same way; user text never reaches an engine's own
query language, so nothing a person types can be a syntax error.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from directory.core.vocabulary import Vocabularies, fold
from directory.search.engine import Alternative, Group, Key, Phrase, Query, Word
from directory.search.fields import FACETS

STOP_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with",
    )
)
"""The stop list that both engines' English analyzers share; such words never decide whether a mentor matches."""

SAID_OF_ALL: Final = frozenset(("mentor", "mentors", "mentoring", "mentorship"))
"""Words that are true of everybody here, so that they tell nobody from another unless they are quoted."""

UNWRITTEN: Final = frozenset(("language", "mode", "state"))
"""Facets whose labels need not stand in any text of a mentor (an abbreviation or a region for the state does not), so that words
that name a term find those who have it."""

APOSTROPHES: Final = re.compile("['\u2018\u2019\u02bb\u02bc]")

LONGEST: Final = 6  # words of the longest vocabulary phrase that is looked for
OFFERED: Final = ("specialty", "arena", "topic", "level", "state", "language", "mode")
MOST_WORDS: Final = 40


@dataclass(frozen=True, slots=True)
class OfferedFilter:
    """A filter that words of the query name. It is offered, never applied by itself."""

    facet: str
    key: str
    typed: str


@dataclass(frozen=True, slots=True)
class Understood:
    """`query` is what to search for; `filters` what to offer beside it."""

    query: Query
    filters: tuple[OfferedFilter, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    typed: str
    word: str


def _segments(text: str) -> Iterator[tuple[bool, str]]:
    """Split at double quotes (straight and curly); an unclosed quote is no quote."""
    parts = text.translate({0x201C: '"', 0x201D: '"', 0x201E: '"', 0x00AB: '"', 0x00BB: '"'}).split('"')
    if len(parts) % 2 == 0:
        parts[-2:] = [" ".join(parts[-2:])]
    for number, part in enumerate(parts):
        if part.strip():
            yield number % 2 == 1, part


def _tokens(text: str) -> list[_Token]:
    return [_Token(chunk, word) for chunk in text.split() for word in fold(chunk).split()]


def _around_apostrophes(token: _Token) -> tuple[Phrase, ...]:
    """ "O'Brien" is one word here and two adjacent ones for engines, whose tokenizers split at the apostrophe."""
    parts = [part for chunk in APOSTROPHES.split(token.typed) for part in fold(chunk).split()]
    return (Phrase(tuple(parts)),) if len(parts) > 1 and "".join(parts) == token.word else ()


class QueryReader:
    """Turns typed text into `Understood`. Built once per set of vocabularies."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._phrases: dict[str, list[tuple[str, str]]] = {}
        self._labels: dict[tuple[str, str], tuple[str, ...]] = {}
        self._exact_case: dict[str, frozenset[str]] = {}
        for name in OFFERED:
            vocabulary = vocabularies[name]
            self._exact_case[name] = frozenset(vocabulary.exact_case)
            for phrase, ids in vocabulary.phrases.items():
                if name == "language" and phrase in vocabulary.terms:
                    continue  # ISO codes: a person who types "pa" or "ne" means neither Punjabi nor Nepali
                self._phrases.setdefault(phrase, []).extend((name, key) for key in ids)
            for term in vocabulary.terms.values():
                self._labels[name, term.id] = tuple(fold(term.label).split())

    def read(self, text: str) -> Understood:
        """Understand one query. Never raises; text without any word gives an empty query."""
        groups: list[Group] = []
        filters: dict[tuple[str, str], OfferedFilter] = {}
        for quoted, segment in _segments(unicodedata.normalize("NFKC", text)):
            tokens = _tokens(segment)[:MOST_WORDS]
            if quoted:
                words = tuple(token.word for token in tokens)
                groups += [Group(segment.strip(), (Phrase(words),))] if len(words) > 1 else self._plain(tokens)
            else:
                groups += self._bare(tokens, filters)
        kept: dict[tuple[Alternative, ...], Group] = {}
        for group in groups:
            if not _says_nothing(group):
                kept.setdefault(group.alternatives, group)
        return Understood(tuple(kept.values())[:MOST_WORDS], tuple(filters.values()))

    def abbreviated(self, word: str) -> tuple[str, ...]:
        """Labels, folded, of the terms that a folded word would name if it stood in capitals ("em": "emergency medicine")."""
        meant = [(name, key) for name, key in self._phrases.get(word, ()) if word.upper() in self._exact_case[name]]
        return tuple(dict.fromkeys(" ".join(self._labels[pair]) for pair in meant))

    def _plain(self, tokens: list[_Token]) -> list[Group]:
        return [Group(token.typed, (Word(token.word), *_around_apostrophes(token))) for token in tokens]

    def _bare(self, tokens: list[_Token], filters: dict[tuple[str, str], OfferedFilter]) -> list[Group]:
        groups: list[Group] = []
        at = 0
        while at < len(tokens):
            size, meanings = self._longest(tokens, at)
            span = tokens[at : at + size]
            typed = " ".join(dict.fromkeys(token.typed for token in span))
            for facet, key in meanings:
                if facet in FACETS:
                    filters.setdefault((facet, key), OfferedFilter(facet, key, typed))
            groups += [] if span[0].word in SAID_OF_ALL and not meanings else self._groups(span, typed, meanings)
            at += size
        return groups

    def _longest(self, tokens: list[_Token], at: int) -> tuple[int, list[tuple[str, str]]]:
        for size in range(min(LONGEST, len(tokens) - at), 0, -1):
            span = tokens[at : at + size]
            typed = " ".join(dict.fromkeys(token.typed for token in span))
            found = self._phrases.get(" ".join(token.word for token in span), ())
            meanings = [(name, key) for name, key in found if self._case_fits(name, typed)]
            if meanings:
                return size, meanings
        return 1, []

    def _case_fits(self, name: str, typed: str) -> bool:
        """An abbreviation that is also an English word ("IM", "OR") counts only as it was written."""
        upper = typed.upper().strip(".,;:!?()")
        return upper not in self._exact_case[name] or typed.strip(".,;:!?()") == upper

    def _groups(self, span: list[_Token], typed: str, meanings: list[tuple[str, str]]) -> list[Group]:
        words = tuple(token.word for token in span)
        synonyms = [(name, key) for name, key in meanings if name in UNWRITTEN or self._labels[name, key] != words]
        if not synonyms or len(synonyms) < len(meanings) or _all_stop(words):
            return self._plain(span)
        alternatives: list[Alternative] = [Word(words[0]) if len(words) == 1 else Phrase(words)]
        for name, key in synonyms:
            label = self._labels[name, key]
            alternatives.append(Word(label[0]) if len(label) == 1 else Phrase(label))
            if FACETS[name].unit == "mentor":
                alternatives.append(Key(name, key))
        return [Group(typed, tuple(dict.fromkeys(alternatives)))]


def _all_stop(words: tuple[str, ...]) -> bool:
    return all(word in STOP_WORDS for word in words)


def _says_nothing(group: Group) -> bool:
    first = group.alternatives[0]
    words = (first.text,) if isinstance(first, Word) else first.words if isinstance(first, Phrase) else ("",)
    return len(group.alternatives) == 1 and _all_stop(words)
