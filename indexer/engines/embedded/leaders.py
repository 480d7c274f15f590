"""The first hits of everybody: the first pages that every visitor sees.

To find them, all mentors are looked at, which at a million takes a hundred times longer than the rest of the answer. A view never
changes, so it keeps them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import Searcher

from indexer.engines.embedded.question import Question
from indexer.engines.embedded.ranking import Found, Ranking

KEPT: Final = 1000
"""Fifty pages of twenty; who walks further asks the index."""


@dataclass(frozen=True, slots=True)
class Leaders:
    """The first hits in order; `whole`: there are no others."""

    hits: Sequence[Found]
    whole: bool


def read_leaders(searcher: Searcher, question: Question) -> Leaders:
    """For audience and order of a question; what else was asked does not matter."""
    hits, _ = Ranking(searcher, question.of_everybody()).page(0, KEPT, 0)
    return Leaders(hits, len(hits) < KEPT)
