"""The local profile server."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from directory.demo.replay import ReplayServer

ASKING = {"source": "tests"}


def ask(url: str, **query: str) -> tuple[int, str, object]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{urlencode(query)}")
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "jane.doe.json").write_text('{"Profiles": [{"LastName": "Doe"}]}')
    (tmp_path / "secret.json").write_text("{}")
    return tmp_path / "profiles"


def test_answers_one_person(folder: Path) -> None:
    with ReplayServer(folder) as server:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        found = ask(server.url, source="tests", ProfilesURLName="jane.doe")
    assert found == (200, "application/json; charset=utf-8", {"Profiles": [{"LastName": "Doe"}]})


@pytest.mark.parametrize("name", ["john.doe", "../secret", "..%2fsecret", "", "jane.doe.json", "a" * 5000, "jane\x00doe"])
def test_other_names_are_not_found(folder: Path, name: str) -> None:
    with ReplayServer(folder) as server:
        status, _, body = ask(server.url, source="tests", ProfilesURLName=name, more="1")
    expected = 400 if not name else 404
    assert status == expected
    assert isinstance(body, dict)
    assert list(body) == ["error"]


def test_asks_for_identifier_and_source_as_the_original_does(folder: Path) -> None:
    with ReplayServer(folder) as server:
        status, _, body = ask(server.url, source="tests")
        assert (status, str(body)[:60]) == (400, "{'error': \"You didn't specify an identifier type to look up!")
        assert ask(server.url, ProfilesURLName="jane.doe")[0] == 400
        assert ask(server.url.replace("/json/v2/", "/json/v9/"), source="tests")[0] == 404


def test_serves_people_who_come_later(folder: Path) -> None:
    with ReplayServer(folder) as server:
        (folder / "late.json").write_text("{}")
        assert ask(server.url, source="tests", ProfilesURLName="late")[0] == 200


def test_ends(folder: Path) -> None:
    with ReplayServer(folder) as server:
        pass
    with pytest.raises(OSError, match="refused"):
        ask(server.url, source="tests")
