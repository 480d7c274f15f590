"""Where a walk through pages stands: opaque to callers, bound to one question, readable by every process that serves the index."""

import base64
import binascii
import json
import math
from dataclasses import dataclass
from typing import Any, Final

from directory.core.errors import InvalidCursor
from directory.search.engine import SearchRequest
from indexer.engines.analysis import clean
from indexer.engines.asked import question_of

LONGEST: Final = 2000
TYPES: Final = (str, int, str, str, float, str)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last hit that was shown, by its score (0 where the order is another) and id."""

    score: float
    id: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """`view` is the token of the view that was read, `offset` the place of the next hit there, `anchor` the hit before it.

    `absent` fingerprints the excluded ids, which may change between two pages without making it another question.
    """

    view: str
    offset: int
    question: str
    absent: str
    anchor: Anchor


def encode(cursor: Cursor) -> str:
    """As a URL-safe string."""
    values = [cursor.view, cursor.offset, cursor.question, cursor.absent, cursor.anchor.score, cursor.anchor.id]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(text: str, request: SearchRequest) -> Cursor:
    """Raises InvalidCursor for what is not a cursor of this question."""
    values = _values(text)
    if [type(value) for value in values] != list(TYPES):
        raise _invalid("The cursor is damaged.")
    view, offset, question, absent, score, person = values
    if question != question_of(request):
        raise _invalid("The cursor belongs to another question.")
    if offset < 1 or not math.isfinite(score):
        raise _invalid("The cursor is damaged.")
    return Cursor(view, offset, question, absent, Anchor(score, clean(person)))


def _values(text: str) -> list[Any]:
    if len(text) > LONGEST:
        raise _invalid("The cursor is too long.")
    try:
        values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid("The cursor is damaged.") from error
    return values if isinstance(values, list) else []


def _invalid(message: str) -> InvalidCursor:
    return InvalidCursor(message, where="cursor")
