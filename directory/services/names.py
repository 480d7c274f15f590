"""Names of institutions, which every answer with facets needs for hundreds of keys."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from directory.store import institutions

REMEMBERED: Final = 20_000


class InstitutionNames:
    """Names by id, remembered: an institution keeps the name that its id was made from (`directory.store.institutions`)."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, conn: Connection, ids: Iterable[str]) -> dict[str, str]:
        """The name of every id; the id itself for one that is not known."""
        wanted = list(ids)
        found = {name: self._known[name] for name in wanted if name in self._known}
        if missing := [name for name in wanted if name not in found]:
            read = {row.id: row.name for row in institutions.get(conn, missing).values()}
            if len(self._known) < REMEMBERED:
                self._known.update(read)
            found |= read
        return {name: found.get(name, name) for name in wanted}
