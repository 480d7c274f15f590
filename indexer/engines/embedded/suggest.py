"""People by the beginnings of the words of their name."""

from typing import Final

import tantivy
from tantivy import Occur

from directory.search.engine import Hit
from indexer.engines.analysis import analyzers, clean
from indexer.engines.embedded.ids import read_ids
from indexer.engines.embedded.question import unscored, visible
from indexer.engines.embedded.schema import schema
from indexer.engines.embedded.views import View
from indexer.engines.names import LONGEST_PREFIX

MOST: Final = 50
MOST_WORDS: Final = 8


def suggest_people(view: View, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]:
    """People every typed word begins a word of whose name, those with the largest factor first."""
    words = [word[:LONGEST_PREFIX] for word in analyzers().folded.analyze(clean(prefix))][:MOST_WORDS]
    searcher = view.searcher
    if not words or not searcher.num_docs or limit < 1:
        return []
    terms = [(Occur.Must, tantivy.Query.term_query(schema(), "name_prefix", word)) for word in words]
    conditions = tantivy.Query.boolean_query([*((occur, unscored(term)) for occur, term in terms), *visible(schema(), scope, exclude)])
    query = tantivy.Query.const_score_query(conditions, 1.0)
    found = searcher.search(query, min(limit, MOST, searcher.num_docs), count=False, weight_by_field="weight").hits
    addresses = [address for _, address in found]
    rows = zip(read_ids(searcher, addresses), searcher.fast_field_values("version", addresses), found, strict=True)
    return sorted([Hit(person, int(version or 0), score) for person, version, (score, _) in rows], key=lambda hit: (-hit.score, hit.id))
