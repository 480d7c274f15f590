"""Takes the body of an answer from the wire into a temporary file, with limits on decoded bytes and on the packing ratio.

Decoding is done here and not by the HTTP library: `Content-Encoding` may name a chain of codings there, and its flush has no limit.
"""

import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from directory.core.errors import SourceRefused

PIECE = 64 * 1024
IN_MEMORY = 1024 * 1024
RATIO_FROM = 1024 * 1024
"""Decoded bytes below which the ratio is not looked at: a short list of equal rows packs well and harms nobody."""


class WireReader(Protocol):
    """The part of the HTTP library's answer that is read here."""

    def __call__(self, amount: int) -> bytes:
        """Up to `amount` bytes as they came over the wire; empty at the end."""


class CutShort(Exception):
    """The packed body ended before its end mark; the transfer was broken."""


@dataclass(slots=True)
class _Meter:
    """Counts the bytes of one body and refuses too many. `host` stands in messages."""

    host: str
    max_bytes: int
    max_ratio: int
    wire: int = 0
    decoded: int = 0

    def count_wire(self, piece: bytes) -> None:
        self.wire += len(piece)
        if self.wire > self.max_bytes:
            self.refuse_size()

    def count_decoded(self, piece: bytes) -> None:
        self.decoded += len(piece)
        if self.decoded > self.max_bytes:
            self.refuse_size()
        if self.decoded > RATIO_FROM and self.decoded > self.wire * self.max_ratio:
            raise SourceRefused(
                f"{self.host} sent a body that unpacks to more than {self.max_ratio} times its size; allowed is {self.max_ratio}:1"
            )

    def refuse_size(self) -> None:
        raise SourceRefused(f"{self.host} sent more than {self.max_bytes} bytes; allowed are {self.max_bytes} after unpacking")


def spool(read: WireReader, *, gzipped: bool, host: str, max_bytes: int, max_ratio: int) -> tuple[IO[bytes], int]:
    """Read the body to its end; returns a file positioned at its start and the number of decoded bytes.

    Memory holds one piece and at most `IN_MEMORY` bytes of the body. The caller closes the file.
    Raises `SourceRefused` (too large, not gzip), `CutShort`, or whatever `read` raises; then no file is left open.
    """
    meter = _Meter(host, max_bytes, max_ratio)
    body = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed below or by the caller
    try:
        pieces = _wire_pieces(read, meter)
        for piece in _unpack(pieces, host) if gzipped else pieces:
            meter.count_decoded(piece)
            body.write(piece)
        body.seek(0)
    except BaseException:
        body.close()
        raise
    return body, meter.decoded


def _wire_pieces(read: WireReader, meter: _Meter) -> Iterator[bytes]:
    while piece := read(PIECE):
        meter.count_wire(piece)
        yield piece


def _unpack(pieces: Iterator[bytes], host: str) -> Iterator[bytes]:
    """Decoded pieces of at most `PIECE` bytes; several gzip members in a row are one body (RFC 1952, section 2.2)."""
    decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    empty = True
    try:
        for packed in pieces:
            empty = False
            data = packed
            while data:
                if decoder.eof:
                    decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
                yield decoder.decompress(data, PIECE)
                data = decoder.unconsumed_tail or decoder.unused_data
        # All input is consumed, but output may still wait inside the decoder.
        while not decoder.eof and (rest := decoder.decompress(b"", PIECE)):
            yield rest
    except zlib.error:
        raise SourceRefused(f"{host} sent a body that is not valid gzip") from None
    if not decoder.eof and not empty:
        raise CutShort
