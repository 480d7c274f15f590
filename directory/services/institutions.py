"""Institutions as readers see them: only those with listed mentors, with live counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from directory.core.errors import NotFound
from directory.services.arguments import SearchArguments
from directory.services.search import SearchService
from directory.store import institutions
from directory.store.session import Store

SHAPE: Final = re.compile(r"[a-z0-9-]{1,100}")
"""Of ids of institutions; what can't be one is not looked for."""


@dataclass(frozen=True, slots=True)
class InstitutionView:
    """An institution with the number of its listed mentors, and of those with a free place (`open`, on one institution only)."""

    id: str
    name: str
    ror: str
    city: str
    state: str
    mentors: int
    open: int | None = None


class InstitutionService:
    """Reads institutions from the store and their counts from the search."""

    def __init__(self, store: Store, search: SearchService) -> None:
        self._store = store
        self._search = search

    def listed(self) -> tuple[InstitutionView, ...]:
        """Institutions with at least one listed mentor, by name."""
        counts = self._search.counts(("institution",)).facets["institution"]
        with self._store.read() as conn:
            rows = institutions.get(conn, list(counts))
        views = [InstitutionView(row.id, row.name, row.ror, row.city, row.state, counts[row.id]) for row in rows.values()]
        return tuple(sorted(views, key=lambda view: (view.name.casefold(), view.id)))

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids exist."""
        with self._store.read() as conn:
            return set(institutions.get(conn, [name for name in ids if SHAPE.fullmatch(name)]))

    def listed_ids(self) -> list[str]:
        """Ids of the institutions with a listed mentor, those with most first."""
        counts = self._search.counts(("institution",)).facets["institution"]
        return sorted(counts, key=lambda name: (-counts[name], name))

    def one(self, institution_id: str) -> InstitutionView:
        """One institution. Raises NotFound for an unknown id and for one without a listed mentor."""
        with self._store.read() as conn:
            row = institutions.get(conn, [institution_id]).get(institution_id) if SHAPE.fullmatch(institution_id) else None
        if row is not None:
            chosen = SearchArguments(filters={"institution": (row.id,)}, limit=1)
            result = self._search.search(chosen, facets=("availability",))
            if result.total:
                return InstitutionView(row.id, row.name, row.ror, row.city, row.state, result.total, result.open_total)
        raise NotFound("No institution with listed mentors has this id; /api/v1/institutions lists them.")
