"""What makes a document unusable, and what every engine does to its parts."""

import hashlib
import math
import re
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Final

from directory.search.engine import Change, Document, Tombstone
from directory.search.fields import MENTOR_FACETS, MISSING, TEXTS

MARKS: Final = ("\ue000", "\ue001")
"""Enclose matches in highlights; taken out of texts, where they could only mislead."""

LONGEST_KEY: Final = 512
LAST_DAY: Final = 3_652_059
"""Ordinal of 9999-12-31."""
EPSILON: Final = 1 / 1024
REMEMBERED: Final = 4096
"""Keys whose check is remembered: those of the vocabularies come up all the time."""
_CONTROL: Final = re.compile(r"[\x00-\x1f]")


class UnusableDocument(ValueError):
    """A document that can't be indexed; the message names the field and holds no content."""


def check(change: Change) -> None:
    """Raises UnusableDocument."""
    _check_key("id", change.id)
    if type(change.version) is not int or not 0 <= change.version < 2**63:
        raise UnusableDocument("version: not a whole number from 0 to 2^63-1")
    if not isinstance(change, Tombstone):
        _check(change)


def share(person: str) -> float:
    """A tiny share of the id's own, so that equal mentors rarely tie and none comes first for the sake of an early id."""
    return int.from_bytes(hashlib.blake2b(person.encode("utf-8", "surrogatepass"), digest_size=4).digest()) / 2**32 * EPSILON


def unmarked(text: str) -> str:
    """Without what would be taken for a mark of a match, or can't be indexed."""
    return text.replace(MARKS[0], "").replace(MARKS[1], "").replace("\0", " ")


def distinct(values: Iterable[str]) -> list[str]:
    """In the order of their first appearance."""
    return list(dict.fromkeys(values))


def _check(document: Document) -> None:
    _check_names("keys", document.keys, MENTOR_FACETS)
    _check_names("texts", document.texts, TEXTS)
    for name, values in document.keys.items():
        _check_keys(name, values)
    _check_keys("scopes", document.scopes)
    for offer in document.offers:
        _check_keys("offers", (offer.arena, offer.availability))
        _check_keys("offers", offer.topics)
        _check_keys("offers", offer.levels)
    if not all(isinstance(text, str) for text in (*document.texts.values(), document.name_sort)):
        raise UnusableDocument("texts: not text")
    if not (isinstance(document.factor, int | float) and math.isfinite(document.factor) and 1 <= document.factor <= 2):
        raise UnusableDocument("factor: not a number from 1 to 2")
    if type(document.confirmed) is not int or not 0 <= document.confirmed <= LAST_DAY:
        raise UnusableDocument("confirmed: not the ordinal of a day")


def _check_names(field: str, names: Iterable[str], known: Container[str]) -> None:
    for name in names:
        if name not in known:
            raise UnusableDocument(f"{field}: no field {name!r}")


def _check_keys(field: str, keys: Iterable[str]) -> None:
    for key in keys:
        _check_key(field, key)


def _check_key(field: str, key: str) -> None:
    if not isinstance(key, str) or not _usable(key):
        raise UnusableDocument(f"{field}: not a usable key")


@lru_cache(REMEMBERED)
def _usable(key: str) -> bool:
    """Separators of combined keys are control characters, so no key may hold one."""
    return 0 < len(key) <= LONGEST_KEY and key != MISSING and not _CONTROL.search(key)
