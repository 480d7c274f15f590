"""One mentor, as the public may see them."""

import re
from typing import Final

from directory.core.clock import Clock
from directory.core.errors import Gone, NotFound
from directory.services.cards import CardMaker, MentorPage
from directory.store import ledger, profiles
from directory.store.session import Store

SHAPE: Final = re.compile(r"m[0-9a-z]{11}")
"""Of person ids; what can't be one is not looked for."""


class MentorService:
    """Reads one profile through the gate; never asks the index."""

    def __init__(self, store: Store, cards: CardMaker, clock: Clock) -> None:
        self._store = store
        self._cards = cards
        self._clock = clock

    def page(self, mentor_id: str, *, scope: str = "public") -> MentorPage:
        """The mentor's page. Raises NotFound, or Gone for somebody who was listed once; nothing more is said of either."""
        if not SHAPE.fullmatch(mentor_id):
            raise NotFound("There is no mentor with this id.")
        now = self._clock()
        with self._store.read() as conn:
            row = profiles.by_ids(conn, [mentor_id]).get(mentor_id)
            if row is not None and row.visible(scope, now):
                return self._cards.page(row, now.date())
            events = ledger.of_people(conn, [mentor_id]).get(mentor_id, [])
        if any(event.purpose == "listing" and event.state == "granted" for event in events):
            raise Gone("This mentor is no longer listed.")
        raise NotFound("There is no mentor with this id.")
