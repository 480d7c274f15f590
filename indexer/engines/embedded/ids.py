"""Ids as numbers beside the documents, because reading a stored document or a text column costs many times more.

Two numbers hold the first sixteen bytes, which is more than an id of the store has; a longer id is read from its document.
"""

from collections.abc import Sequence
from typing import Final

from tantivy import DocAddress, Searcher

HEAD: Final = "id_head"
TAIL: Final = "id_tail"
WIDTH: Final = 8
"""Bytes in each number."""

LONGER: Final = 2**64 - 1
"""The tail of an id that does not fit. Eight bytes 0xFF are not UTF-8, so no other id has it."""


def head(person: str) -> int:
    """The first eight bytes. Heads are in the order of ids, but not always distinct."""
    return int.from_bytes(_bytes(person)[:WIDTH].ljust(WIDTH, b"\0"))


def numbers(person: str) -> dict[str, int]:
    """The fields of an id."""
    rest = _bytes(person)[WIDTH:]
    return {HEAD: head(person), TAIL: LONGER if len(rest) > WIDTH else int.from_bytes(rest.ljust(WIDTH, b"\0"))}


def read_ids(searcher: Searcher, addresses: Sequence[DocAddress]) -> list[str]:
    """The ids of stored documents, in the order of the addresses."""
    heads = searcher.fast_field_values(HEAD, list(addresses))
    tails = searcher.fast_field_values(TAIL, list(addresses))
    rows = zip(heads, tails, addresses, strict=True)
    return [_stored(searcher, address) if tail == LONGER else _joined(int(first or 0), int(tail or 0)) for first, tail, address in rows]


def _joined(first: int, rest: int) -> str:
    return (first << 8 * WIDTH | rest).to_bytes(2 * WIDTH).rstrip(b"\0").decode("utf-8")


def _stored(searcher: Searcher, address: DocAddress) -> str:
    return str(searcher.doc(address).get_first("id"))


def _bytes(person: str) -> bytes:
    return person.encode("utf-8", "surrogatepass")
