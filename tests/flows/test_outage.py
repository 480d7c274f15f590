"""Elasticsearch fails in every way it can, under the whole product: readers are told in time, nothing that is written is lost, whoever
withdraws is gone at once, and afterwards index and store agree."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client, TestResponse

from directory import work
from directory.app import Bounded, create_app
from directory.bootstrap import Parts, build
from directory.core.errors import Unavailable
from directory.store import outbox
from directory.store.outbox import Backlog
from directory.work import Worker
from indexer.worker import Drained
from tests.engines.conftest import elasticsearch_url
from tests.engines.fake_elasticsearch import fake_elasticsearch
from tests.flows.outage.ledger_server import Ledger
from tests.flows.outage.proxy import proxy_to
from tests.flows.outage.troubles import PLAYED, REAL, Site, Trouble
from tests.world import World, open_world, record, records

SECONDS = 2.0
"""In which a reader has an answer."""

ATTEMPTS = 2
"""After which a change that fails by itself is parked; an outage is longer than that."""

FOREIGN = ("SECRET", "exception", "node", "_shards", "Traceback")
SEARCHES = ("/api/v1/mentors", "/api/v1/mentors?q=ada&specialty=emergency-medicine", "/api/v1/suggest?q=invented")
PAGES = ("/mentors", "/mentors?q=ada")
PEOPLE = 6


@dataclass
class Installation:
    """A worker's process, a web process, and the server that they share, behind a proxy. `real` has an Elasticsearch."""

    worker: World
    parts: Parts
    web: FlaskClient
    site: Site
    real: bool

    @property
    def backlog(self) -> Backlog:
        with self.worker.store.read() as conn:
            return outbox.stats(conn)

    def metrics(self, *names: str) -> list[float]:
        families = text_string_to_metric_families(self.web.get("/metrics").text)
        found = {sample.name: sample.value for family in families for sample in family.samples}
        return [found[name] for name in names]

    def names(self) -> set[str]:
        """Whom a search shows."""
        body = self.web.get("/api/v1/mentors?limit=100").json
        assert body is not None
        assert body["total"] == len(body["items"])
        return {str(item["name"]).split()[-1].removeprefix("Invented") for item in body["items"]}

    def answer(self, path: str) -> TestResponse:
        """The answer to a request, in time; a machine that was busy gets a second try."""
        for _ in range(2):
            started = time.monotonic()
            response = self.web.get(path)
            if time.monotonic() - started < SECONDS:
                return response
        raise AssertionError(f"{path} took {time.monotonic() - started:.1f} s")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, Ledger | None]]:
    """The address of a server: a real one, or one that knows just enough to take changes."""
    if request.param == "real":
        yield elasticsearch_url(), None
        return
    ledger = Ledger()
    with fake_elasticsearch(ledger.rule) as fake:
        yield fake.url, ledger


@pytest.fixture
def installation(server: tuple[str, Ledger | None], tmp_path: Path) -> Iterator[Installation]:
    url, ledger = server
    alias = f"test-{secrets.token_hex(6)}" if ledger is None else "index"
    with proxy_to(url) as proxy, closing(Elasticsearch(url, request_timeout=20)) as client:
        given = {
            "ENGINE": "elasticsearch",
            "ELASTICSEARCH_URL": proxy.url,
            "ELASTICSEARCH_INDEX": alias,
            "ELASTICSEARCH_REPLICAS": "0",
            "ELASTICSEARCH_BULK_SECONDS": "2",
            "WORKER_ATTEMPTS": str(ATTEMPTS),
        }
        with open_world(tmp_path, settings=given) as world:
            if ledger:
                ledger.spec = world.parts.engine.spec  # type: ignore[attr-defined]  # an engine's own, not the port's
            world.harvest(records(PEOPLE))
            assert world.drain() == PEOPLE
            parts = build(world.parts.settings, read_only_engine=True, clock=world.clock)
            try:
                yield Installation(world, parts, create_app(parts).test_client(), Site(proxy, alias, client), real=ledger is None)
            finally:
                parts.close()
                proxy.recover()
        if ledger is None:
            for name in client.indices.get(index=f"{alias}*", features="aliases").body:
                client.indices.delete(index=name)


def check_search(installation: Installation, trouble: Trouble, left: str, paths: Sequence[str]) -> None:
    """Readers are told, in our words and in time; who left is nowhere."""
    if trouble.searchable:
        if installation.real:
            assert left not in installation.names()
            assert left not in installation.answer("/mentors").text
        return
    for path in paths:
        response = installation.answer(path)
        assert (response.status_code, response.content_type) == (503, "application/problem+json"), path
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert response.json is not None
        assert response.json["detail"] == trouble.says
        assert not [word for word in (*FOREIGN, installation.site.alias + "-") if word in response.text]
    for path in PAGES[: len(paths)]:
        response = installation.answer(path)
        assert (response.status_code, response.mimetype) == (503, "text/html"), path
        assert int(response.headers["Retry-After"]) >= 1
        assert "This part is not available right now" in response.text
        assert not [word for word in FOREIGN if word in response.text]


def check_pages_of_people(installation: Installation, left: str, changed: str) -> None:
    """They need the store alone."""
    for path in (f"/api/v1/mentors/{left}", f"/mentors/{left}"):
        assert installation.answer(path).status_code == 410
    for path in (f"/api/v1/mentors/{changed}", f"/mentors/{changed}"):
        response = installation.answer(path)
        assert (response.status_code, "Words of the outage" in response.text) == (200, True)


def check_indexer(installation: Installation, trouble: Trouble, waiting: int) -> None:
    """Changes come back, more often than one that fails by itself may, and none is given up."""
    world = installation.worker
    for _ in range(ATTEMPTS + 1):
        with pytest.raises(Unavailable) as caught:
            world.drain()
        assert str(caught.value) == trouble.says
        backlog = installation.backlog
        assert (backlog.pending, backlog.parked, backlog.failing, backlog.trouble) == (waiting, 0, waiting, trouble.says)
        assert {row[7] for row in world.table("outbox")} == {0}
        assert world.parts.indexer.drain() == Drained()  # not again at once
        world.clock.now += timedelta(seconds=3)


def check_what_operators_see(installation: Installation, trouble: Trouble, waiting: int) -> None:
    ready = installation.answer("/readyz")
    assert ready.json is not None
    engine = ready.json["checks"]["engine"]
    if trouble.searchable:
        assert (ready.status_code, engine) == (200, "ok")
    else:
        assert (ready.status_code, ready.headers["Retry-After"]) == (503, "5")
        assert engine == trouble.says or "`mentors index rebuild`" in engine
    assert f"{waiting} changes came back from the index: {trouble.says}" in ready.json["warnings"]
    shown = installation.metrics("mentors_outbox_pending", "mentors_outbox_failing", "mentors_engine_up", "mentors_store_up")
    assert shown == [waiting, waiting, float(trouble.searchable), 1]


def check_end(installation: Installation, trouble: Trouble) -> None:
    """Nothing is lost."""
    world = installation.worker
    trouble.end(installation.site)
    if trouble.rebuild:
        response = installation.answer("/api/v1/mentors")
        assert (response.status_code, "`mentors index rebuild`" in response.text) == (503, True)
        world.parts.rebuilder.rebuild(lambda _done, _total: None)
        if installation.real:
            assert installation.names() == {f"p{number:03}" for number in range(PEOPLE + 1)} - {"p001"}
    assert world.drain() > 0
    assert installation.backlog == Backlog(0, 0, None)
    assert world.differences() == 0
    found = world.parts.verifier.compare(world.parts.engine, repair=False)
    assert (found.compared, found.total) == (PEOPLE + 1, 0)
    if installation.real:
        assert installation.names() == {f"p{number:03}" for number in range(PEOPLE + 1)} - {"p001"}
        assert "Inventedp001" not in installation.answer("/mentors").text
    ready = installation.answer("/readyz")
    assert (ready.status_code, ready.json and ready.json["warnings"]) == (200, [])
    assert installation.metrics("mentors_outbox_pending", "mentors_outbox_failing", "mentors_engine_up") == [0, 0, 1]


def check(installation: Installation, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole course of an outage."""
    world = installation.worker
    monkeypatch.setattr("indexer.engines.elasticsearch.engine.CHECKED_FOR", 0.0)
    trouble.begin(installation.site)
    check_search(installation, trouble, left="nobody", paths=SEARCHES)
    left = world.withdraw("p001")
    feed = [record("p000", headline="Words of the outage"), *records(PEOPLE, start=1)]
    assert world.harvest(feed).status == "complete"
    waiting = installation.backlog.pending
    assert waiting == 3
    check_search(installation, trouble, left="p001", paths=SEARCHES[:1])
    check_pages_of_people(installation, left, world.person("p000"))
    check_indexer(installation, trouble, waiting)
    check_what_operators_see(installation, trouble, waiting)
    check_end(installation, trouble)


@pytest.mark.parametrize("server", ["stand-in", "real"], indirect=True)
@pytest.mark.parametrize("name", PLAYED)
def test_an_outage_between_here_and_the_server(installation: Installation, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(installation, PLAYED[name], monkeypatch)


@pytest.mark.parametrize("server", ["real"], indirect=True)
@pytest.mark.parametrize("name", REAL)
def test_an_outage_of_the_index(installation: Installation, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check(installation, REAL[name], monkeypatch)


@pytest.mark.parametrize("server", ["stand-in", "real"], indirect=True)
def test_the_worker_goes_on_by_itself_and_logs_why_it_waits(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(work, "PAUSE_AFTER_ERROR", 0.05)
    world, trouble = installation.worker, PLAYED["wrong credentials"]
    trouble.begin(installation.site)
    world.withdraw("p001")
    worker = Worker(world.parts)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        wait(lambda: installation.backlog.failing == 1)
        trouble.end(installation.site)
        world.clock.now += timedelta(seconds=3)
        wait(lambda: installation.backlog.pending == 0)
    finally:
        worker.stop()
        thread.join(20)
    assert world.differences() == 0
    assert f"index: {trouble.says}" in [entry.getMessage() for entry in caplog.records]
    assert "SECRET" not in caplog.text


def wait(until: Callable[[], bool]) -> None:
    """At most half a minute."""
    for _ in range(300):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("server", ["stand-in"], indirect=True)
def test_searches_that_hang_leave_room_for_pages_that_need_no_search(installation: Installation) -> None:
    """Three times as many readers search, again and again, as the process works for at once."""
    places = installation.parts.settings.web.at_once
    client = Client(Bounded(installation.web.application, places, installation.parts.metrics.refused))
    page = f"/mentors/{installation.worker.person('p000')}"
    ended = threading.Event()
    statuses: set[int] = set()

    def search() -> None:
        while not ended.wait(0.2):
            statuses.add(client.get("/api/v1/mentors").status_code)

    PLAYED["hangs"].begin(installation.site)
    assert installation.web.get("/api/v1/mentors").status_code == 503
    readers = [threading.Thread(target=search) for _ in range(3 * places)]
    for reader in readers:
        reader.start()
    try:
        seen = [client.get(page).status_code for _ in range(20) if not ended.wait(0.1)]
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert (seen, statuses) == ([200] * 20, {503})
    PLAYED["hangs"].end(installation.site)
    assert installation.worker.drain() == 0
    assert installation.web.get("/readyz").status_code == 200
