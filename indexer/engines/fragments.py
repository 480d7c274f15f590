"""Fragments of texts with the matches marked, as plain text, found by the analyzers that also index."""

from collections.abc import Sequence, Set
from functools import lru_cache
from typing import Final, NamedTuple

from indexer.engines.analysis import analyzers
from indexer.engines.documents import MARKS

SHORT: Final = 200
"""Characters of a text that is remembered: labels, titles and places, which many mentors have in common."""

REMEMBERED: Final = 5000


class _Match(NamedTuple):
    word: str
    start: int
    end: int


def fragment(text: str, words: Set[str], *, stem: bool, limit: int) -> str:
    """The part of a text, up to about `limit` characters long and cut at white space, that has most of the words; "" without any.

    `words` are terms of the field as the analyzer makes them, stemmed if `stem`.
    """
    if not words:
        return ""
    tokens = _remembered(text, stem=stem) if len(text) <= SHORT else _tokens(text, stem=stem)
    matches = [token for token in tokens if token.word in words]
    if not matches:
        return ""
    best = _densest(matches, limit)
    start, end = _widened(text, best[0].start, best[-1].end, limit)
    return _marked(text, [match for match in matches if start <= match.start and match.end <= end], start, end)


def _tokens(text: str, *, stem: bool) -> tuple[_Match, ...]:
    analyzer = analyzers().stemmed if stem else analyzers().folded
    found = analyzer.pre_tokenize(text).tokens
    return tuple([_Match(token.text, token.char_offset_from, token.char_offset_to) for token in found])


@lru_cache(REMEMBERED)
def _remembered(text: str, *, stem: bool) -> tuple[_Match, ...]:
    return _tokens(text, stem=stem)


def _densest(matches: Sequence[_Match], limit: int) -> Sequence[_Match]:
    """The run of matches within `limit` that has most different words, then most words; the earliest of those."""
    best: Sequence[_Match] = matches[:1]
    rank = (1, 1)
    last = 0
    for first in range(len(matches)):
        last = max(last, first + 1)
        while last < len(matches) and matches[last].end - matches[first].start <= limit:
            last += 1
        run = matches[first:last]
        found = (len({match.word for match in run}), len(run))
        if found > rank:
            best, rank = run, found
    return best


def _widened(text: str, start: int, end: int, limit: int) -> tuple[int, int]:
    """The run with as much text on both sides as there is room for, from word to word."""
    room = max(limit - (end - start), 0)
    low = max(min(start - room // 2, len(text) - limit), 0)
    high = min(low + max(limit, end - start), len(text))
    if low:
        space = _space(text, low, start)
        low = start if space < 0 else space + 1
    if high < len(text):
        space = max(text.rfind(white, end, high) for white in " \n\t")
        high = end + len(text[end:].split(maxsplit=1)[0]) if space < 0 and text[end : end + 1].strip() else max(space, end)
    return low, high


def _space(text: str, start: int, end: int) -> int:
    """Place of the first white space between two places, -1 without any."""
    return next((place for place in range(start, end) if text[place].isspace()), -1)


def _marked(text: str, matches: Sequence[_Match], start: int, end: int) -> str:
    parts, last = [], start
    for match in matches:
        parts += [text[last : match.start], MARKS[0], text[match.start : match.end], MARKS[1]]
        last = match.end
    return "".join([*parts, text[last:end]]).strip()
