"""Words that visible mentors use, near a word that was typed.

The server's dictionary also has words of people who are not visible or have gone. It only proposes; what is offered was found in a
text of somebody visible.
"""

from typing import Any, Final

from rapidfuzz.distance import DamerauLevenshtein

from indexer.engines.analysis import analyzers, clean, stands
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.question import visible
from indexer.engines.elasticsearch.text import word_query

SHORTEST: Final = 4
LONG: Final = 8
LONGEST: Final = 40
"""Lengths of words: shorter than `SHORTEST` nothing is offered; from `LONG` on two edits are allowed."""

PROPOSED: Final = 100
ANY_NUMBER: Final = 2_000_000_000


def corrections(session: Session, word: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[str]:
    """Nearest first, then the most frequent; each stands in a text of somebody visible now."""
    folded = analyzers().folded.analyze(clean(word))
    if len(folded) != 1 or not SHORTEST <= len(folded[0]) <= LONGEST or limit < 1:
        return []
    near = {candidate: _distance(folded[0], candidate) for candidate in _proposed(session, folded[0])}
    near = {candidate: distance for candidate, distance in near.items() if distance}
    frequency = _frequency(session, list(near), scope=scope, exclude=exclude)
    return sorted(frequency, key=lambda candidate: (near[candidate], -frequency[candidate], candidate))[:limit]


def matches(session: Session, word: str, *, scope: str, exclude: tuple[str, ...]) -> int:
    """How many visible mentors have the word, in any form of it, in any text."""
    query = word_query(word)
    if query is None:
        return 0
    body = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [query, *visible(scope, exclude)]}}}
    return int(session.search(body)["hits"]["total"]["value"])


def _distance(word: str, candidate: str) -> int:
    """Edits between them, 0 where the candidate is not worth offering."""
    if not SHORTEST - 1 <= len(candidate) <= LONGEST or candidate.isdecimal() or not stands(candidate):
        return 0
    most = 2 if len(word) >= LONG else 1
    distance = DamerauLevenshtein.distance(word, candidate, score_cutoff=most)
    return distance if distance <= most else 0


def _proposed(session: Session, word: str) -> list[str]:
    term = {
        "field": "words",
        "suggest_mode": "always",
        "max_edits": 2 if len(word) >= LONG else 1,
        "prefix_length": 0,
        "min_word_length": SHORTEST,
        "size": PROPOSED,
        "shard_size": PROPOSED,
        "max_term_freq": ANY_NUMBER,
        "accuracy": 0.01,
    }
    answer = session.search({"size": 0, "track_total_hits": False, "suggest": {"near": {"text": word, "term": term}}})
    return [str(option["text"]) for entry in answer["suggest"]["near"] for option in entry["options"]]


def _frequency(session: Session, words: list[str], *, scope: str, exclude: tuple[str, ...]) -> dict[str, int]:
    if not words:
        return {}
    filters: dict[str, Any] = {word: {"term": {"words": word}} for word in words}
    query = {"bool": {"filter": list(visible(scope, exclude))}}
    body = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"each": {"filters": {"filters": filters}}}}
    buckets = session.search(body)["aggregations"]["each"]["buckets"]
    return {word: int(bucket["doc_count"]) for word, bucket in buckets.items() if bucket["doc_count"]}
