"""Where a walk through pages stands: opaque to callers, bound to one question, readable by every process that serves the index.

A cursor is signed, because it names a view of the server's, which nobody else is to choose. It holds no name: addresses get into logs.
"""

import base64
import binascii
import hashlib
import hmac
import json
import math
from dataclasses import dataclass
from typing import Any, Final

from directory.core.errors import InvalidCursor
from directory.search.engine import SearchRequest
from indexer.engines.asked import question_of

LONGEST: Final = 4000
SIGNATURE: Final = 12
TYPES: Final = (str, str, float, str, int)


@dataclass(frozen=True, slots=True)
class Cursor:
    """`view` is the name of the view that was read. `value` and `id` are of the last hit that was shown: its score, or the
    day of its confirmation. `offset` is the place of the next hit."""

    view: str
    value: float
    id: str
    offset: int


def encode(cursor: Cursor, request: SearchRequest, key: str) -> str:
    """As a URL-safe string."""
    values = [cursor.view, question_of(request), cursor.value, cursor.id, cursor.offset]
    payload = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_signature(payload, key) + payload).decode().rstrip("=")


def decode(text: str, request: SearchRequest, key: str) -> Cursor:
    """Raises InvalidCursor for what is not a cursor of this question."""
    values = _values(text, key)
    if [type(value) for value in values] != list(TYPES):
        raise _invalid("The cursor is damaged.")
    view, question, value, person, offset = values
    if question != question_of(request):
        raise _invalid("The cursor belongs to another question.")
    if offset < 1 or not math.isfinite(value):
        raise _invalid("The cursor is damaged.")
    return Cursor(view, value, person, offset)


def _values(text: str, key: str) -> list[Any]:
    if len(text) > LONGEST:
        raise _invalid("The cursor is too long.")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("The cursor is damaged.") from error
    payload = raw[SIGNATURE:]
    if not hmac.compare_digest(_signature(payload, key), raw[:SIGNATURE]):
        raise _invalid("The cursor is damaged.")
    values = json.loads(payload)
    return values if isinstance(values, list) else []


def _signature(payload: bytes, key: str) -> bytes:
    return hashlib.blake2b(payload, key=key.encode()[:64], digest_size=SIGNATURE).digest()


def _invalid(message: str) -> InvalidCursor:
    return InvalidCursor(message, where="cursor")
