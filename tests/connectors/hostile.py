"""The hostile battery: the same bad content in the shape of each kind of source, and what must come of it.

Every kind delivers people `a`, `b` and `c`, of whom `b` (or the document as a whole) is what the case says.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

HEADER = "id,family name,given name,headline,research skills capacity\n"
ROW_A = "a,Example,Ann,Reads drafts,2\n"
ROW_C = "c,Example,Cem,Reads drafts,3\n"
BIG = "x" * 10_000_000
NESTED = "[" * 64 + "]" * 64
COLUMNS = 1_000_000
HTML = b"<!DOCTYPE html>\n<html><title>Sign in</title><body>Please sign in</body></html>"


@dataclass(frozen=True)
class Case:
    """One bad thing. `content` makes the whole document of a kind, or (`ucsf-profiles`) the answer about `b`.

    Expected are the ids of the items, (locator, code) of the bad items, whether the source counts as complete, a part of some notice,
    and places of problems with single values. With `refused` the source as a whole is refused, with that text in the message.
    """

    content: bytes = field(repr=False)
    ids: tuple[str, ...] = ("a", "c")
    bad: tuple[tuple[str, str], ...] = ()
    complete: bool = True
    notice: str = ""
    places: tuple[str, ...] = ()
    refused: str = ""


def sheet(row_b: str, *, header: str = HEADER) -> bytes:
    return (header + ROW_A + row_b + "\n" + ROW_C).encode()


def person(external_id: str, **more: object) -> str:
    return json.dumps({"id": external_id, "name": {"family": "Example"}, **more})


def feed(item_b: str | bytes) -> bytes:
    item = item_b.encode() if isinstance(item_b, str) else item_b
    return b'{"schema": "mentor-feed/1", "items": [\n' + person("a").encode() + b",\n" + item + b",\n" + person("c").encode() + b"\n]}"


def lines(item_b: str | bytes) -> bytes:
    item = item_b.encode() if isinstance(item_b, str) else item_b
    return b'{"schema": "mentor-feed/1"}\n' + person("a").encode() + b"\n" + item + b"\n" + person("c").encode() + b"\n"


def profile(**more: object) -> bytes:
    mentoring = {"Narrative": "I read drafts.", "Types": ["Career mentor"]}
    return json.dumps({"Profiles": [{"FirstName": "Ann", "LastName": "Example", "FacultyMentoring": mentoring, **more}]}).encode()


CSV: dict[str, Callable[[], Case]] = {
    "empty": lambda: Case(b"", refused='the file is empty; expected is a header line with "id", "family name"'),
    "html": lambda: Case(HTML, refused="web page|HTML page"),
    "truncated": lambda: Case(
        (HEADER + ROW_A + 'b,Example,"Bea,Reads dra').encode(), ("a",), (("line 3", "unclosed-quote"),), complete=False
    ),
    "nul": lambda: Case(sheet("b,Exam\0ple,Bea,,"), bad=(("line 3", "nul"),)),
    "nan": lambda: Case(sheet("b,Example,Bea,,NaN"), ("a", "b", "c"), places=('column "research skills capacity"',)),
    "nesting": lambda: Case(sheet(f'b,Example,Bea,"{NESTED}",1'), ("a", "b", "c")),
    "huge-field": lambda: Case(sheet(f"b,Example,Bea,{BIG},1"), bad=(("line 3", "too-long"),)),
    "huge-quoted-field": lambda: Case(
        sheet('b,Example,Bea,"' + ("word, word " * 9 + "\n") * 100_000 + '",1'), bad=(("lines 3 to 100003", "unclosed-quote"),)
    ),
    "encoding": lambda: Case(
        HEADER.encode() + b"a,Ex\xe4mple,Ann,,\nb,Ex\x81mple,Bea,,\nc,Example,Cem,,\n",
        bad=(("line 3", "encoding"),),
        notice="Windows-1252: 1, the first is line 2",
    ),
    "duplicates": lambda: Case(sheet("b,Example,Bea,,1\na,Other,Al,,1"), ("a", "b", "a", "c")),
    "columns": lambda: Case(sheet("b,Example" + "," * COLUMNS), bad=(("line 3", "too-long"),)),
    "header-columns": lambda: Case(
        ("id,family name" + ",x" * COLUMNS + "\n").encode(),
        refused="the header in line 1 can't be read: the line has 2000014 bytes; allowed are 65536",
    ),
    "many-cells": lambda: Case(sheet("b,Example" + "x," * 20_000), bad=(("line 3", "cell-count"),)),
    "formula": lambda: Case(
        sheet('b,Example,Bea,"=HYPERLINK(""https://x.example.org"")",1\n=1+1,Example,Di,,1'),
        ("a", "b", "c"),
        (("line 4", "formula"),),
        notice='column "headline": formulas',
    ),
    "no-rows": lambda: Case(HEADER.encode(), ()),
    "wrong-cells": lambda: Case(sheet("b,Example,Bea"), bad=(("line 3", "cell-count"),)),
    "no-id": lambda: Case(sheet(",Example,Bea,,1"), bad=(("line 3", "bad-id"),)),
}

FEED: dict[str, Callable[[], Case]] = {
    "empty": lambda: Case(b"", refused="the source is empty"),
    "html": lambda: Case(HTML, refused="web page|HTML page"),
    "truncated": lambda: Case(feed(person("b"))[:-40], ("a", "b"), complete=False),
    "nul": lambda: Case(feed(person("b", headline="a\0b")), bad=(("items/1", "bad-json"),)),
    "nan": lambda: Case(feed(person("b").replace("}}", '}, "offers": NaN}')), bad=(("items/1", "bad-json"),)),
    "nesting": lambda: Case(feed(f'{{"id": "b", "name": {NESTED}}}'), bad=(("items/1", "bad-json"),)),
    "huge-field": lambda: Case(feed(person("b", bio=BIG)), bad=(("items/1", "too-large"),)),
    "encoding": lambda: Case(feed(b'{"id": "b", "name": {"family": "Ex\xe4mple"}}'), bad=(("items/1", "bad-json"),)),
    "duplicates": lambda: Case(feed(f"{person('b')}, {person('a')}"), ("a", "b", "a", "c")),
    "columns": lambda: Case(feed('{"id": "b", ' + ", ".join(f'"k{n}": 1' for n in range(COLUMNS)) + "}"), bad=(("items/1", "too-large"),)),
    "formula": lambda: Case(feed(person("b", headline="=1+1")), ("a", "b", "c")),
    "no-rows": lambda: Case(b'{"schema": "mentor-feed/1", "items": []}', ()),
    "no-object": lambda: Case(feed('"b", 7, null, [1]'), bad=tuple((f"items/{n}", "not-an-object") for n in range(1, 5))),
    "no-id": lambda: Case(feed('{"name": {"family": "Example"}}'), bad=(("items/1", "bad-id"),)),
    "other-json": lambda: Case(b'{"error": "no"}', refused="the source is not a mentor feed in JSON: no member 'items'"),
    "list": lambda: Case(b"[]", refused="the source is not a mentor feed in JSON"),
    "other-version": lambda: Case(
        b'{"schema": "mentor-feed/9", "items": [1]}', refused='the feed says "schema": "mentor-feed/9"; read is "mentor-feed/1"'
    ),
    "utf-16": lambda: Case(feed(person("b")).decode().encode("utf-16"), refused="the document is not in UTF-8"),
    "total": lambda: Case(feed(person("b")).replace(b'"items"', b'"total": 4, "items"'), ("a", "b", "c"), complete=False),
    "brackets": lambda: Case(b'{"items": ' + b"[" * 1_100_000, refused="the source is not a mentor feed in JSON"),
}

LINES: dict[str, Callable[[], Case]] = {
    "truncated": lambda: Case(lines(person("b"))[:-12], ("a", "b"), (("line 4", "bad-json"),), complete=False),
    "nul": lambda: Case(lines(person("b") + "\0"), bad=(("line 3", "bad-json"),)),
    "nan": lambda: Case(lines('{"id": NaN}'), bad=(("line 3", "bad-json"),)),
    "nesting": lambda: Case(lines(NESTED), bad=(("line 3", "bad-json"),)),
    "huge-field": lambda: Case(lines(person("b", bio=BIG)), bad=(("line 3", "too-large"),)),
    "encoding": lambda: Case(lines(b'"\xe4"'), bad=(("line 3", "bad-json"),)),
    "duplicates": lambda: Case(lines(f"{person('b')}\n{person('a')}"), ("a", "b", "a", "c")),
    "no-rows": lambda: Case(b'{"schema": "mentor-feed/1", "total": 0}\n', ()),
    "no-object": lambda: Case(lines("7"), bad=(("line 3", "not-an-object"),)),
    "count": lambda: Case(lines(person("b")) + b'{"end": true, "count": 4}\n', ("a", "b", "c"), complete=False),
    "after-the-end": lambda: Case(lines('{"end": true, "count": 1}'), ("a",), complete=False),
}

UCSF: dict[str, Callable[[], Case]] = {
    "empty": lambda: Case(b"", bad=(("person/b", "bad-json"),)),
    "html": lambda: Case(HTML, bad=(("person/b", "bad-json"),)),
    "truncated": lambda: Case(profile()[:-9], bad=(("person/b", "bad-json"),)),
    "nul": lambda: Case(profile(Narrative="a\0b"), bad=(("person/b", "bad-json"),)),
    "nan": lambda: Case(profile().replace(b'"Ann"', b"NaN"), bad=(("person/b", "bad-json"),)),
    "nesting": lambda: Case(profile().replace(b'"Ann"', NESTED.encode()), bad=(("person/b", "bad-json"),)),
    "huge-field": lambda: Case(profile(Narrative=BIG), bad=(("person/b", "too-large"),)),
    "large-field": lambda: Case(profile(Narrative=BIG[:100_000]), bad=(("person/b", "too-large"),)),
    "large-but-not-kept": lambda: Case(profile(Publications=[BIG[:100_000]] * 9), ("a", "b", "c")),
    "encoding": lambda: Case(profile().replace(b"Ann", b"\xe4"), bad=(("person/b", "bad-json"),)),
    "columns": lambda: Case(profile(**{f"k{n}": 1 for n in range(COLUMNS)}), bad=(("person/b", "too-large"),)),
    "formula": lambda: Case(profile(Narrative="=1+1"), ("a", "b", "c")),
    "wrong-types": lambda: Case(
        profile(LastName=7, Titles="x", Keywords={}, WebLinks_beta=[1, {"URL": 2}], Narrative=[]), ("a", "b", "c"), places=("LastName",)
    ),
    "no-person": lambda: Case(b'{"Profiles": []}', bad=(("person/b", "no-profile"),)),
    "error-with-200": lambda: Case(b'{"error": "No such person"}', bad=(("person/b", "no-profile"),)),
    "list": lambda: Case(b"[]", bad=(("person/b", "no-profile"),)),
}
