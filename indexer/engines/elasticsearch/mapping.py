"""The physical index: its fields, derived from the field table, and the fingerprint that tells one layout from another.

Texts come as terms that this program's analyzers made, separated by spaces: Elasticsearch's own English stemmer is an older edition
than tantivy's and takes "internal" and "international" for one word. Needs nothing but the modules that every distribution has.
"""

import hashlib
import json
from dataclasses import astuple, dataclass
from typing import Any, Final

from directory.search.fields import FACETS, MENTOR_FACETS, TEXTS
from indexer.engines.elasticsearch.offers import OFFER_FIELDS

FORMAT: Final = 1
"""Raised whenever this package writes documents differently, so that an older index is rebuilt."""

OWNER: Final = "mentor-directory"
GIVEN: Final = "given"
GAP: Final = "_"
"""Stands where a stop word stood, so that the others keep their distances. No term has this character."""

NOTHING: Final = "-"
"""Stands in a text that is empty. Elasticsearch takes a word for rarer the more mentors have something in the field; with this all
have, as in the embedded engine, so that scores are the same. No term has this character either."""

SHOWN: Final = "shown"
"""Holds the texts as people wrote them, for highlights. Kept, not indexed."""

Mapping = dict[str, Any]
KEY: Final[Mapping] = {"type": "keyword", "doc_values": False}
COUNTED: Final[Mapping] = {"type": "keyword", "eager_global_ordinals": True}
ANALYSIS: Final[Mapping] = {
    "tokenizer": {GIVEN: {"type": "simple_pattern_split", "pattern": " "}},
    "filter": {"gaps": {"type": "stop", "stopwords": [GAP]}},
    "analyzer": {GIVEN: {"type": "custom", "tokenizer": GIVEN, "filter": ["gaps"]}},
}


@dataclass(frozen=True, slots=True)
class Spec:
    """What an index was built for. `spec` is the fingerprint of everything documents were built from, `layout` of what code needs
    to read them; `key` signs cursors and outlives rebuilds."""

    spec: str
    layout: str
    key: str


def facet_field(facet: str) -> str:
    """Field of a mentor facet."""
    return f"facet_{facet}"


def text_field(text: str) -> str:
    """Field of a text."""
    return f"text_{text}"


def properties() -> Mapping:
    """All fields. Numbers are only read beside a hit and not indexed."""
    text: Mapping = {"type": "text", "analyzer": GIVEN}
    return {
        "id": {"type": "keyword"},
        "version": {"type": "long", "index": False},
        "withdrawn": {"type": "boolean"},
        "scope": KEY,
        "factor": {"type": "float", "index": False},
        "confirmed": {"type": "integer", "index": False},
        "order_name": {"type": "keyword", "index": False},
        **{facet_field(facet): COUNTED for facet in MENTOR_FACETS},
        **dict.fromkeys(OFFER_FIELDS.values(), COUNTED),
        **{text_field(name): text for name in TEXTS},
        "words": {**text, "index_options": "docs", "norms": False},
        "name_prefix": KEY,
        SHOWN: {"type": "object", "enabled": False},
    }


def mappings(spec: Spec) -> Mapping:
    """The mapping of a new index. A field that is not in it makes Elasticsearch refuse the document."""
    meta = {"owner": OWNER, "spec": spec.spec, "layout": spec.layout, "key": spec.key}
    return {"dynamic": "strict", "_meta": meta, "_source": {"includes": [SHOWN]}, "properties": properties()}


def fits(mapping: Mapping) -> bool:
    """Whether a mapping has all fields with their types. A label says what an index was made as, not what somebody made of it."""
    found = mapping.get("properties", {})
    return all(name in found and found[name].get("type", "object") == kind["type"] for name, kind in properties().items())


def settings(replicas: int, *, building: bool) -> Mapping:
    """One shard, so that counts and scores are exact (a million mentors need 1.5 GB). While it is built, nobody reads it."""
    serving = {"refresh_interval": "1s", "number_of_replicas": replicas, "translog.durability": "request"}
    unseen = {"refresh_interval": "-1", "number_of_replicas": 0, "translog.durability": "async"}
    return {"number_of_shards": 1, "analysis": ANALYSIS, **(unseen if building else serving)}


def layout() -> str:
    """Fingerprint of what decides whether this code can read an index."""
    return _digest([FORMAT, properties(), ANALYSIS])


def fingerprint(vocabularies: str) -> str:
    """Fingerprint of everything that documents were built from; another one means that a rebuild is due."""
    return _digest([layout(), [astuple(row) for row in FACETS.values()], [astuple(row) for row in TEXTS.values()], vocabularies])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
