"""The engines that a world of tests may have: embedded always, Elasticsearch where TEST_ELASTICSEARCH_URL names a server."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from elasticsearch import Elasticsearch

ENGINES = ("embedded", "elasticsearch")
WITHOUT_ELASTICSEARCH = "TEST_ELASTICSEARCH_URL is not set, see `make services`"


def server_url() -> str:
    """The server that tests may use, empty if there is none."""
    return os.environ.get("TEST_ELASTICSEARCH_URL", "")


def indexes(alias: str) -> list[str]:
    """The generations behind an alias, or on their way there, in the order in which they were made."""
    with closing(Elasticsearch(server_url(), request_timeout=20)) as client:
        return sorted(client.indices.get(index=f"{alias}-*", features="aliases").body)


def delete_indexes(alias: str) -> None:
    """Leave nothing of a test behind."""
    with closing(Elasticsearch(server_url(), request_timeout=20)) as client:
        for name in client.indices.get(index=f"{alias}-*", features="aliases").body:
            client.indices.delete(index=name)


@contextmanager
def engine_settings(engine: str) -> Iterator[Mapping[str, str]]:
    """The environment of an installation with this engine and an index of its own, which is gone at the end."""
    if engine == "embedded":
        yield {}
        return
    alias = f"test-{secrets.token_hex(6)}"
    settings = {"ENGINE": engine, "ELASTICSEARCH_URL": server_url(), "ELASTICSEARCH_INDEX": alias}
    try:
        yield {f"MENTORS_{name}": value for name, value in settings.items()} | {
            "MENTORS_ELASTICSEARCH_REPLICAS": "0",
            "MENTORS_ELASTICSEARCH_SECONDS": "20",
        }
    finally:
        delete_indexes(alias)
