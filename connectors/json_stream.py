"""Reads large JSON documents and newline-delimited JSON item by item, in memory bounded by the size of one item.

The scanner finds where items begin and end and checks the syntax around them. What is inside an item stays raw bytes for
`loads_strict`, so that one bad item is one rejected item and the rest of the feed is still read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Self

from connectors.json_strict import BOM, BadJson, loads_strict

__all__ = ["BadJson", "ItemStream", "TooLarge", "iter_items", "iter_lines", "loads_strict"]

CHUNK = 256 * 1024
MAX_META_BYTES = 8 * 1024
HEAD_BYTES = 1024
MAX_MEMBERS = 1000
MAX_OPEN_BRACKETS = 1_000_000

_SPACE = re.compile(rb"[ \t\n\r]*+")
# Everything up to the next bracket or unfinished string; finished strings are passed over whole.
_OUTSIDE = re.compile(rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+', re.DOTALL)
_INSIDE_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SCALAR = re.compile(rb'[^ \t\n\r,:"{}\[\]]*+')
_CLOSERS = {ord("{"): ord("}"), ord("["): ord("]")}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Stands for an item or line that was passed over: it has `size` bytes and `limit` are allowed. `head` is how it begins, at most
    `HEAD_BYTES`; how much of it there is depends on how the stream arrives."""

    size: int
    limit: int
    head: bytes = field(default=b"", repr=False, compare=False)


class ItemStream:
    """Iterator over `(index from 0, raw bytes or TooLarge)` of one array, with the document's other members in `meta`.

    `meta` holds the top-level scalars and small objects that were passed so far; it is complete when the iteration has ended.
    """

    def __init__(self, stream: IO[bytes], key: str, *, max_item_bytes: int) -> None:
        self.meta: dict[str, object] = {}
        self._scanner = _Scanner(stream)
        self._key = key
        self._limit = max_item_bytes
        self._items = self._document()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[int, bytes | TooLarge]:
        return next(self._items)

    def _document(self) -> Iterator[tuple[int, bytes | TooLarge]]:
        scanner = self._scanner
        scanner.start()
        if self._key:
            scanner.expect(b"{", f"a JSON object with the member {self._key[:40]!a}")
            yield from self._members()
        else:
            yield from self._array()
        if scanner.peek():
            raise scanner.unexpected("the end of the document")

    def _members(self) -> Iterator[tuple[int, bytes | TooLarge]]:
        scanner = self._scanner
        seen: set[str] = set()
        for name in scanner.names():
            if name in seen or len(seen) == MAX_MEMBERS:
                raise scanner.fault(f"member {name[:40]!a} occurs twice or is more than number {MAX_MEMBERS} of the top-level object")
            seen.add(name)
            if name == self._key:
                if scanner.peek() != b"[":
                    raise scanner.unexpected(f"the array of {name[:40]!a}")
                yield from self._array()
            else:
                self._keep(name)
        if self._key not in seen:
            raise scanner.fault(f"no member {self._key[:40]!a} in the top-level object, which ends")

    def _array(self) -> Iterator[tuple[int, bytes | TooLarge]]:
        scanner = self._scanner
        for index, _ in enumerate(scanner.elements()):
            yield index, scanner.take(self._limit)

    def _keep(self, name: str) -> None:
        """Pass over the value of a member that is not the array, and keep it when it is small and no array."""
        scanner = self._scanner
        is_array = scanner.peek() == b"["
        offset = scanner.offset
        raw = scanner.take(0 if is_array else MAX_META_BYTES)
        if not isinstance(raw, TooLarge):
            self.meta[name] = _load_part(raw, offset)


def iter_items(stream: IO[bytes], key: str, *, max_item_bytes: int) -> ItemStream:
    """The elements of the array in the top-level member `key`, or of a top-level array when `key` is empty, as raw bytes.

    An element of more than `max_item_bytes` comes as `TooLarge`. Raises `BadJson` with an offset where the document is cut off or
    is no JSON, after the items before that place. Brackets inside skipped members are checked, their scalars are not.
    """
    return ItemStream(stream, key, max_item_bytes=max_item_bytes)


def iter_lines(stream: IO[bytes], *, max_line_bytes: int) -> Iterator[tuple[int, bytes | TooLarge]]:
    """Lines of newline-delimited JSON as `(number from 1, line without white space around it)`. Empty lines count, but are left out."""
    number = 0
    while line := stream.readline(max_line_bytes + 2):
        number += 1
        is_open = len(line) == max_line_bytes + 2 and not line.endswith(b"\n")
        size = len(line) + _pass_line(stream) if is_open else len(line.rstrip(b"\r\n"))
        if size > max_line_bytes:
            yield number, TooLarge(size, max_line_bytes, line[:HEAD_BYTES])
            continue
        text = (line.removeprefix(BOM) if number == 1 else line).strip()
        if text:
            yield number, text


def _pass_line(stream: IO[bytes]) -> int:
    """Read to the end of the current line; returns its bytes without the line end."""
    size = 0
    while piece := stream.readline(CHUNK):
        if piece.endswith(b"\n"):
            return size + len(piece.rstrip(b"\r\n"))
        size += len(piece)
    return size


def _load_part(raw: bytes, offset: int) -> object:
    try:
        return loads_strict(raw)
    except BadJson as exc:
        raise BadJson(exc.message, offset=offset) from None


class _Scanner:
    """A window that moves over the stream. `_position` is where the next token begins inside `_buffer`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = b""
        self._position = 0
        self._before = 0  # bytes of the document that left the buffer

    @property
    def offset(self) -> int:
        """Bytes of the document before the current position."""
        return self._before + self._position

    def fault(self, message: str) -> BadJson:
        """The exception for something wrong at the current position."""
        return BadJson(message, offset=self.offset)

    def unexpected(self, wanted: str) -> BadJson:
        """The exception for a token that is not `wanted`."""
        found = self.peek()
        return self.fault(
            f"found {found.decode('latin-1')!a}, expected {wanted}" if found else f"the document ends early, expected {wanted}"
        )

    def start(self) -> None:
        """Skip a byte order mark. Raises `BadJson` for UTF-16."""
        while len(self._buffer) < len(BOM) and self._fill(0):
            pass
        if self._buffer.startswith(_UTF16_MARKS) or b"\x00" in self._buffer[:2]:
            raise self.fault("the document is not in UTF-8")
        if self._buffer.startswith(BOM):
            self._position = len(BOM)

    def peek(self) -> bytes:
        """The next byte that is not white space, which becomes the current position; empty at the end of the document."""
        while True:
            self._position = _SPACE.match(self._buffer, self._position).end()  # type: ignore[union-attr]  # matches the empty string too
            if self._position < len(self._buffer):
                return self._buffer[self._position : self._position + 1]
            if not self._fill(self._position):
                return b""

    def expect(self, byte: bytes, wanted: str) -> None:
        """Step over `byte`."""
        if self.peek() != byte:
            raise self.unexpected(wanted)
        self._position += 1

    def elements(self) -> Iterator[None]:
        """Stands at each element of an array in turn; the caller takes the element."""
        self.expect(b"[", "an array")
        yield from self._separated(b"]")

    def names(self) -> Iterator[str]:
        """Member names of an object whose brace was passed, standing at each value in turn; the caller takes the value."""
        for _ in self._separated(b"}"):
            if self.peek() != b'"':
                raise self.unexpected("a member name")
            offset = self.offset
            raw = self.take(MAX_META_BYTES)
            if isinstance(raw, TooLarge):
                raise BadJson(f"a member name of {raw.size} bytes; allowed are {raw.limit}", offset=offset)
            self.expect(b":", "':'")
            yield str(_load_part(raw, offset))

    def _separated(self, closer: bytes) -> Iterator[None]:
        if self.peek() != closer:
            yield
            while self.peek() == b",":
                self._position += 1
                yield
        self.expect(closer, f"',' or '{closer.decode()}'")

    def take(self, limit: int) -> bytes | TooLarge:
        """The raw bytes of the value at the current position, which moves behind it."""
        first = self.peek()
        brackets = bytearray()
        in_string = first == b'"'
        start, dropped, head = self._position, 0, b""
        if in_string:
            self._position += 1
        while True:
            if first in (b"{", b"["):
                complete, in_string = self._pass_container(brackets, in_string=in_string)
            elif first == b'"':
                complete = self._pass_string()
            else:
                complete = self._pass_scalar()
            if complete:
                break
            if self._position - start > limit:
                head = head or self._buffer[start : start + HEAD_BYTES]
                dropped += self._position - start
                start = self._position
            if not self._fill(start):
                raise self.fault("the document ends inside a value")
            start = 0
        size = dropped + self._position - start
        if size == 0:
            raise self.unexpected("a value")
        if size <= limit:
            return self._buffer[start : self._position]
        return TooLarge(size, limit, head or self._buffer[start : min(self._position, start + HEAD_BYTES)])

    def _pass_container(self, brackets: bytearray, *, in_string: bool) -> tuple[bool, bool]:
        """Move as far as the buffer reaches; returns whether the container is complete, and whether the buffer ends inside a string."""
        while True:
            if in_string and not self._pass_string():
                return False, True
            in_string = False
            buffer = self._buffer
            position = self._position = _OUTSIDE.match(buffer, self._position).end()  # type: ignore[union-attr]  # as above
            if position == len(buffer):
                return False, False
            self._position += 1
            byte = buffer[position]
            if byte == 0x22:
                in_string = True
            elif byte in _CLOSERS:
                brackets.append(_CLOSERS[byte])
                if len(brackets) > MAX_OPEN_BRACKETS:
                    raise self.fault(f"more than {MAX_OPEN_BRACKETS} open brackets")
            elif brackets.pop() != byte:
                raise self.fault(f"{chr(byte)!a} closes a bracket of the other kind")
            elif not brackets:
                return True, False

    def _pass_string(self) -> bool:
        """Move behind the quote that ends the current string; False when it is not in the buffer yet."""
        self._position = _INSIDE_STRING.match(self._buffer, self._position).end()  # type: ignore[union-attr]  # as above
        if self._buffer[self._position : self._position + 1] != b'"':
            return False
        self._position += 1
        return True

    def _pass_scalar(self) -> bool:
        """Move behind a number or word; False when it may go on after the buffer."""
        self._position = _SCALAR.match(self._buffer, self._position).end()  # type: ignore[union-attr]  # as above
        return self._position < len(self._buffer)

    def _fill(self, keep: int) -> bool:
        """Read on, dropping the buffer before `keep`; False at the end of the stream."""
        chunk = self._stream.read(CHUNK)
        if not chunk:
            return False
        self._buffer = self._buffer[keep:] + chunk
        self._position -= keep
        self._before += keep
        return True
