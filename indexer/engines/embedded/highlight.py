"""Fragments of stored texts with the matches marked, as plain text."""

from typing import Final

import tantivy
from tantivy import DocAddress, Schema, Searcher, SnippetGenerator

from directory.search.fields import TEXTS
from indexer.engines.documents import MARKS
from indexer.engines.embedded.schema import text_field
from indexer.engines.embedded.text import TextQuery

LENGTHS: Final = {"bio": 220}
LENGTH: Final = 400
"""Characters of a fragment."""

FIELDS: Final = tuple(row.name for row in TEXTS.values() if row.highlight)

Span = tuple[int, int]


class Highlighter:
    """Marks the words of one question."""

    def __init__(self, searcher: Searcher, schema: Schema, text: TextQuery) -> None:
        self._searcher = searcher
        clauses = [(tantivy.Occur.Should, query) for query in (*text.required, *text.optional)]
        query = tantivy.Query.boolean_query(clauses)
        self._generators: dict[str, SnippetGenerator] = {}
        for field in FIELDS if clauses else ():
            generator = SnippetGenerator.create(searcher, query, schema, text_field(field))
            generator.set_max_num_chars(LENGTHS.get(field, LENGTH))
            self._generators[field] = generator

    def fragments(self, address: DocAddress) -> dict[str, tuple[str, ...]]:
        """Per field that has matches, its best fragment."""
        if not self._generators:
            return {}
        document = self._searcher.doc(address)
        found: dict[str, tuple[str, ...]] = {}
        for field, generator in self._generators.items():
            snippet = generator.snippet_from_doc(document)
            spans = [(span.start, span.end) for span in snippet.highlighted()]
            if spans:
                text = str(document.get_first(text_field(field)))
                found[field] = (marked(text, spans, snippet.fragment_range().start, snippet.fragment_range().end),)
        return found


def marked(text: str, spans: list[Span], start: int, end: int) -> str:
    """A fragment of a text with marks around spans.

    Fragment and spans count bytes of the UTF-8 form, spans from the fragment's start. The fragment goes from word to word: it is
    widened by what stands before and after, up to white space, so that "Jr." keeps its dot.
    """
    raw = text.encode("utf-8")
    spaced = raw.replace(b"\n", b" ")
    begins = start - len(spaced[:start].split(b" ")[-1])
    ends = end + len(spaced[end:].split(b" ", 1)[0])
    parts, last = [], begins
    for first, stop in _joined(spans):
        parts += [raw[last : start + first].decode("utf-8"), MARKS[0], raw[start + first : start + stop].decode("utf-8"), MARKS[1]]
        last = start + stop
    return "".join([*parts, raw[last:ends].decode("utf-8")]).strip()


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
