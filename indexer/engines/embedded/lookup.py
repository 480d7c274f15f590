"""Documents by id: which versions are held, in the order of ids, without touching stored texts."""

from collections.abc import Sequence
from typing import Any, Final

from tantivy import DocAddress, FieldType, Occur, Order, Query, Schema, Searcher

from directory.search.engine import IndexedVersion
from indexer.engines.embedded.ids import HEAD, head, read_ids

LAST_HEAD: Final = 2**64 - 1
MOST_HITS: Final = 100_000


def count(searcher: Searcher, query: Query) -> int:
    """How many documents match."""
    return total(searcher.search(query, 1))


def total(result: Any) -> int:
    """The count of a search result, which tantivy's type stubs do not declare."""
    return int(result.count)


def find(searcher: Searcher, schema: Schema, ids: Sequence[str], *conditions: tuple[Occur, Query]) -> dict[str, DocAddress]:
    """Addresses of those of the ids that are in the index (tombstones too) and satisfy the conditions."""
    if not ids or not searcher.num_docs:
        return {}
    query = Query.boolean_query([(Occur.Must, Query.term_set_query(schema, "id", list(ids))), *conditions])
    addresses = [address for _, address in searcher.search(query, len(ids), count=False).hits]
    return dict(zip(read_ids(searcher, addresses), addresses, strict=True))


def held(searcher: Searcher, schema: Schema, ids: Sequence[str]) -> dict[str, int]:
    """Version per id, for those that the index holds."""
    found = find(searcher, schema, ids)
    versions = searcher.fast_field_values("version", list(found.values()))
    return {person: int(version or 0) for person, version in zip(found, versions, strict=True)}


def versions(searcher: Searcher, schema: Schema, after: str, limit: int) -> list[IndexedVersion]:
    """The next `limit` documents and tombstones after an id, in the order of ids (code points).

    Each call looks at the column of heads once, so few large pages are much quicker than many small ones.
    """
    size = limit = min(max(limit, 1), MOST_HITS)
    while searcher.num_docs:
        near = _from(searcher, schema, head(after), size)
        whole = near if len(near) < size else [(first, address) for first, address in near if first < near[-1][0]]
        found = _read(searcher, [address for _, address in whole])
        wanted = sorted((row for row in found if row.id > after), key=lambda row: row.id)[:limit]
        if wanted or len(near) < size:
            return wanted
        size *= 2
    return []


def _from(searcher: Searcher, schema: Schema, low: int, size: int) -> list[tuple[int, DocAddress]]:
    """The first documents with a head from `low` on. More of them may have the last one's."""
    query = Query.range_query(schema, HEAD, FieldType.Unsigned, low, LAST_HEAD)
    hits = searcher.search(query, size, count=False, order_by_field=HEAD, order=Order.Asc).hits
    return [(int(first), address) for first, address in hits]


def _read(searcher: Searcher, addresses: Sequence[DocAddress]) -> list[IndexedVersion]:
    numbers = searcher.fast_field_values("version", list(addresses))
    flags = searcher.fast_field_values("withdrawn", list(addresses))
    rows = zip(read_ids(searcher, addresses), numbers, flags, strict=True)
    return [IndexedVersion(person, int(version or 0), bool(withdrawn)) for person, version, withdrawn in rows]


def last_id(searcher: Searcher) -> str:
    """The largest id of all documents and tombstones, empty without any."""
    hits = searcher.search(Query.all_query(), 1, count=False, order_by_field="id", order=Order.Desc).hits if searcher.num_docs else []
    return str(hits[0][0]) if hits else ""


def tombstones(searcher: Searcher, schema: Schema) -> int:
    """How many tombstones the index holds."""
    return count(searcher, Query.term_query(schema, "withdrawn", 1)) if searcher.num_docs else 0
