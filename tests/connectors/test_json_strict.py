import contextlib
import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.json_strict import BadJson, loads_strict

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
NUMBERS = st.integers(-(10**40) + 1, 10**40 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20
)


def place(data: bytes) -> str:
    with pytest.raises(BadJson) as caught:
        loads_strict(data)
    assert caught.value.offset is None
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b' {"a": [1, -2.5e3, "x", true, false, null, {}]} \n', {"a": [1, -2500.0, "x", True, False, None, {}]}),
        (b"\xef\xbb\xbf{}", {}),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'{"a": ":smile:", "b\\":": "\\":", "c" : " :"}', {"a": ":smile:", 'b":': '":', "c": " :"}),
        (b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\u0001"', "\x01"),
        (b"18446744073709551616", 18446744073709551616),
        (b"-9223372036854775809", -9223372036854775809),
        (b"9" * 40, 10**40 - 1),
        (b"[1.5, " + b"9" * 40 + b"]", [1.5, 10**40 - 1]),
        (b"0." + b"3" * 500, 1 / 3),
        (b"1e-999", 0.0),
        (b"[" * 32 + b"]" * 32, None),
        (b'{"a":' * 32 + b"1" + b"}" * 32, None),
    ],
)
def test_good_json(data: bytes, value: object) -> None:
    found = loads_strict(data)
    expected = json.loads(data) if value is None else value
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"NaN", "NaN is not a JSON number at line 1, column 1"),
        (b'{"a":\n  [1, -Infinity]}', "-Infinity is not a JSON number at line 2, column 7"),
        (b"[1e999]", "number too large for a double at line 1, column 2"),
        (b"[-1E400]", "number too large for a double at line 1, column 2"),
        (b"[" + b"1" * 41 + b"]", "integer of 41 digits; allowed are 40 at line 1, column 2"),
        (b"-" + b"1" * 5000, "integer of 5000 digits; allowed are 40 at line 1, column 1"),
        (b'{"a": 1, "b": 2, "a": 1}', "member 'a' occurs twice in one object at line 1, column 18"),
        (b'{"a": 1, "\\u0061" : 2}', "member 'a' occurs twice in one object at line 1, column 10"),
        (b'{"x": {"": 1, "": 2}}', "member '' occurs twice in one object at line 1, column 15"),
        (b'{"x": ":", "y": [{"a": 1,\n"a": 2}]}', "member 'a' occurs twice in one object at line 2, column 1"),
        (b'["\\u0000"]', "NUL character at line 1, column 2"),
        (b'["\\\\\\u0000"]', "NUL character at line 1, column 2"),
        (b'{"a\\u0000b": 1}', "NUL character at line 1, column 2"),
        (b'["\x00"]', "NUL character at line 1, column 2"),
        (b'["\xc3\xa9", "\\ud800"]', "half of a surrogate pair at line 1, column 7"),
        (b'["\\udc00\\ud800"]', "half of a surrogate pair at line 1, column 2"),
        (b'["\\ud800\\u0041"]', "half of a surrogate pair at line 1, column 2"),
        (b"[" * 33 + b"]" * 33, "nesting deeper than 32 levels at line 1, column 33"),
        (b"[" * 32 + b"{}" + b"]" * 32, "nesting deeper than 32 levels at line 1, column 33"),
        (b'{"a":' * 200_000, "nesting deeper than 32 levels at line 1, column 161"),
        (b"[" * 200_000, "nesting deeper than 32 levels at line 1, column 33"),
    ],
)
def test_bad_json(data: bytes, message: str) -> None:
    assert place(data) == message


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b'["\xed\xa0\x80"]', 1, 1),
        (b"\xff", 1, 1),
        (b"", 1, 1),
        (b'{"a": 1', 1, 8),
        (b"1 2", 1, 3),
        (b"<html>", 1, 1),
        (b'{"a": 01}', 1, 7),
        (b"]" * 10, 1, 1),
        (b'{"\xc3\xa9": 1,\n "b" 2}', 2, 6),
        (b'["a\tb"]', 1, 4),
    ],
)
def test_place_of_a_syntax_error(data: bytes, line: int, column: int) -> None:
    assert place(data).endswith(f" at line {line}, column {column}")


def test_bad_json_tells_the_place_in_fields_too() -> None:
    with pytest.raises(BadJson) as caught:
        loads_strict(b"[\nNaN]")
    assert (caught.value.message, caught.value.line, caught.value.column) == ("NaN is not a JSON number", 2, 1)


@given(VALUES)
def test_whatever_json_writes_is_read_back_exactly(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1, separators=(" ,", "\n: "))):
        assert loads_strict(text.encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_bad_json(data: bytes) -> None:
    with contextlib.suppress(BadJson):
        loads_strict(data)


FRAGMENTS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b'"',
    b'"a"',
    b'"b":',
    b'"a" :',
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"1",
    b"NaN",
    b"9" * 20,
    b"1e999",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(b"".join))
def test_nothing_passes_that_a_slow_strict_reader_refuses(data: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    def no_constant(name: str) -> None:
        raise ValueError(name)

    try:
        value = loads_strict(data)
    except BadJson:
        return
    assert value == json.loads(data, object_pairs_hook=unique, parse_constant=no_constant)
    written = json.dumps(value)
    assert "Infinity" not in written
    assert "\\u0000" not in written
    assert "\\ud800" not in written


@pytest.mark.parametrize(
    "data", [b'"' + b'\\"' * 500_000, b'"' * 300_001, b"[" + b'"a":' * 200_000, b"-" * 500_000, b"1e" * 200_000, b'{"a":1,' * 100_000]
)
def test_hostile_text_takes_no_long_time(data: bytes) -> None:
    start = time.monotonic()
    with pytest.raises(BadJson):
        loads_strict(data)
    assert time.monotonic() - start < 2


def test_fast_and_slow_way_agree() -> None:
    item = {"id": "m-1", "url": "https://people.example.org/a:b", "n": [1, 2.5, {"a": None}]}
    plain, suspicious = orjson.dumps(item), orjson.dumps({**item, "x": '":'})
    assert loads_strict(plain) == item
    assert loads_strict(suspicious) == {**item, "x": '":'}
