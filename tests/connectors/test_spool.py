import gzip
import io
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.spool import IN_MEMORY, PIECE, CutShort, spool
from directory.core.errors import SourceRefused


def take(wire: bytes, *, gzipped: bool, piece: int = PIECE, max_bytes: int = 2**24, max_ratio: int = 100) -> bytes:
    stream = io.BytesIO(wire)
    body, size = spool(
        lambda amount: stream.read(min(amount, piece)), gzipped=gzipped, host="feed.example.org", max_bytes=max_bytes, max_ratio=max_ratio
    )
    with body:
        data = body.read()
    assert size == len(data)
    return data


@given(st.lists(st.binary(max_size=200), max_size=5), st.integers(1, 50))
def test_gzip_members_in_any_pieces_give_the_same_bytes(members: list[bytes], piece: int) -> None:
    wire = b"".join(gzip.compress(member) for member in members)
    assert take(wire, gzipped=True, piece=piece) == b"".join(members)


@given(st.binary(max_size=1000), st.integers(1, 50))
def test_plain_bytes_pass_unchanged(data: bytes, piece: int) -> None:
    assert take(data, gzipped=False, piece=piece) == data


def test_large_body_goes_to_a_file_and_comes_back() -> None:
    data = random.Random(1).randbytes(IN_MEMORY * 2 + 17)
    assert take(gzip.compress(data, 1), gzipped=True) == data


def test_empty_body_is_empty_even_when_called_gzip() -> None:
    assert take(b"", gzipped=True) == b""


@given(st.binary(min_size=1, max_size=200), st.data())
def test_every_cut_of_a_packed_body_is_noticed(data: bytes, draw: st.DataObject) -> None:
    wire = gzip.compress(data)
    cut = draw.draw(st.integers(1, len(wire) - 1))
    with pytest.raises(CutShort):
        take(wire[:cut], gzipped=True)


@pytest.mark.parametrize(
    "wire",
    [b"[]", gzip.compress(b"[]") + b"junk", zlib.compress(b"[]"), b"\x1f\x8b\x08" + b"\xff" * 30],
    ids=["plain", "junk behind", "zlib", "bad header"],
)
def test_not_gzip(wire: bytes) -> None:
    with pytest.raises(SourceRefused) as caught:
        take(wire, gzipped=True)
    assert str(caught.value) == "feed.example.org sent a body that is not valid gzip"


def test_limit_counts_the_wire_too() -> None:
    wire = gzip.compress(b"") * 100  # 2,000 bytes that unpack to nothing
    with pytest.raises(SourceRefused) as caught:
        take(wire, gzipped=True, max_bytes=1999)
    assert str(caught.value) == "feed.example.org sent more than 1999 bytes; allowed are 1999 after unpacking"


def test_ratio_is_looked_at_only_beyond_the_first_mebibyte() -> None:
    small, large = bytes(2**20), bytes(2**20 + 1)
    assert take(gzip.compress(small), gzipped=True) == small
    with pytest.raises(SourceRefused) as caught:
        take(gzip.compress(large), gzipped=True)
    assert str(caught.value) == "feed.example.org sent a body that unpacks to more than 100 times its size; allowed is 100:1"
    assert take(gzip.compress(large), gzipped=True, max_ratio=2000) == large
