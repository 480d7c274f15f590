"""What may go wrong between here and the servers, in own words: no sentence of theirs reaches a reader or a log.

Their sentences may quote what was indexed. The log gets the status and the type of the error, which is a word of a fixed list.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from directory.core.errors import Unavailable
from indexer.engines.first import NO_INDEX

log = logging.getLogger(__name__)

TYPE: Final = re.compile(r"[a-z][a-z_]{2,80}")
SOON: Final = 5
LATER: Final = 30
OPERATOR: Final = 60
"""Seconds: after a moment, when load has gone, when somebody has done something about it."""

SLOW: Final = "The search engine did not answer in time."
UNREACHABLE: Final = "The search engine can't be reached."
UNTRUSTED: Final = "The certificate of the search engine is not trusted: see [elasticsearch] ca_certs."
FOREIGN: Final = "What answers at the address of the search engine is not Elasticsearch: see [elasticsearch] url."
NOT_LET_IN: Final = "The search engine does not accept the credentials of this program: see [elasticsearch] api_key, username and password."
NOT_ALLOWED: Final = "The search engine does not let this program do what it needs to: see the rights of its key or user."
OTHER_LAYOUT: Final = "The search index is of another version of this program: run `mentors index rebuild`."
IN_THE_WAY: Final = (
    "An index that this program did not make has the name of the search index, which is an alias: remove it, then run "
    "`mentors index rebuild`."
)
FULL: Final = "The disk of the search engine is full, so nothing can be written to the index until there is room."
PROTECTED: Final = "The search index is protected against writing."
BUSY: Final = "The search engine has too much to do."
REFUSED: Final = "The search engine refused a request of this program."
FAILING: Final = "The search engine can't answer now."


class Slow(Unavailable):
    """No answer in time."""


class Refused(Unavailable):
    """A request that the server takes for wrong, for no reason that is known here."""


def unavailable(status: int, kinds: frozenset[str] = frozenset(), *, foreign: bool = False) -> Unavailable:
    """For an HTTP status and the types of the error; `foreign` when the answer did not have the form of an error of Elasticsearch."""
    if "cluster_block_exception" in kinds:
        return Unavailable(FULL, retry_after=LATER) if status == 429 else Unavailable(PROTECTED, retry_after=LATER)
    if status == 401:
        return Unavailable(NOT_LET_IN, retry_after=OPERATOR)
    if status == 403:
        return Unavailable(NOT_ALLOWED, retry_after=OPERATOR)
    if status in (413, 429):
        return Unavailable(BUSY, retry_after=SOON)
    if status >= 500:
        return Unavailable(FAILING, retry_after=SOON)
    if foreign:
        return Unavailable(FOREIGN, retry_after=OPERATOR)
    if kinds & {"index_not_found_exception", "aliases_not_found_exception"}:
        return Unavailable(NO_INDEX, retry_after=OPERATOR)
    if kinds & {"strict_dynamic_mapping_exception", "query_shard_exception"} and "too_many_clauses" not in kinds:
        return Unavailable(OTHER_LAYOUT, retry_after=OPERATOR)
    return Refused(REFUSED, retry_after=OPERATOR)


def kinds_of(error: ApiError) -> frozenset[str]:
    """All types in the body of an error, of causes too; empty when it is not an error of Elasticsearch."""
    found: set[str] = set()
    left: list[object] = [error.body]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left.extend(part)
        elif isinstance(part, dict):
            left.extend(part.values())
            if isinstance(part.get("type"), str) and TYPE.fullmatch(part["type"]):
                found.add(part["type"])
    return frozenset(found)


def translate(error: ApiError | TransportError) -> Unavailable:
    """What the rest of the program is told."""
    if isinstance(error, UnsupportedProductError | SerializationError):
        return Unavailable(FOREIGN, retry_after=OPERATOR)
    if isinstance(error, ConnectionTimeout):
        return Slow(SLOW, retry_after=SOON)
    if isinstance(error, TlsError):
        return Unavailable(UNTRUSTED, retry_after=OPERATOR)
    if isinstance(error, TransportError):
        return Unavailable(UNREACHABLE, retry_after=SOON)
    kinds = kinds_of(error)
    return unavailable(error.status_code, kinds, foreign=not kinds)


@contextmanager
def translated() -> Iterator[None]:
    """Every error of the client leaves as Unavailable, without the original behind it."""
    try:
        yield
    except ApiError as error:
        kinds = ", ".join(sorted(kinds_of(error)))
        log.warning("elasticsearch answered %d %s", error.status_code, kinds)
        raise translate(error) from None
    except TransportError as error:
        log.warning("elasticsearch gave no answer: %s", type(error).__name__)
        raise translate(error) from None
