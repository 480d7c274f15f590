"""Names as they are typed: the beginnings of their words, and how a suggestion shows them."""

from typing import Final

from indexer.engines.analysis import analyzers
from indexer.engines.documents import MARKS, distinct

LONGEST_PREFIX: Final = 24


def prefixes(name: str) -> list[str]:
    """All beginnings of all words of a name, folded, up to `LONGEST_PREFIX` characters."""
    words = analyzers().folded.analyze(name)
    return distinct(word[:length] for word in words for length in range(1, min(len(word), LONGEST_PREFIX) + 1))


def marked_prefixes(name: str, words: list[str]) -> str:
    """The name with the beginnings of words marked that a typed word is a prefix of."""
    parts, last = [], 0
    for token in analyzers().folded.pre_tokenize(name).tokens:
        start, end = token.char_offset_from, token.char_offset_to or token.char_offset_from
        text = token.text
        length = max([len(word) for word in words if text.startswith(word)], default=0)
        if length:
            stop = start + length if len(text) == end - start else end
            parts += [name[last:start], MARKS[0], name[start:stop], MARKS[1]]
            last = stop
    return "".join([*parts, name[last:]])
