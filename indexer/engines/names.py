"""Names as they are typed: the beginnings of their words."""

from typing import Final

from indexer.engines.analysis import analyzers
from indexer.engines.documents import distinct

LONGEST_PREFIX: Final = 24


def prefixes(name: str) -> list[str]:
    """All beginnings of all words of a name, folded, up to `LONGEST_PREFIX` characters."""
    words = analyzers().folded.analyze(name)
    return distinct(word[:length] for word in words for length in range(1, min(len(word), LONGEST_PREFIX) + 1))
