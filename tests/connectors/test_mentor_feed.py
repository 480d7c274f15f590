"""The mentor feed: pages, lines, withdrawals, and when a feed counts as complete."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Limits
from directory.core.errors import SourceError, SourceRefused
from tests.connectors.hostile import HTML, lines, person
from tests.connectors.reading import Outcome, client, connect, read, source
from tests.fakes.source_server import Response, Route, SourceServer, failing, ok


def page(*ids: str, **more: object) -> bytes:
    return json.dumps({"schema": "mentor-feed/1", "items": [{"id": key, "name": {"family": "Vale"}} for key in ids], **more}).encode()


def over_http(routes: dict[str, Route], path: str = "/feed", **config: object) -> Outcome:
    with SourceServer(routes) as server, client() as http:
        return read(connect(source("mentor-feed", url=server.url(path), **config), http))


def in_file(tmp_path: Path, content: bytes, name: str = "feed.json", **config: object) -> Outcome:
    (tmp_path / name).write_bytes(content)
    return read(connect(source("mentor-feed", path=tmp_path / name, **config)))


# pages


def test_pages_are_followed_to_the_last() -> None:
    routes: dict[str, Route] = {
        "/feed": ok(page("a", "b", next="more?page=2", total=5), ETag='"v7"'),
        "/more": ok(page("c", next="/last", total=5)),
        "/last": ok(page("d", "e", total=5, next=None)),
    }
    outcome = over_http(routes)
    assert outcome.ids == ["a", "b", "c", "d", "e"]
    assert [item.locator for item in outcome.items] == ["items/0", "items/1", "items/0 of page 2", "items/0 of page 3", "items/1 of page 3"]
    assert (outcome.completion.complete, outcome.completion.total, outcome.completion.etag) == (True, 5, '"v7"')


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (failing(500), "page 2 can't be read: 127.0.0.1 answered 500; expected is 200"),
        (failing(404), "page 2 can't be read: 127.0.0.1 answered 404; expected is 200"),
        (
            Response(200, {"Content-Type": "application/json"}, HTML),
            "page 2 can't be read: the source is a web page, not a mentor feed in JSON",
        ),
        (ok(page("c")[:-9]), "page 2 is not complete: the document ends"),
        (
            ok(page("c").replace(b"feed/1", b"feed/2")),
            'page 2 can\'t be read: the feed says "schema": "mentor-feed/2"; read is "mentor-feed/1"',
        ),
        (ok(page("c", total=9)), "the feed says that it has 9 items; 3 were found"),
        (ok(page("c", next="/feed")), "page 3 is one that was read before; the pages form a loop"),
        (ok(page("c", next="/more#2")), "page 3 is one that was read before; the pages form a loop"),
        (ok(page("c", next="https://elsewhere.example.org/3")), "page 3 is on another host than the feed; it was not read"),
        (ok(page("c", next="http://[bad")), "page 2 has a next page with an address that can't be read"),
        (ok(page("c", next=7)), "page 2 has a next page that can't be followed; allowed is an address, in a feed from an address"),
    ],
)
def test_what_is_wrong_with_a_later_page_leaves_the_items_before_it(second: Response, reason: str) -> None:
    outcome = over_http({"/feed": ok(page("a", "b", next="/more")), "/more": second})
    assert outcome.ids[:2] == ["a", "b"]
    assert not outcome.completion.complete
    assert outcome.completion.reason.startswith(reason)


def test_endless_pages_end() -> None:
    def route(request: object) -> Response:
        number = len(server.requests)
        return ok(page(str(number), next=f"/feed?page={number + 1}"))

    with SourceServer({"/feed": route}) as server, client() as http:
        outcome = read(connect(source("mentor-feed", url=server.url("/feed"), limits=Limits(max_pages=3)), http))
    assert (outcome.ids, outcome.completion.reason) == (["1", "2", "3"], "the feed has more than 3 pages; the others were not read")


def test_the_token_goes_to_every_page() -> None:
    with SourceServer({"/feed": ok(page("a", next="/more")), "/more": ok(page("b"))}) as server, client() as http:
        read(connect(source("mentor-feed", url=server.url("/feed"), token_env="X", token="t0ken"), http))
        assert [request.headers["authorization"] for request in server.requests] == ["Bearer t0ken"] * 2


def test_an_id_is_the_same_in_all_pages() -> None:
    outcome = over_http({"/feed": ok(page("a", next="/more")), "/more": ok(page(" a "))})
    assert [(item.locator, item.external_id) for item in outcome.items] == [("items/0", "a"), ("items/0 of page 2", "a")]


def test_a_file_has_one_page(tmp_path: Path) -> None:
    outcome = in_file(tmp_path, page("a", next="/more"))
    assert (outcome.ids, outcome.completion.complete) == (["a"], False)


def test_a_total_that_differs_makes_the_feed_incomplete(tmp_path: Path) -> None:
    assert in_file(tmp_path, page("a", total=1)).completion.complete
    assert in_file(tmp_path, page("a", total=2)).completion.reason == "the feed says that it has 2 items; 1 were found"


def test_a_feed_that_does_not_say_what_it_is(tmp_path: Path) -> None:
    assert in_file(tmp_path, b'{"items": []}').notices == ['the feed does not say "schema": "mentor-feed/1"; it was read as that']


# lines


@pytest.mark.parametrize(
    ("name", "options"), [("feed.ndjson", {}), ("feed.JSONL", {}), ("feed.txt", {"format": "ndjson"}), ("feed.json", {"format": "ndjson"})]
)
def test_what_is_read_line_by_line_in_a_file(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    assert in_file(tmp_path, lines(person("b")), name, options=options).ids == ["a", "b", "c"]


@pytest.mark.parametrize(("path", "content_type"), [("/feed", "application/x-ndjson; charset=utf-8"), ("/feed.ndjson", "text/plain")])
def test_what_is_read_line_by_line_over_http(path: str, content_type: str) -> None:
    response = Response(200, {"Content-Type": content_type}, lines(person("b")))
    assert over_http({path: response}, path).ids == ["a", "b", "c"]


def test_first_and_last_lines(tmp_path: Path) -> None:
    body = f'\ufeff{{"schema": "mentor-feed/1", "total": 2}}\n\n{person("a")}\r\n{person("b")}\n{{"end": true, "count": 2}}'.encode()
    outcome = in_file(tmp_path, body, "feed.ndjson")
    assert ([item.locator for item in outcome.items], outcome.completion.complete, outcome.completion.total) == (
        ["line 3", "line 4"],
        True,
        2,
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"schema": "mentor-feed/1", "total": 3}\n' + person("a"), "the feed says that it has 3 items; 1 were found"),
        (person("a") + '\n{"end": true, "count": 2}', "the feed says that it has 2 items; 1 were found"),
        (person("a") + "\n" + person("b")[:-5], "the last line is not complete"),
        ('{"end": true, "count": 0}\n' + person("a"), "line 2 follows the line that says the feed has ended"),
    ],
)
def test_lines_that_are_not_complete(tmp_path: Path, content: str, reason: str) -> None:
    completion = in_file(tmp_path, content.encode(), "feed.ndjson").completion
    assert (completion.complete, completion.reason) == (False, reason)


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ('{"schema": "mentor-feed/1", "next": "https://faculty.example.org/2"}\n' + person("a"), 1),
        (person("a") + '\n{"end": true, "count": 1, "next": 2}', 2),
    ],
)
def test_lines_have_one_page(tmp_path: Path, content: str, number: int) -> None:
    outcome = in_file(tmp_path, content.encode(), "feed.ndjson")
    reason = f"line {number} has a next page that can't be followed; lines have one page"
    assert (outcome.ids, outcome.notices, outcome.completion.complete, outcome.completion.reason) == (["a"], [reason], False, reason)
    empty = content.replace('"https://faculty.example.org/2"', '""').replace('"next": 2', '"next": null')
    assert in_file(tmp_path, empty.encode(), "feed.ndjson").completion.complete


def test_lines_of_another_version(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="mentor-feed/2"):
        in_file(tmp_path, b'{"schema": "mentor-feed/2"}\n', "feed.ndjson")


# items


def test_withdrawals_and_records_side_by_side(tmp_path: Path) -> None:
    items = [
        {"id": "a", "withdrawn": True, "at": "2026-11-02"},
        {"id": 7, "name": {"family": "Roe"}, "institution": {"name": "Example Lakes"}},
    ]
    outcome = in_file(tmp_path, json.dumps({"schema": "mentor-feed/1", "total": 2, "items": items}).encode())
    assert (outcome.ids, outcome.problems, outcome.completion.complete) == (["a", "7"], [], True)
    assert outcome.parsed["a"].tombstone is not None
    assert outcome.parsed["7"].record is not None
    assert outcome.parsed["7"].record.facts.institution is not None
    assert outcome.parsed["7"].record.facts.institution.name == "Example Lakes"


@pytest.mark.parametrize("withdrawn", ["false", "f", "true", "", 0, 1, [], {}])
def test_a_withdrawal_that_can_t_be_read_rejects_the_item(tmp_path: Path, withdrawn: object) -> None:
    outcome = in_file(tmp_path, json.dumps({"schema": "mentor-feed/1", "items": [json.loads(person("a", withdrawn=withdrawn))]}).encode())
    ((_, place, _, message, fatal),) = outcome.problems
    assert (place, message, fatal) == ("withdrawn", "must be true or false", True)
    assert (outcome.parsed["a"].record, outcome.parsed["a"].tombstone) == (None, None)


def test_places_are_paths_into_the_item(tmp_path: Path) -> None:
    item = {"id": "a", "name": {"family": "Roe"}, "offers": [{"arena": "research", "topics": ["stats", "sailing"]}]}
    outcome = in_file(tmp_path, json.dumps({"schema": "mentor-feed/1", "items": [item]}).encode())
    ((locator, place, value, _, fatal),) = outcome.problems
    assert (locator, place, value, fatal) == ("items/0", "offers.0.topics.1", "sailing", False)


@given(st.binary(max_size=300), st.sampled_from(["json", "ndjson"]), st.booleans())
def test_no_bytes_are_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes, form: str, with_head: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "strange.json"
    path.write_bytes(b'{"schema": "mentor-feed/1", "items": [{"id": "a"},' * with_head + content)
    try:
        outcome = read(connect(source("mentor-feed", path=path, options={"format": form})))
    except SourceError:
        return
    assert all(bad.message.isprintable() for bad in outcome.bad)
