"""What can be wrong with Elasticsearch: how it begins, how it ends, and what the directory says of it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from indexer.engines.elasticsearch.errors import BUSY, FULL, IN_THE_WAY, NOT_LET_IN, OTHER_LAYOUT, PROTECTED, SLOW, UNREACHABLE
from indexer.engines.first import NO_INDEX
from tests.engines.fake_elasticsearch import Answer, error
from tests.flows.outage.proxy import Proxy


@dataclass(frozen=True)
class Site:
    """The proxy before the server, the alias, and a client past the proxy."""

    proxy: Proxy
    alias: str
    client: Elasticsearch

    def index(self) -> str:
        """The one index behind the alias."""
        (name,) = self.client.indices.get_alias(name=self.alias).body
        return str(name)


@dataclass(frozen=True)
class Trouble:
    """`says` is what readers and operators are told. `searchable`: only writing is hindered. `rebuild`: over when the index is rebuilt."""

    says: str
    begin: Callable[[Site], None]
    end: Callable[[Site], None] = lambda site: site.proxy.recover()
    searchable: bool = False
    rebuild: bool = False


def answering(answer: Answer) -> Callable[[Site], None]:
    """Every request gets this answer."""

    def begin(site: Site) -> None:
        site.proxy.trouble = lambda _path, _body: answer

    return begin


def answering_bulk(make: Callable[[int], Answer]) -> Callable[[Site], None]:
    """Bulk requests get the answer made for their number of changes."""

    def begin(site: Site) -> None:
        site.proxy.trouble = lambda path, body: make(len(body.splitlines()) // 2) if path.endswith("_bulk") else None

    return begin


def full(count: int) -> Answer:
    """No change is taken, each for itself."""
    problem = {"type": "cluster_block_exception", "reason": "SECRET of index"}
    return Answer(body={"items": [{"index": {"_index": "index-000001", "status": 429, "error": problem}}] * count})


def delete(site: Site) -> None:
    site.client.indices.delete(index=site.index())


def put_wrong_mapping(site: Site) -> None:
    """The index is deleted and made again by somebody who kept its label and lets the server guess the fields."""
    name = site.index()
    label = site.client.indices.get_mapping(index=name).body[name]["mappings"]["_meta"]
    delete(site)
    site.client.indices.create(index=name, aliases={site.alias: {}}, mappings={"_meta": label}, wait_for_active_shards=1)
    guessed = {"id": "somebody", "version": 1, "scope": "public", "text_name": "SECRET"}
    site.client.index(index=name, id="somebody", document=guessed, refresh=True)


def put_in_the_way(site: Site) -> None:
    """The index is deleted, and something that writes without looking makes one with the name of the alias."""
    delete(site)
    site.client.index(index=site.alias, id=secrets.token_hex(4), document={"id": "somebody"}, refresh=True)


def delete_what_is_in_the_way(site: Site) -> None:
    site.client.indices.delete(index=site.alias)


def block(setting: str, value: object) -> Callable[[Site], None]:
    """A real block of the index."""

    def put(site: Site) -> None:
        site.client.indices.put_settings(index=site.alias, settings={setting: value})

    return put


READ_ONLY = "index.blocks.read_only_allow_delete"
"""What Elasticsearch itself sets when the disk is above the flood stage."""

PLAYED: dict[str, Trouble] = {
    "refuses": Trouble(UNREACHABLE, lambda site: site.proxy.refuse()),
    "hangs": Trouble(SLOW, answering(Answer(seconds=30.0))),
    "too much to do": Trouble(BUSY, answering(error(429, "es_rejected_execution_exception"))),
    "wrong credentials": Trouble(NOT_LET_IN, answering(error(401, "security_exception"))),
    "bulk forbidden": Trouble(PROTECTED, answering_bulk(lambda _: error(403, "cluster_block_exception")), searchable=True),
    "bulk full": Trouble(FULL, answering_bulk(full), searchable=True),
}
"""By the proxy, so that any server will do."""

REAL: dict[str, Trouble] = {
    "index missing": Trouble(NO_INDEX, delete, lambda _site: None, rebuild=True),
    "wrong mapping": Trouble(OTHER_LAYOUT, put_wrong_mapping, lambda _site: None, rebuild=True),
    "index in the way": Trouble(IN_THE_WAY, put_in_the_way, delete_what_is_in_the_way, rebuild=True),
    "read-only": Trouble(FULL, block(READ_ONLY, value=True), block(READ_ONLY, value=None), searchable=True),
}
"""Done to the server itself."""
