import contextlib
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import json_stream
from connectors.json_stream import BadJson, TooLarge, iter_items, iter_lines, loads_strict

Items = list[tuple[int, bytes | TooLarge]]

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(['"', "\\", "}{", "]["]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


class Dribble(io.RawIOBase):
    """A stream that gives `step` bytes at a time, so that every token meets the border of a chunk."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__()
        self._data = data
        self._step = step

    def read(self, _amount: int = -1) -> bytes:
        piece, self._data = self._data[: self._step], self._data[self._step :]
        return piece


def items(data: bytes, key: str = "items", limit: int = 1000, step: int = 10**9) -> tuple[Items, dict[str, object]]:
    stream = iter_items(Dribble(data, step), key, max_item_bytes=limit)  # type: ignore[arg-type]  # only read() is used
    return list(stream), stream.meta


def failure(data: bytes, key: str = "items", step: int = 10**9) -> tuple[Items, str]:
    got: Items = []
    with pytest.raises(BadJson) as caught:
        got.extend(iter_items(Dribble(data, step), key, max_item_bytes=1000))  # type: ignore[arg-type]  # as above
    assert caught.value.offset is not None
    return got, str(caught.value)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 10**9])
@pytest.mark.parametrize(
    ("data", "found", "meta"),
    [
        (b'{"items": []}', [], {}),
        (b'\xef\xbb\xbf \n{ "items" :\t[ ] } \r\n', [], {}),
        (b'{"items": [{"a": 1}, {"b": [2, "]}"]}]}', [b'{"a": 1}', b'{"b": [2, "]}"]}'], {}),
        (b'{"items":[1,-2.5e3,true,null,"x","",[],{}]}', [b"1", b"-2.5e3", b"true", b"null", b'"x"', b'""', b"[]", b"{}"], {}),
        (b'{"items": ["\\"", "\\\\", "\\\\\\"]"]}', [b'"\\""', b'"\\\\"', b'"\\\\\\"]"'], {}),
        (
            b'{"total": 2, "next": "https://feed.example.org/?a=\\"}]", "items": [1 , 2 ], "done": false, "none": null}',
            [b"1", b"2"],
            {"total": 2, "next": 'https://feed.example.org/?a="}]', "done": False, "none": None},
        ),
        (b'{"meta": {"cursor": "x", "list": [1]}, "skip": [1, [2]], "items": [3]}', [b"3"], {"meta": {"cursor": "x", "list": [1]}}),
        (b'{"other": {"items": [9]}, "\\u0069tems": [3]}', [b"3"], {"other": {"items": [9]}}),
    ],
)
def test_items_and_meta(data: bytes, found: list[bytes], meta: dict[str, object], step: int) -> None:
    assert items(data, step=step) == (list(enumerate(found)), meta)


@pytest.mark.parametrize("step", [1, 10**9])
def test_top_level_array(step: int) -> None:
    assert items(b' [ {"a": 1},2 ] ', key="", step=step) == ([(0, b'{"a": 1}'), (1, b"2")], {})


@given(
    st.lists(VALUES, max_size=6), st.dictionaries(TEXT, VALUES, max_size=3), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans()
)
def test_items_are_the_documents_items(values: list[Any], others: dict[str, Any], step: int, indent: int | None, ascii_only: bool) -> None:
    document = {**{f"_{name}": value for name, value in others.items()}, "items": values, "end": "x"}
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    found, meta = items(data, limit=10**6, step=step)
    assert [index for index, _ in found] == list(range(len(values)))
    assert [json.loads(raw) for _, raw in found if isinstance(raw, bytes)] == values
    assert meta["end"] == "x"
    for name, value in others.items():
        if not isinstance(value, list):
            assert meta[f"_{name}"] == value


@given(st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_every_cut_is_noticed_after_the_items_before_it(values: list[Any], draw: st.DataObject) -> None:
    data = json.dumps({"items": values, "end": 1}).encode()
    cut = draw.draw(st.integers(0, len(data) - 1))
    got, message = failure(data[:cut], step=draw.draw(st.integers(1, 50)))
    assert [json.loads(raw) for _, raw in got if isinstance(raw, bytes)] == values[: len(got)]
    assert message.endswith(tuple(f" at byte {offset}" for offset in range(cut + 1)))


@given(st.binary(max_size=40), st.integers(1, 10))
def test_any_bytes_give_items_or_bad_json(data: bytes, step: int) -> None:
    for key in ("", "items"):
        with contextlib.suppress(BadJson):
            items(data, key=key, step=step)


@pytest.mark.parametrize(
    ("data", "found", "message"),
    [
        (b"", [], "the document ends early, expected a JSON object with the member 'items' at byte 0"),
        (b"  ", [], "the document ends early, expected a JSON object with the member 'items' at byte 2"),
        (b"<!doctype html>", [], "found '<', expected a JSON object with the member 'items' at byte 0"),
        (b"\x1f\x8b\x08", [], "found '\\x1f', expected a JSON object with the member 'items' at byte 0"),
        (b"[1]", [], "found '[', expected a JSON object with the member 'items' at byte 0"),
        (b'"items"', [], "found '\"', expected a JSON object with the member 'items' at byte 0"),
        (b"\xff\xfe{\x00}\x00", [], "the document is not in UTF-8 at byte 0"),
        (b"{\x00}\x00", [], "the document is not in UTF-8 at byte 0"),
        (b"{}", [], "no member 'items' in the top-level object, which ends at byte 2"),
        (b'{"mentors": []}', [], "no member 'items' in the top-level object, which ends at byte 15"),
        (b'{"items": {}}', [], "found '{', expected the array of 'items' at byte 10"),
        (b'{"items": null}', [], "found 'n', expected the array of 'items' at byte 10"),
        (b'{"items" [1]}', [], "found '[', expected ':' at byte 9"),
        (b"{items: [1]}", [], "found 'i', expected a member name at byte 1"),
        (b'{"items": [1], }', [b"1"], "found '}', expected a member name at byte 15"),
        (b'{"items": [1, 2', [b"1"], "the document ends inside a value at byte 15"),
        (b'{"items": [1, {"a": "x', [b"1"], "the document ends inside a value at byte 22"),
        (b'{"items": [1, {"a": "x\\', [b"1"], "the document ends inside a value at byte 22"),
        (b'{"items": [1, {}', [b"1", b"{}"], "the document ends early, expected ',' or ']' at byte 16"),
        (b'{"items": [1, 2]', [b"1", b"2"], "the document ends early, expected ',' or '}' at byte 16"),
        (b'{"items": [1 2]}', [b"1"], "found '2', expected ',' or ']' at byte 13"),
        (b'{"items": [1,, 2]}', [b"1"], "found ',', expected a value at byte 13"),
        (b'{"items": [1,]}', [b"1"], "found ']', expected a value at byte 13"),
        (b'{"items": [,]}', [], "found ',', expected a value at byte 11"),
        (b'{"items": [{"a": 1]}', [], "']' closes a bracket of the other kind at byte 19"),
        (b'{"items": [1]} x', [b"1"], "found 'x', expected the end of the document at byte 15"),
        (b'{"items": [1]}{"items": [2]}', [b"1"], "found '{', expected the end of the document at byte 14"),
        (
            b'{"items": [1], "items": [2]}',
            [b"1"],
            "member 'items' occurs twice or is more than number 1000 of the top-level object at byte 23",
        ),
        (b'{"a": NaN, "items": []}', [], "NaN is not a JSON number at byte 6"),
        (b'{"a": , "items": []}', [], "found ',', expected a value at byte 6"),
        (b'{"a": "\\u0000", "items": []}', [], "NUL character at byte 6"),
        (b'{"\xff": 1, "items": []}', [], "str is not valid UTF-8: surrogates not allowed at byte 1"),
    ],
)
@pytest.mark.parametrize("step", [1, 10**9])
def test_bad_documents(data: bytes, found: list[bytes], message: str, step: int) -> None:
    assert failure(data, step=step) == (list(enumerate(found)), message)


def test_too_many_members() -> None:
    data = json.dumps({**{str(number): 1 for number in range(1000)}, "items": []}).encode()
    assert failure(data)[1].startswith("member 'items' occurs twice or is more than number 1000 of the top-level object")


def test_too_long_member_name() -> None:
    data = json.dumps({"x" * 9000: 1, "items": []}).encode()
    assert failure(data)[1] == "a member name of 9002 bytes; allowed are 8192 at byte 1"


@pytest.mark.parametrize("step", [1, 64, 10**9])
def test_large_item_is_passed_over(step: int) -> None:
    large = json.dumps({"bio": 'x\\"{[' * 500, "n": [[1], {}]}).encode()
    data = b'{"items": [1, ' + large + b', "' + b"y" * 1500 + b'", ' + b"7" * 1001 + b", " + b"8" * 1000 + b", 2]}"
    assert items(data, step=step)[0] == [
        (0, b"1"),
        (1, TooLarge(len(large), 1000)),
        (2, TooLarge(1502, 1000)),
        (3, TooLarge(1001, 1000)),
        (4, b"8" * 1000),
        (5, b"2"),
    ]


def test_large_member_is_left_out_of_meta() -> None:
    data = json.dumps({"big": {"x": "y" * 9000}, "text": "z" * 9000, "small": 1, "items": [1]}).encode()
    assert items(data) == ([(0, b"1")], {"small": 1})


def test_bad_item_does_not_end_the_feed() -> None:
    deep = b"[" * 400 + b"]" * 400
    data = b'{"items": [' + deep + b', NaN, {"a": 1, "a": 2}, 1e999, {"ok": true}]}'
    outcomes = []
    for _, raw in items(data)[0]:
        try:
            outcomes.append(loads_strict(raw) if isinstance(raw, bytes) else raw)
        except BadJson as exc:
            outcomes.append(exc.message)
    assert outcomes == [
        "nesting deeper than 32 levels",
        "NaN is not a JSON number",
        "member 'a' occurs twice in one object",
        "number too large for a double",
        {"ok": True},
    ]


def test_hostile_depth_ends_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MAX_OPEN_BRACKETS", 1000)
    got, message = failure(b'{"items": [1, ' + b"[" * 5000)
    assert (got, message) == ([(0, b"1")], "more than 1000 open brackets at byte 1015")


def test_memory_is_bounded_by_one_item() -> None:
    class Endless(io.RawIOBase):
        """24 MiB of items, one of them of 8 MiB, that never exist as a whole."""

        def __init__(self) -> None:
            super().__init__()
            self._pieces = self._make()

        @staticmethod
        def _make() -> Iterator[bytes]:
            small = (b'{"a": "' + b"x" * 1000 + b'"},') * 256
            yield b'{"items": ['
            yield from (small for _ in range(32))
            yield b'{"large": "'
            yield from (b"y" * 2**18 for _ in range(32))
            yield b'"},'
            yield from (small for _ in range(32))
            yield b'{}], "next": "n"}'

        def read(self, _amount: int = -1) -> bytes:
            return next(self._pieces, b"")

    stream = iter_items(Endless(), "items", max_item_bytes=64 * 1024)  # type: ignore[arg-type]  # only read() is used
    tracemalloc.start()
    count = sum(1 for _ in stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 64 * 256 + 2
    assert stream.meta == {"next": "n"}
    assert peak < 3 * 2**20


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"1\n2\n", [(1, b"1"), (2, b"2")]),
        (b"\xef\xbb\xbf1\r\n\r\n \n2", [(1, b"1"), (4, b"2")]),
        (b"12345678\n", [(1, b"12345678")]),
        (b"12345678\r\n1", [(1, b"12345678"), (2, b"1")]),
        (b"12345678", [(1, b"12345678")]),
        (b"123456789\n1\n", [(1, TooLarge(9, 8)), (2, b"1")]),
        (b"123456789", [(1, TooLarge(9, 8))]),
        (b"x" * 1000 + b"\r\n1", [(1, TooLarge(1000, 8)), (2, b"1")]),
        (b"x" * 1000, [(1, TooLarge(1000, 8))]),
        (b"1234567\r\r\n2", [(1, b"1234567"), (2, b"2")]),
        (b"12345678\r\r\n2", [(1, TooLarge(10, 8)), (2, b"2")]),
        (b"1\x002\n", [(1, b"1\x002")]),
    ],
)
def test_lines(data: bytes, found: Items) -> None:
    assert list(iter_lines(io.BytesIO(data), max_line_bytes=8)) == found


def test_lines_longer_than_a_chunk() -> None:
    size = json_stream.CHUNK * 2 + 5
    assert list(iter_lines(io.BytesIO(b"x" * size + b"\n1"), max_line_bytes=10)) == [(1, TooLarge(size, 10)), (2, b"1")]


@pytest.mark.parametrize("step", [1, 7, 1500, json_stream.CHUNK])
def test_of_what_is_too_large_the_beginning_is_kept(step: int) -> None:
    large = b'{"id": "b", "bio": "' + b"x" * 3000 + b'"}'
    ((_, found),) = items(b'{"items": [' + large + b"]}", step=step)[0]
    assert isinstance(found, TooLarge)
    assert large.startswith(found.head)
    assert 1000 <= len(found.head) <= json_stream.HEAD_BYTES
    ((_, line),) = iter_lines(io.BytesIO(large), max_line_bytes=2000)
    assert isinstance(line, TooLarge)
    assert line.head == large[: json_stream.HEAD_BYTES]
