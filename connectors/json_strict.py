"""JSON as the ingest accepts it: one meaning for every reader, and nothing that a database or a later parser would choke on.

Refused beyond plain syntax: NaN and infinities, numbers too large for a double, integers of more than 40 digits, two members of the
same name in one object, NUL characters (SQLite stores them, PostgreSQL does not), halves of surrogate pairs, and nesting deeper
than 32 levels. RFC 8259 leaves all of these to the parser; I-JSON (RFC 7493) refuses most of them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from directory.core.errors import DirectoryError

MAX_DEPTH = 32
MAX_INTEGER_DIGITS = 40
BOM = b"\xef\xbb\xbf"

# orjson turns integers beyond 64 bits into doubles. 18 digits always fit.
_LONG_DIGITS = re.compile(rb"[0-9]{19}")
# Every member name ends like this, so the matches are at least as many as the members.
_NAME_ENDS = re.compile(rb'"[ \t\n\r]*:')
_TOKEN = re.compile(
    rb'"(?P<string>[^"\\]*+(?:\\.[^"\\]*+)*+)(?:"(?P<name>[ \t\n\r]*:)?|\\?\Z)'
    rb"|(?P<opening>[{\[])|(?P<closing>[}\]])|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<word>-?[A-Za-z]+)",
    re.DOTALL,
)


class BadJson(DirectoryError):
    """The bytes are not JSON as accepted here.

    The place is `line` and `column` (both from 1, in characters) for a text that was at hand as a whole, else `offset` in bytes from 0.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None, offset: int | None = None) -> None:
        place = f"byte {offset}" if line is None else f"line {line}, column {column}"
        super().__init__(f"{message} at {place}")
        self.message = message
        self.line = line
        self.column = column
        self.offset = offset


def loads_strict(data: bytes) -> object:
    """The value of a JSON text in UTF-8 (a byte order mark is skipped). Integers keep all their digits. Raises only `BadJson`."""
    data = data.removeprefix(BOM)
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise _first_fault(data) or BadJson(
            exc.msg, line=exc.lineno, column=exc.colno
        ) from None  # the library's exception keeps the whole text
    if _is_plain(data, value):
        return value
    if (fault := _first_fault(data)) is not None:
        raise fault
    return json.loads(data) if _LONG_DIGITS.search(data) else value


def _is_plain(data: bytes, value: object) -> bool:
    """True when a cheap look is enough to know that no rule is broken. A false alarm only costs the slow look.

    The parser kept one of several members of the same name, so `value` then has fewer members than the text has name ends.
    """
    members, depth, has_doubles = _measure(value)
    if depth >= MAX_DEPTH or b"\\u0000" in data or (has_doubles and _LONG_DIGITS.search(data)):
        return False
    return members == len(_NAME_ENDS.findall(data))


def _measure(value: object) -> tuple[int, int, bool]:
    """How many object members `value` holds in all, how many levels of values lie below it, and whether any number is a double."""
    members, depth, has_doubles = 0, -1, False
    level: list[Any] = [value]
    while level:
        depth += 1
        below: list[Any] = []
        for node in level:
            kind = type(node)  # the parser makes exact types only, and this is the hot loop of every import
            if kind is dict:
                members += len(node)
                below += node.values()
            elif kind is list:
                below += node
            elif kind is float:
                has_doubles = True
        level = below
    return members, depth, has_doubles


def _first_fault(data: bytes) -> BadJson | None:
    """The first broken rule of the list above with its place; None when the text breaks none, or only JSON's own syntax."""
    for message, offset in _faults(data):
        line_start = data.rfind(b"\n", 0, offset) + 1
        column = len(data[line_start:offset].decode("utf-8", "replace")) + 1
        return BadJson(message, line=data.count(b"\n", 0, offset) + 1, column=column)
    return None


def _faults(data: bytes) -> Iterator[tuple[str, int]]:
    """Messages and byte offsets, reading tokens only: one pass without recursion, whatever the text looks like."""
    names: list[set[str]] = []  # of each open container; an array's set stays empty
    for token in _TOKEN.finditer(data):
        kind = token.lastgroup
        message: str | None = None
        if kind == "opening":
            names.append(set())
            message = f"nesting deeper than {MAX_DEPTH} levels" if len(names) > MAX_DEPTH else None
        elif kind == "closing":
            names = names[:-1]
        elif kind in ("string", "name"):
            message = _string_fault(token["string"], names[-1] if names and kind == "name" else None)
        elif kind == "number":
            message = _number_fault(token["number"])
        elif token["word"].lstrip(b"-") in (b"NaN", b"Infinity"):
            message = f"{token['word'].decode()} is not a JSON number"
        if message is not None:
            yield message, token.start()


def _string_fault(raw: bytes, names: set[str] | None) -> str | None:
    """What is wrong with a string. `names` holds the member names seen in its object when it is a member name, and gets this one."""
    if b"\x00" in raw:
        return "NUL character"
    try:
        text = orjson.loads(b'"%b"' % raw)
    except orjson.JSONDecodeError as exc:
        return "half of a surrogate pair" if "surrogate in string" in exc.msg else None
    if "\x00" in text:
        return "NUL character"
    if names is None:
        return None
    if text in names:
        return f"member {text[:40]!a} occurs twice in one object"
    names.add(text)
    return None


def _number_fault(raw: bytes) -> str | None:
    digits = raw.lstrip(b"-")
    if digits.isdigit():
        return f"integer of {len(digits)} digits; allowed are {MAX_INTEGER_DIGITS}" if len(digits) > MAX_INTEGER_DIGITS else None
    try:
        return "number too large for a double" if float(raw) in (float("inf"), float("-inf")) else None
    except ValueError:
        return None  # not a number at all: the parser says so
