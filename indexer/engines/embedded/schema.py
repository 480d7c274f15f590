"""The physical index: its fields, how text becomes terms, and the fingerprint that tells one layout from another."""

import hashlib
import json
from dataclasses import astuple
from functools import cache
from typing import Final

from tantivy import Index, Schema, SchemaBuilder

from directory.search.fields import FACETS, MENTOR_FACETS, TEXTS
from indexer.engines.analysis import analyzers
from indexer.engines.embedded.ids import HEAD, TAIL
from indexer.engines.embedded.pairs import PAIRED, pair_field
from indexer.engines.embedded.sets import SETS
from indexer.engines.offers import OFFER_FIELDS

FORMAT: Final = 3
"""Raised whenever this package writes documents differently, so that an older index is rebuilt."""

STEMMED: Final = "stemmed"
FOLDED: Final = "folded"

ANY_STEMMED: Final = "any_stemmed"
ANY_FOLDED: Final = "any_folded"
"""All texts that are stemmed, and all that are not, as one field each: whether a word matches is read from two lists, not from one for
each text. What it scores is still the matter of the texts."""


def register(index: Index) -> None:
    """Make the analyzers known to an index handle; tantivy keeps them per handle, not in the index."""
    index.register_tokenizer(FOLDED, analyzers().folded)
    index.register_tokenizer(STEMMED, analyzers().stemmed)


def facet_field(facet: str) -> str:
    """Field of a mentor facet."""
    return f"facet_{facet}"


def set_field(facet: str) -> str:
    """Field of all keys that a mentor has of a facet, as one key."""
    return f"set_{facet}"


def text_field(text: str) -> str:
    """Field of a text."""
    return f"text_{text}"


@cache
def schema() -> Schema:
    """All fields. Numbers that are only read beside a hit are fast fields and not indexed."""
    builder = SchemaBuilder()
    _add_keys(builder, "id", stored=True, fast=True)
    for number in (HEAD, TAIL, "version"):
        builder.add_unsigned_field(number, fast=True)
    builder.add_unsigned_field("withdrawn", fast=True, indexed=True)
    builder.add_float_field("weight", fast=True)
    _add_keys(builder, "scope")
    _add_keys(builder, "name_prefix")
    builder.add_text_field("words", tokenizer_name=FOLDED, index_option="basic")
    builder.add_text_field(ANY_STEMMED, tokenizer_name=STEMMED, index_option="basic")
    builder.add_text_field(ANY_FOLDED, tokenizer_name=FOLDED, index_option="basic")
    for field in ("order_name", "order_confirmed", *map(facet_field, MENTOR_FACETS), *OFFER_FIELDS.values(), *map(set_field, SETS)):
        _add_keys(builder, field, fast=True)
    for facet in PAIRED:
        _add_keys(builder, pair_field(facet))
    for text in TEXTS.values():
        builder.add_text_field(text_field(text.name), stored=text.highlight, tokenizer_name=STEMMED if text.stem else FOLDED)
    return builder.build()


def _add_keys(builder: SchemaBuilder, field: str, *, stored: bool = False, fast: bool = False) -> None:
    builder.add_text_field(field, stored=stored, fast=fast, tokenizer_name="raw", index_option="basic")


def layout() -> str:
    """Fingerprint of what decides whether this code can read an index."""
    facets = [(row.name, row.unit) for row in FACETS.values()]
    texts = [(row.name, row.stem, row.highlight) for row in TEXTS.values()]
    return _digest([FORMAT, facets, texts])


def fingerprint(vocabularies: str) -> str:
    """Fingerprint of everything that documents were built from; another one means that a rebuild is due."""
    return _digest([layout(), [astuple(row) for row in FACETS.values()], [astuple(row) for row in TEXTS.values()], vocabularies])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
