"""Words that nobody uses, replaced by what an abbreviation in small letters may mean, or by the nearest words that somebody uses.

The replacements travel in the cursor, so that the next pages answer the same question even if the index has changed since.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from directory.core.errors import InvalidCursor
from directory.search.engine import Group, Phrase, Query, SearchEngine, SearchRequest, Word
from directory.search.understanding import QueryReader

NEAREST: Final = 3
"""Words searched for instead of one that nobody uses."""

LONGEST_CURSOR: Final = 8000
BETWEEN: Final = "."
"""Between the engine's cursor and the replacements; the cursor itself is base64 and never holds it."""

Replacements = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that nobody uses, and the likeliest of what was searched for instead."""

    typed: str
    used: str


def replacements(engine: SearchEngine, reader: QueryReader, request: SearchRequest) -> Replacements:
    """For every word of the query that no visible mentor uses: what to search for beside it, if there is anything."""
    scope, absent = request.scope, request.exclude
    words = [word for group in request.query if (word := _word(group)) and not engine.matches(word, scope=scope, exclude=absent)]
    found = {
        word: reader.abbreviated(word) or tuple(engine.corrections(word, scope=scope, exclude=absent, limit=NEAREST)) for word in words
    }
    return {word: near for word, near in found.items() if near}


def corrected(query: Query, replaced: Replacements) -> tuple[Query, tuple[Correction, ...]]:
    """The query with the replacements as further alternatives, and what to tell the person who typed it."""
    groups = []
    told = []
    for group in query:
        near = replaced.get(_word(group), ())
        groups.append(Group(group.typed, (*group.alternatives, *map(_alternative, near))) if near else group)
        told += [Correction(group.typed, near[0])] if near else []
    return tuple(groups), tuple(told)


def pack(cursor: str, replaced: Replacements) -> str:
    """A cursor that holds the replacements; empty on the last page."""
    if not cursor or not replaced:
        return cursor
    return f"{cursor}{BETWEEN}{base64.urlsafe_b64encode(json.dumps(replaced, separators=(',', ':')).encode()).decode()}"


def unpack(text: str) -> tuple[str, Replacements]:
    """The engine's cursor and the replacements. Raises InvalidCursor for what `pack` did not make."""
    if len(text) > LONGEST_CURSOR:
        raise InvalidCursor("The cursor is too long.", where="cursor")
    cursor, mark, packed = text.partition(BETWEEN)
    if not mark:
        return cursor, {}
    try:
        replaced = json.loads(base64.b64decode(packed, altchars=b"-_", validate=True))
        return cursor, {_text(word): tuple(map(_text, near)) for word, near in replaced.items()}
    except (binascii.Error, ValueError, RecursionError, AttributeError, TypeError):
        raise InvalidCursor("The cursor is damaged.", where="cursor") from None


def _word(group: Group) -> str:
    first = group.alternatives[0]
    return first.text if isinstance(first, Word) else ""


def _alternative(text: str) -> Word | Phrase:
    words = tuple(text.split())
    return Word(text) if len(words) == 1 else Phrase(words)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
