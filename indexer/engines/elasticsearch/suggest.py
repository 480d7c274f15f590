"""People by the beginnings of the words of their name."""

from typing import Final

from directory.search.engine import Hit
from indexer.engines.analysis import analyzers, clean
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.question import visible
from indexer.engines.names import LONGEST_PREFIX

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
        "_source": False,
        "query": {"bool": {"filter": [*terms, *visible(scope, exclude)]}},
        "sort": [{"factor": "desc"}, {"id": "asc"}],
    }
    hits = session.search(body)["hits"]["hits"]
    return [Hit(str(hit["_id"]), int(hit["fields"]["version"][0]), float(hit["sort"][0])) for hit in hits]
