"""The bound on requests that are worked on at once: whoever finds no place hears so quickly, and in the right form."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from directory import app
from directory.app import Bounded
from directory.core.errors import PROBLEMS


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.inside = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/api/slow":
            self.inside.release()
            assert self.let_go.wait(10)
        if environ["PATH_INFO"] == "/api/broken":
            raise RuntimeError
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]


class Busy:
    """A bounded application whose two places are taken until `free` is called."""

    def __init__(self) -> None:
        self.slow = Slow()
        self.refused = 0
        self.client = Client(Bounded(self.slow, 2, self._count))
        self.answers: list[TestResponse] = []
        self.threads = [threading.Thread(target=self._ask) for _ in range(2)]
        for thread in self.threads:
            thread.start()
        for _ in self.threads:
            assert self.slow.inside.acquire(timeout=10)

    def _count(self) -> None:
        self.refused += 1

    def _ask(self) -> None:
        self.answers.append(self.client.get("/api/slow"))

    def free(self) -> None:
        self.slow.let_go.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    monkeypatch.setattr(app, "PATIENCE", 0.05)
    made = Busy()
    yield made
    made.free()


def test_a_program_gets_a_problem_document(busy: Busy) -> None:
    response = busy.client.get("/api/v1/mentors")
    row = PROBLEMS["overloaded"]
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("1", "no-store")
    body = json.loads(response.data)
    assert body.pop("instance").startswith("urn:incident:")
    assert body == {"type": "/problems/overloaded", "title": row.title, "status": 503, "detail": row.help}
    assert busy.refused == 1


def test_a_person_gets_a_sentence(busy: Busy) -> None:
    response = busy.client.get("/mentors")
    assert (response.status_code, response.content_type) == (503, "text/plain; charset=utf-8")
    assert response.text == "Too many requests at once. Please try again in a moment.\n"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/1/site.css"])
def test_health_and_files_are_never_refused(busy: Busy, path: str) -> None:
    assert busy.client.get(path).status_code == 200


def test_places_become_free_again_also_after_an_error(busy: Busy) -> None:
    busy.free()
    assert [answer.data for answer in busy.answers] == [b"done", b"done"]
    for _ in range(5):
        with pytest.raises(RuntimeError):
            busy.client.get("/api/broken")
    assert busy.client.get("/api/v1/mentors").status_code == 200
    assert busy.refused == 0


def test_a_request_waits_a_moment_for_a_place(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PATIENCE", 10)
    timer = threading.Timer(0.1, busy.slow.let_go.set)
    timer.start()
    assert busy.client.get("/api/v1/mentors").status_code == 200
    timer.join()
