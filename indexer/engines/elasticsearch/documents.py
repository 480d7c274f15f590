"""From the port's documents to lines of a bulk request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from directory.search.engine import Change, Document, Tombstone
from directory.search.fields import MENTOR_FACETS, MISSING, TEXTS
from directory.search.understanding import STOP_WORDS
from indexer.engines.analysis import analyzers
from indexer.engines.documents import UnusableDocument, check, distinct, share, unmarked
from indexer.engines.elasticsearch.mapping import GAP, NOTHING, SHOWN, facet_field, text_field
from indexer.engines.elasticsearch.offers import offer_keys
from indexer.engines.names import prefixes

LONGEST_ID: Final = 512
"""Bytes; one longer id makes Elasticsearch refuse the whole request."""

LONGEST_TERM: Final = 8000
"""Characters; a longer "word" than Lucene takes would have its document refused."""

AROUND: Final = f" {GAP}"
LONGEST_ORDER: Final = 500
"""Characters of a name that decide its place."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A change as the two lines that index it. The version decides at the server whether it is newer than what is there."""

    id: str
    lines: bytes


def row(change: Change) -> Row:
    """Raises UnusableDocument."""
    check(change)
    try:
        if len(change.id.encode()) > LONGEST_ID:
            raise UnusableDocument("id: not a usable key")
        fields = {"id": change.id, "version": change.version, "withdrawn": isinstance(change, Tombstone)}
        if not isinstance(change, Tombstone):
            fields |= {"scope": distinct(change.scopes), **_facets(change), **_texts(change), **_orders(change)}
        action = {"index": {"_id": change.id, "version": change.version, "version_type": "external"}}
        return Row(change.id, orjson.dumps(action) + b"\n" + orjson.dumps(fields) + b"\n")
    except (UnicodeEncodeError, orjson.JSONEncodeError):
        raise UnusableDocument("a text or key can't be encoded") from None


def given(text: str, *, stem: bool) -> str:
    """The terms of a text, separated by spaces, with a `GAP` for every stop word between two of them."""
    folded = _folded(text)
    return " ".join(_stemmed(text, folded) if stem else folded).strip(AROUND)


def _stemmed(text: str, folded: Sequence[str]) -> Iterable[str]:
    """One term or gap for every folded word. Reading positions from the analyzer would cost three times as much."""
    stems = iter(_short(text, analyzers().stemmed.analyze(text)))
    return [GAP if word in STOP_WORDS else next(stems) for word in folded]


def _folded(text: str) -> list[str]:
    return _short(text, analyzers().folded.analyze(text))


def _short(text: str, terms: list[str]) -> list[str]:
    return terms if len(text) <= LONGEST_TERM else [term if len(term) <= LONGEST_TERM else GAP for term in terms]


def _facets(document: Document) -> Fields:
    fields: Fields = {facet_field(name): distinct(document.keys.get(name, ())) or [MISSING] for name in MENTOR_FACETS}
    return {**fields, **{name: keys for name, keys in offer_keys(document.offers).items() if keys}}


def _texts(document: Document) -> Fields:
    texts = {name: text for name in TEXTS if (text := unmarked(document.texts.get(name, "")))}
    folded = {name: _folded(text) for name, text in texts.items()}
    terms = {name: _stemmed(text, folded[name]) if TEXTS[name].stem else folded[name] for name, text in texts.items()}
    fields = {text_field(name): " ".join(terms.get(name, ())).strip(AROUND) or NOTHING for name in TEXTS}
    words = " ".join(distinct(word for found in folded.values() for word in found))
    shown = {name: text for name, text in texts.items() if TEXTS[name].highlight}
    return {**fields, "words": words, "name_prefix": prefixes(texts.get("name", "")), SHOWN: shown}


def _orders(document: Document) -> Fields:
    """NUL sorts before everything, so equal names are in the order of ids and shorter names come first."""
    name = "".join(char for char in document.name_sort if char >= " ")[:LONGEST_ORDER]
    return {
        "factor": document.factor + share(document.id),
        "confirmed": document.confirmed,
        "order_name": f"{name}\0{document.id}",
    }
