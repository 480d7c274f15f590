"""How many statements a request sends to the database: few, and as many for a hundred hits as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.api.people import Directory, invented

SEARCH = 3
"""Who is off the list (two indexed look-ups) and the profiles of the page."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """The queries that are sent meanwhile, without the beginnings of transactions."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("limit", [1, 10, 100])
@pytest.mark.parametrize("asked", [{}, {"q": "medicine"}, {"arena": "research-skills", "mode": "video", "include": "mode"}])
def test_a_search_does_not_ask_more_for_more_hits(directory: Directory, asked: dict[str, str], limit: int) -> None:
    directory.search()  # names of institutions are read once
    with statements() as sent:
        page = directory.search(**asked, limit=limit)
    assert len(page["items"]) == limit or limit == 100
    assert len(sent) == SEARCH, sent


def test_a_filter_by_institution_asks_once_more(directory: Directory) -> None:
    keys = [row["key"] for view in directory.search()["facets"] if view["name"] == "institution" for row in view["buckets"]]
    with statements() as sent:
        directory.search(institution=keys)
    assert len(sent) == SEARCH + 1


@pytest.mark.parametrize(
    ("path", "arguments", "most"),
    [
        ("/api/v1/suggest", {"q": "a"}, 4),
        ("/api/v1/suggest", {"q": "zzz"}, 3),
        ("/api/v1/vocabularies/specialty", {}, 2),
        ("/api/v1/vocabularies/rank", {}, 0),
        ("/api/v1/institutions", {}, 3),
        ("/healthz", {}, 0),
    ],
)
def test_other_answers(directory: Directory, path: str, arguments: dict[str, str], most: int) -> None:
    with statements() as sent:
        directory.get(path, **arguments)
    assert len(sent) == most, sent


def test_names_of_institutions_are_one_statement_more_at_first(fresh: Directory) -> None:
    fresh.harvest(invented(fresh.parts, 30))
    fresh.index()
    sent = []
    for _ in range(2):
        with statements() as now:
            fresh.search()
        sent.append(len(now))
    assert sent == [SEARCH + 1, SEARCH]


def test_one_mentor_is_one_statement(directory: Directory) -> None:
    person = directory.search(limit=1)["items"][0]["id"]
    with statements() as sent:
        directory.get(f"/api/v1/mentors/{person}")
    assert len(sent) == 1
