"""What every kind in the registry must do: the same promises, and the same hostile battery from a file and over HTTP."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.base import EXCERPT_LENGTH, Connector, Limits, Validators
from connectors.registry import KINDS
from directory.core.errors import SourceError, SourceRefused
from directory.core.profile import Institution
from tests.connectors.hostile import BIG, CSV, FEED, LINES, UCSF, Case, feed, lines, person, profile, sheet
from tests.connectors.reading import Outcome, client, connect, read, source
from tests.fakes.source_server import Request, Response, Route, SourceServer, failing

MEMORY = 40 * 2**20
"""Bytes that reading a hostile source may take at its worst; the sources themselves have up to 17 MB."""
TYPES = {"Career mentor": {"arena": "career-development"}}


def answer(body: bytes, content_type: str) -> Response:
    return Response(200, {"Content-Type": content_type}, body)


@dataclass(frozen=True)
class Delivery:
    """A way in which a kind of source arrives: builds its connector over some content."""

    kind: str
    battery: dict[str, Callable[[], Case]]
    good: Callable[[], bytes]
    suffix: str = ""
    content_type: str = ""

    @contextmanager
    def connector(self, content: bytes, folder: Path, **config: object) -> Iterator[Connector]:
        """A connector of the content, which may ask only while the context lasts."""
        if self.kind == "ucsf-profiles":
            routes: dict[str, Route] = {"/v2/": lambda request: self._profile(request, content)}
            with SourceServer(routes) as server, client() as http:
                options = {"source": "tests", "names": ["a", "b", "c"], "requests_per_second": 1000, "mentoring_types": TYPES}
                yield connect(source(self.kind, options={**options, "base_url": server.url("/v2/")}, **config), http)
        elif self.content_type:
            with SourceServer({"/source": answer(content, self.content_type)}) as server, client() as http:
                yield connect(source(self.kind, url=server.url("/source"), **config), http)
        else:
            path = folder / f"source{self.suffix}"
            path.write_bytes(content)
            yield connect(source(self.kind, path=path, **config))

    @staticmethod
    def _profile(request: Request, content: bytes) -> Response:
        return answer(content if "ProfilesURLName=b" in request.query else profile(), "application/json; charset=utf-8")


DELIVERIES = {
    "csv-file": Delivery("csv", CSV, lambda: sheet("b,Example,Bea,,1"), ".csv"),
    "csv-http": Delivery("csv", CSV, lambda: sheet("b,Example,Bea,,1"), content_type="text/csv; charset=utf-8"),
    "feed-file": Delivery("mentor-feed", FEED, lambda: feed(person("b")), ".json"),
    "feed-http": Delivery("mentor-feed", FEED, lambda: feed(person("b")), content_type="application/json"),
    "lines-file": Delivery("mentor-feed", LINES, lambda: lines(person("b")), ".ndjson"),
    "lines-http": Delivery("mentor-feed", LINES, lambda: lines(person("b")), content_type="application/x-ndjson"),
    "ucsf": Delivery("ucsf-profiles", UCSF, profile),
}
BATTERY = [pytest.param(d, case, id=f"{name}-{label}") for name, d in DELIVERIES.items() for label, case in d.battery.items()]


@pytest.fixture(params=list(DELIVERIES.values()), ids=list(DELIVERIES))
def delivery(request: pytest.FixtureRequest) -> Delivery:
    found: Delivery = request.param
    return found


def test_every_kind_is_here() -> None:
    assert {delivery.kind for delivery in DELIVERIES.values()} == set(KINDS)
    assert all(name == kind.name for name, kind in KINDS.items())


@pytest.mark.parametrize("name", ["empty", "html", "truncated", "nul", "nan", "nesting", "huge-field", "encoding", "columns", "formula"])
def test_every_kind_gets_the_same_battery(name: str) -> None:
    assert [battery for battery in (CSV, FEED, UCSF) if name not in battery] == []


def _reading(connector: Connector) -> tuple[Outcome | SourceError, int]:
    """What came of it, and the most memory that it took."""
    tracemalloc.start()
    try:
        try:
            return read(connector), tracemalloc.get_traced_memory()[1]
        except SourceError as exc:
            return exc, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("delivery", "case"), BATTERY)
def test_hostile_sources(delivery: Delivery, case: Callable[[], Case], tmp_path: Path) -> None:
    expected = case()
    with delivery.connector(expected.content, tmp_path) as connector:
        outcome, memory = _reading(connector)
    assert memory < MEMORY + (len(expected.content) if delivery.content_type or delivery.kind == "ucsf-profiles" else 0)
    if expected.refused:
        assert isinstance(outcome, SourceRefused)
        assert any(part in str(outcome) for part in expected.refused.split("|")), str(outcome)
        return
    assert isinstance(outcome, Outcome)
    assert tuple(outcome.ids) == expected.ids
    assert tuple(outcome.faults) == expected.bad
    assert (outcome.completion.complete, bool(outcome.completion.reason)) == (expected.complete, not expected.complete)
    assert any(expected.notice in notice for notice in outcome.notices) or not expected.notice
    assert [place for place in expected.places if place not in {problem[1] for problem in outcome.problems}] == []
    for bad in outcome.bad:
        assert bad.message
        assert bad.message.isprintable()
        assert bad.excerpt.isprintable()
        assert len(bad.excerpt) <= EXCERPT_LENGTH
        assert not set(bad.excerpt) & set("<>&")


def test_the_id_of_a_broken_item_is_kept_where_it_can_be_told(tmp_path: Path) -> None:
    told = {
        "csv-file": [sheet("b,Exam\0ple,Bea,,"), sheet(f"b,{BIG},Bea,,"), sheet("b,Example"), sheet('"b","Bea,,,1')],
        "feed-file": [feed('{"id": "b", "name": NaN}'), feed('{"name": 01, "id": "b"}')],
        "lines-file": [lines('{"id": "b", "name": "\\ud800"}')],
    }
    large = f'{{"id": "b", "bio": "{BIG[:100_000]}"}}'
    told["feed-file"] += [feed(large), feed(large.replace('"b"', "7")), feed(large.replace('{"id"', '{"headline": "x", "id"'))]
    told["lines-file"] += [lines(large)]
    for name, contents in told.items():
        for content in contents:
            with DELIVERIES[name].connector(content, tmp_path) as connector:
                assert [bad.external_id for bad in read(connector).bad] == ["7" if b'"id": 7' in content else "b"]


def test_an_id_that_can_t_be_told_is_not_guessed(tmp_path: Path) -> None:
    for start in (
        '{"id": 7.5, ',
        '{"id": ' + "7" * 70_000 + ", ",
        '{"id": "b\\u0063", ',
        f'{{"bio": "{BIG[:2000]}", "id": "b", ',
        '{"id": null, ',
    ):
        with DELIVERIES["feed-file"].connector(feed(f'{start}"note": "{BIG[:70_000]}"}}'), tmp_path) as connector:
            assert [(bad.code, bad.external_id) for bad in read(connector).bad] == [("too-large", "")]


def test_a_good_source(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.connector(delivery.good(), tmp_path) as connector:
        assert connector.kind == delivery.kind
        outcome = read(connector)
    assert (outcome.ids, outcome.bad, outcome.problems) == (["a", "b", "c"], [], [])
    assert outcome.completion.complete
    for external_id, parsed in outcome.parsed.items():
        assert parsed.record is not None
        assert parsed.record.external_id == external_id
        assert parsed.record.facts.institution == Institution(
            "Example University of the Plains", "https://ror.org/05h9q1g27", "Lincoln", "NE"
        )


def test_the_same_content_has_the_same_hash_and_other_content_another(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.connector(delivery.good(), tmp_path) as connector:
        first, second = read(connector).items, read(connector).items
    with delivery.connector(delivery.good().replace(b"Example", b"Sample"), tmp_path) as connector:
        changed = read(connector).items
    assert [item.raw_hash for item in first] == [item.raw_hash for item in second]
    assert len({item.raw_hash for item in first}) == (3 if delivery.kind != "ucsf-profiles" else 1)
    assert all(len(item.raw_hash) == 16 for item in first)
    assert [new.raw_hash == old.raw_hash for new, old in zip(changed, first, strict=True)].count(True) <= 2


def test_mapping_is_pure(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.connector(delivery.good(), tmp_path) as connector:
        items = read(connector).items
        before = repr(items[0].data)
        assert connector.map(items[0]) == connector.map(items[0])
        assert repr(items[0].data) == before


def test_the_contract_follows_the_configuration(delivery: Delivery, tmp_path: Path) -> None:
    def contract(**config: object) -> str:
        with delivery.connector(delivery.good(), tmp_path, **config) as connector:
            return connector.contract

    assert contract() == contract()
    assert len({contract(), contract(institution=Institution("Example Lakes")), contract(consent="none")}) == 3


def test_repr_of_events_hides_people(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.connector(delivery.good(), tmp_path) as connector:
        outcome = read(connector)
    assert "Example" not in repr(outcome.items)


def test_more_items_than_allowed_are_not_read(delivery: Delivery, tmp_path: Path) -> None:
    with delivery.connector(delivery.good(), tmp_path, limits=Limits(max_items=2)) as connector:
        outcome = read(connector)
    assert outcome.ids == ["a", "b"]
    assert not outcome.completion.complete
    assert " 2 " in outcome.completion.reason


def test_consent_is_not_read_where_the_source_may_not_speak(tmp_path: Path) -> None:
    agreed = {"consent": [{"purpose": "listing", "state": "granted"}]}
    for name, content in (("csv-file", b"id,family name,consent\nb,Example,yes\n"), ("feed-file", feed(person("b", **agreed)))):
        for consent, count in (("explicit", 1), ("none", 0)):
            with DELIVERIES[name].connector(content, tmp_path, consent=consent) as connector:
                record = read(connector).parsed["b"].record
                assert record is not None
                assert len(record.consent) == count


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
def test_http_errors_refuse_the_source(kind: str, status: int) -> None:
    with SourceServer({"/source": failing(status)}) as server, client() as http:
        connector = connect(source(kind, url=server.url("/source")), http)
        with pytest.raises(SourceError, match=f"answered {status}"):
            read(connector)


@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
def test_a_broken_transfer_gives_nothing(kind: str) -> None:
    body = sheet("b,Example,Bea,,1") if kind == "csv" else feed(person("b"))
    cut = Response(200, {}, body, close_after=len(body) - 5)
    with SourceServer({"/source": cut}) as server, client() as http:
        connector = connect(source(kind, url=server.url("/source")), http)
        with pytest.raises(SourceError, match="closed the connection before its answer was complete"):
            read(connector)


@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
def test_a_copy_that_is_still_good_is_not_read_again(kind: str) -> None:
    def route(request: Request) -> Response:
        headers = {"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 00:00:00 GMT"}
        return Response(304, headers) if request.headers.get("if-none-match") == '"v1"' else Response(200, headers, body)

    body = sheet("b,Example,Bea,,1") if kind == "csv" else feed(person("b"))
    with SourceServer({"/source": route}) as server, client() as http:
        connector = connect(source(kind, url=server.url("/source")), http)
        first = read(connector).completion
        assert (first.complete, first.not_modified, first.etag) == (True, False, '"v1"')
        again = read(connector, Validators(first.etag, first.last_modified))
    assert (again.items, again.completion.complete, again.completion.not_modified) == ([], True, True)
    assert (again.completion.etag, again.completion.last_modified) == ('"v1"', "Tue, 24 Nov 2026 00:00:00 GMT")


@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
def test_a_token_is_sent_and_a_missing_one_stops_the_source(kind: str) -> None:
    body = sheet("b,Example,Bea,,1") if kind == "csv" else feed(person("b"))
    with SourceServer({"/source": answer(body, "text/plain")}) as server, client() as http:
        config = source(kind, url=server.url("/source"), token_env="TOKEN_X", token="t0ken")
        read(connect(config, http))
        assert server.requests[0].headers["authorization"] == "Bearer t0ken"
        with pytest.raises(SourceRefused, match="the environment variable TOKEN_X is not set; it must hold the token of source plains"):
            read(connect(source(kind, url=server.url("/source"), token_env="TOKEN_X"), http))
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
@pytest.mark.parametrize(("name", "message"), [("missing.csv", "No such file or directory"), ("", "Is a directory")])
def test_a_file_that_can_t_be_opened(kind: str, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=f"of source plains can't be read: {message}"):
        read(connect(source(kind, path=tmp_path / name)))


@pytest.mark.parametrize("kind", ["csv", "mentor-feed"])
@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"PK\x03\x04", "zip file or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "old Excel workbook"),
        (b"\x1f\x8b", "gzip"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_other_formats_are_named(kind: str, start: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(start + b"\0" * 100)
    with pytest.raises(SourceRefused, match=name):
        read(connect(source(kind, path=path)))
