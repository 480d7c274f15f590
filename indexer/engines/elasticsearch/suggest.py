"""People by the beginnings of the words of their name."""

from typing import Final

from directory.search.engine import Hit
from indexer.engines.analysis import analyzers, clean
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.mapping import SHOWN
from indexer.engines.elasticsearch.question import visible
from indexer.engines.names import LONGEST_PREFIX, marked_prefixes

MOST: Final = 50
MOST_WORDS: Final = 8


def suggest_people(session: Session, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]:
    """People every typed word begins a word of whose name, those with the largest factor first."""
    words = [word[:LONGEST_PREFIX] for word in analyzers().folded.analyze(clean(prefix))][:MOST_WORDS]
    if not words or limit < 1:
        return []
    terms = [{"term": {"name_prefix": word}} for word in words]
    body = {
        "size": min(limit, MOST),
        "track_total_hits": False,
        "docvalue_fields": ["version"],
        "_source": [f"{SHOWN}.name"],
        "query": {"bool": {"filter": [*terms, *visible(scope, exclude)]}},
        "sort": [{"factor": "desc"}, {"id": "asc"}],
    }
    hits = []
    for hit in session.search(body)["hits"]["hits"]:
        name = str(hit["_source"].get(SHOWN, {}).get("name", ""))
        version = int(hit["fields"]["version"][0])
        hits.append(Hit(str(hit["_id"]), version, float(hit["sort"][0]), {"name": (marked_prefixes(name, words),)}))
    return hits
