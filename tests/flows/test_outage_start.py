"""`mentors serve` and `mentors worker` are started while Elasticsearch is down: they begin all the same, and go on when it is back."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from directory.core.clock import system_clock
from directory.store import outbox
from tests.commands import ROOT, mentors
from tests.engines.fake_elasticsearch import fake_elasticsearch
from tests.flows.outage.ledger_server import Ledger
from tests.flows.outage.proxy import Proxy, proxy_to, unused_address
from tests.world import CONSENT, World, open_world, record

MOST_SECONDS = 60.0


@contextmanager
def running(environment: dict[str, str], command: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that works until it is told to stop, and then ends without complaint."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "directory.cli", command],
            env={"PATH": os.environ["PATH"], **environment},
            cwd=ROOT,
            stdout=file,
            stderr=file,
        )
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(MOST_SECONDS) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def ask(site: str, path: str) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionError:
        return 0, ""
    finally:
        connection.close()


def wait(until: Callable[[], bool]) -> None:
    ends = time.monotonic() + MOST_SECONDS
    while not until():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.1)


@pytest.fixture
def proxy() -> Iterator[tuple[Proxy, Ledger]]:
    """Before a server that is well, and refusing."""
    ledger = Ledger()
    with fake_elasticsearch(ledger.rule) as fake, proxy_to(fake.url) as made:
        made.refuse()
        yield made, ledger


@pytest.fixture
def world(proxy: tuple[Proxy, Ledger], tmp_path: Path) -> Iterator[World]:
    given = {"ENGINE": "elasticsearch", "ELASTICSEARCH_URL": proxy[0].url, "ELASTICSEARCH_INDEX": "index"}
    with open_world(tmp_path, settings=given) as opened:
        proxy[1].spec = opened.parts.engine.spec  # type: ignore[attr-defined]  # an engine's own, not the port's
        today = system_clock().date().isoformat()
        opened.publish([record(name, consent=[CONSENT | {"at": today}]) for name in ("a", "b")])
        yield opened


def waiting(world: World) -> outbox.Backlog:
    with world.store.read() as conn:
        return outbox.stats(conn)


def test_both_start_without_it_and_go_on_with_it(world: World, proxy: tuple[Proxy, Ledger], tmp_path: Path) -> None:
    site = unused_address()
    environment = world.environment | {"MENTORS_LISTEN": urlsplit(site).netloc}
    with running(environment, "worker", tmp_path / "worker.log"), running(environment, "serve", tmp_path / "serve.log"):
        wait(lambda: ask(site, "/healthz")[0] == 200)
        wait(lambda: waiting(world).failing == 2)  # the worker has taken the feed in, and tried
        for path in ("/api/v1/mentors", "/api/v1/suggest?q=ada", "/mentors", "/readyz"):
            status, body = ask(site, path)
            assert (status, "can&#39;t be reached" in body or "can't be reached" in body) == (503, True), path
        stays, leaves = world.person("a"), world.person("b")
        assert mentors(environment, "consent", "withdraw", leaves).code == 0
        for path in ("/mentors/{}", "/api/v1/mentors/{}"):
            assert [ask(site, path.format(person))[0] for person in (stays, leaves)] == [200, 410]
        proxy[0].recover()
        wait(lambda: waiting(world).count == 0)
        assert ask(site, "/readyz")[0] == 200
    assert {name: gone for name, (_, gone) in proxy[1].held.items()} == {stays: False, leaves: True}
    for name in ("worker", "serve"):
        said = (tmp_path / f"{name}.log").read_text()
        assert "Warning: engine: The search engine can't be reached." in said
        assert "Traceback" not in said
