"""From the port's documents to rows of the index."""

from directory.search.engine import Change, Document, Tombstone
from directory.search.fields import MENTOR_FACETS, MISSING, TEXTS
from indexer.engines.documents import LAST_DAY, check, distinct, share, unmarked
from indexer.engines.embedded.ids import numbers
from indexer.engines.embedded.pairs import Values, pairs_of
from indexer.engines.embedded.schema import ANY_FOLDED, ANY_STEMMED, facet_field, set_field, text_field
from indexer.engines.embedded.sets import sets_of
from indexer.engines.names import prefixes
from indexer.engines.offers import offer_keys

Row = dict[str, object]


def row(change: Change, values: Values) -> Row:
    """The row to index; `values` are those of the generation. Raises UnusableDocument."""
    check(change)
    fields: Row = {"id": change.id, **numbers(change.id), "version": change.version}
    if isinstance(change, Tombstone):
        return {**fields, "withdrawn": 1}
    return {**fields, "withdrawn": 0, **_facets(change), **pairs_of(change, values), **_texts(change), **_orders(change)}


def _facets(document: Document) -> Row:
    fields: Row = {facet_field(name): distinct(document.keys.get(name, ())) or [MISSING] for name in MENTOR_FACETS}
    sets = {set_field(facet): joined for facet, joined in sets_of(document).items()}
    return {"scope": distinct(document.scopes), **fields, **offer_keys(document.offers), **sets}


def _texts(document: Document) -> Row:
    texts = {name: unmarked(document.texts.get(name, "")) for name in TEXTS}
    fields: Row = {text_field(name): text for name, text in texts.items()}
    stemmed = "\n".join(text for name, text in texts.items() if TEXTS[name].stem)
    folded = "\n".join(text for name, text in texts.items() if not TEXTS[name].stem)
    return {
        **fields,
        ANY_STEMMED: stemmed,
        ANY_FOLDED: folded,
        "words": f"{stemmed}\n{folded}",
        "name_prefix": prefixes(texts["name"]),
    }


def _orders(document: Document) -> Row:
    """NUL sorts before everything, so equal names are in the order of ids and shorter names come first."""
    name = "".join(char for char in document.name_sort if char >= " ")
    return {
        "weight": 2 ** (document.factor + share(document.id)) - 2,
        "order_name": f"{name}\0{document.id}",
        "order_confirmed": f"{LAST_DAY - document.confirmed:07d}\0{document.id}",
    }
