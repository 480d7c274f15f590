"""Documents by id: which versions are held, in the order of ids, and how many."""

from typing import Any, Final

from directory.search.engine import IndexedVersion
from indexer.engines.elasticsearch.connection import Session

MOST_HITS: Final = 10_000
"""Elasticsearch reads no more at once."""


def versions(session: Session, after: str, limit: int) -> list[IndexedVersion]:
    """The next documents and tombstones after an id, in the order of ids (code points)."""
    body: dict[str, Any] = {
        "size": min(max(limit, 1), MOST_HITS),
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["version", "withdrawn"],
        "query": {"match_all": {}},
        "sort": [{"id": "asc"}],
    }
    if after:
        body["search_after"] = [after]
    return [_version(hit) for hit in session.search(body)["hits"]["hits"]]


def last_id(session: Session) -> str:
    """The largest id of all documents and tombstones, empty without any."""
    hits = session.search({"size": 1, "track_total_hits": False, "stored_fields": "_none_", "sort": [{"id": "desc"}]})["hits"]["hits"]
    return str(hits[0]["sort"][0]) if hits else ""


def counts(session: Session) -> tuple[int, int]:
    """Numbers of documents and of tombstones."""
    body = {"size": 0, "track_total_hits": True, "aggs": {"withdrawn": {"filter": {"term": {"withdrawn": True}}}}}
    answer = session.search(body)
    held = int(answer["aggregations"]["withdrawn"]["doc_count"])
    return int(answer["hits"]["total"]["value"]) - held, held


def _version(hit: dict[str, Any]) -> IndexedVersion:
    fields = hit["fields"]
    return IndexedVersion(str(hit["sort"][0]), int(fields["version"][0]), bool(fields["withdrawn"][0]))
