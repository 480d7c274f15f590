"""How text becomes terms, the same for every engine: words of letters and digits, without case and accents.

The embedded engine indexes with these analyzers. The Elasticsearch engine is told to do the same and asks them what is left of a word.
"""

from dataclasses import dataclass
from functools import cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer


@dataclass(frozen=True, slots=True)
class Analyzers:
    """Text to terms. `folded` ignores case and accents; `stemmed` also drops English stop words and inflection."""

    folded: TextAnalyzer
    stemmed: TextAnalyzer


@cache
def analyzers() -> Analyzers:
    """The analyzers that index and questions share."""
    folded = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase()).filter(Filter.ascii_fold())
    stemmed = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase()).filter(Filter.ascii_fold())
    return Analyzers(folded.build(), stemmed.filter(Filter.stopword("english")).filter(Filter.stemmer("english")).build())


def clean(text: str) -> str:
    """Without lone surrogates, which can't be handed to the index."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def stands(word: str) -> bool:
    """Whether something is left of a word in stemmed fields."""
    return bool(analyzers().stemmed.analyze(clean(word)))
