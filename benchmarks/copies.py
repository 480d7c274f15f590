"""The same mentors in every index: brought up to the state of the store before they are compared."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from elasticsearch import Elasticsearch
from sqlalchemy import func, select

from benchmarks.installation import ELASTICSEARCH, EMBEDDED, Installation
from benchmarks.place import INDEX, Place
from benchmarks.processes import free_address, run
from benchmarks.sql_tables import fill, mark_of
from directory.bootstrap import Parts
from directory.search.engine import Document
from directory.store import profiles
from directory.store.tables import profile
from indexer.document import DocumentBuilder

PAGE: Final = 1000
SECONDS: Final = 20
"""Time limit of a search on Elasticsearch: what is slow is measured, not refused."""


def embedded(place: Place) -> Installation:
    """The installation with the embedded engine."""
    return place.installation(EMBEDDED, free_address())


def on_elasticsearch(place: Place, url: str) -> Installation:
    """The installation whose index is on a server, under a name that no other folder uses."""
    name = place.mark(INDEX) or f"benchmark-{place.size}-{secrets.token_hex(4)}"
    place.set_mark(INDEX, name)
    settings = {"URL": url, "INDEX": name, "REPLICAS": "0", "SECONDS": str(SECONDS)}
    return place.installation(
        ELASTICSEARCH,
        free_address(),
        MENTORS_ENGINE="elasticsearch",
        **{f"MENTORS_ELASTICSEARCH_{key}": value for key, value in settings.items()},
    )


def remove(installation: Installation) -> None:
    """Delete the index on the server."""
    with closing(Elasticsearch(installation.own["MENTORS_ELASTICSEARCH_URL"], request_timeout=SECONDS)) as client:
        for name in client.indices.get(index=f"{installation.own['MENTORS_ELASTICSEARCH_INDEX']}-*", features="aliases").body:
            client.indices.delete(index=name)


def is_usable(installation: Installation) -> bool:
    """Whether there is an index that this code can read, so that it need not be built."""
    with installation.parts() as parts:
        return parts.engine.status().documents > 0 and parts.health.readiness().checks.get("engine") == "ok"


def match_store(installation: Installation) -> None:
    """Repair what differs from the store: changes that the worker of the other engine has brought to its own index alone.

    Raises RuntimeError when a second look still finds something.
    """
    if run(installation, "index", "verify", "--repair").code and run(installation, "index", "verify").code:
        raise RuntimeError(f"the index on {installation.engine} differs from the store after its repair")


def fill_sql(place: Place, parts: Parts) -> None:
    """Build the file of the SQL way, unless it has what the store has."""
    with parts.store.read() as conn:
        count, versions = conn.execute(select(func.count(), func.sum(profile.c.version)).where(profile.c.listed)).one()
    mark = f"{count} {versions} {parts.vocabularies.fingerprint}"
    if mark_of(place.sql) != mark:
        fill(place.sql, _documents(parts), mark)


def _documents(parts: Parts) -> Iterator[Document]:
    """Everybody's document, by id, with memory flat."""
    builder = DocumentBuilder(parts.vocabularies, lapse_days=parts.settings.availability.days)
    after = ""
    while True:
        with parts.store.read() as conn:
            rows = profiles.page_for_index(conn, after, PAGE)
        if not rows:
            return
        changes, _ = builder.build_all(rows, parts.clock().date())
        yield from (change for change in changes if isinstance(change, Document))
        after = rows[-1].person_id
