"""Physical lines of a spreadsheet export: encodings and line ends as they come, memory bounded by one line."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from connectors.documents import refuse_foreign
from directory.core.errors import SourceRefused

CHUNK: Final = 256 * 1024
HEAD: Final = 500
WANTED: Final = "a CSV file"
_UTF8_MARK: Final = codecs.BOM_UTF8
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end. With a `fault` the text is what could be read of it. `open` marks a last line without an end."""

    number: int
    text: str = field(repr=False)
    fault: str = ""
    code: str = ""
    position: int = 0
    open: bool = False


class Lines:
    """Iterator over the lines of a document. `guessed` counts those that were read as Windows-1252, `first_guessed` is the first.

    Raises `SourceRefused` at once for a document that is no text.
    """

    def __init__(self, stream: IO[bytes], *, max_bytes: int) -> None:
        self.guessed = 0
        self.first_guessed = 0
        self._stream = stream
        self._max_bytes = max_bytes
        start = stream.read(CHUNK)
        refuse_foreign(start, WANTED)
        self._encoding = next((name for mark, name in _UTF16.items() if start.startswith(mark)), "utf-8")
        if self._encoding == "utf-8" and b"\0\0\0" in (start[0:6:2], start[1:6:2]):
            raise SourceRefused("the source looks like UTF-16 without a byte order mark; save it as CSV in UTF-8")
        start = start.removeprefix(_UTF8_MARK) if self._encoding == "utf-8" else start[2:]
        self._pieces = self._decoded(start)

    def __iter__(self) -> Iterator[Line]:
        for number, (raw, size, is_open) in enumerate(self._split(), 1):
            if size > self._max_bytes:
                text = raw.decode("utf-8", "replace").replace("\0", " ")
                yield Line(number, text, f"the line has {size} bytes; allowed are {self._max_bytes}", "too-long", open=is_open)
            else:
                yield self._line(number, raw, is_open=is_open)

    def _line(self, number: int, raw: bytes, *, is_open: bool) -> Line:
        try:
            text = raw.decode()
        except UnicodeDecodeError as exc:
            try:
                text = raw.decode("cp1252")
            except UnicodeDecodeError:
                message = "the line is neither UTF-8 nor Windows-1252; save the file as CSV in UTF-8"
                return Line(number, raw.decode("utf-8", "replace"), message, "encoding", exc.start, is_open)
            self.guessed += 1
            self.first_guessed = self.first_guessed or number
        if "\r" in text:
            text = text.replace("\r", " ")  # a line end of another system inside a cell
        if "\0" in text:
            return Line(number, text, "the line holds a NUL character", "nul", text.index("\0"), is_open)
        if self._encoding != "utf-8" and "\ufffd" in text:
            return Line(number, text, "the line holds a damaged UTF-16 character", "encoding", text.index("\ufffd"), is_open)
        return Line(number, text, open=is_open)

    def _decoded(self, start: bytes) -> Iterator[bytes]:
        """The document in UTF-8, piece by piece; other 8-bit encodings stay as they are until a line is known."""
        decoder = codecs.getincrementaldecoder(self._encoding)("replace") if self._encoding != "utf-8" else None
        piece = start
        while piece:
            yield decoder.decode(piece).encode() if decoder else piece
            piece = self._stream.read(CHUNK)
        if decoder and (rest := decoder.decode(b"", final=True)):
            yield rest.encode()

    def _split(self) -> Iterator[tuple[bytes, int, bool]]:
        """Lines as (bytes, size, whether the end is missing); of a line that is too long only the beginning is kept."""
        rest, head, dropped, end = b"", b"", 0, b""
        for piece in self._pieces:
            end = end or (b"\r" if b"\r" in piece and b"\n" not in piece else b"\n")
            first, *others = piece.split(end)
            rest += first
            for other in others:
                rest = rest.removesuffix(b"\r")
                yield self._kept(head or rest), dropped + len(rest), False
                rest, head, dropped = other, b"", 0
            if dropped or len(rest) > self._max_bytes + 1:
                head, dropped, rest = head or rest[:HEAD], dropped + len(rest), b""
        if rest or dropped:
            yield self._kept(head or rest), dropped + len(rest), True

    def _kept(self, raw: bytes) -> bytes:
        return raw if len(raw) <= self._max_bytes else raw[:HEAD]
