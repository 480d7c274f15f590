"""Every refusal is a problem document that names the argument and what is allowed; nothing that is typed is an error of ours."""

import logging
import re
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from directory.app import MOST_BODY
from directory.core.errors import PROBLEMS, Conflict, Unavailable
from directory.search.fields import FACETS, SORTS
from directory.services.arguments import ARGUMENTS, INCLUDABLE
from tests.api.people import Directory, open_directory, record

MENTORS = "/api/v1/mentors"


def problem(response: TestResponse, slug: str) -> dict[str, Any]:
    """The problem document of a response, checked for everything that all of them have in common."""
    row = PROBLEMS[slug]
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert (response.status_code, body["status"], body["title"]) == (row.status, row.status, row.title)
    assert body["type"] == f"http://localhost/problems/{slug}"
    assert body["detail"]
    assert re.fullmatch(r"urn:incident:[0-9a-f]{12}", body["instance"])
    assert set(body) <= {"type", "title", "status", "detail", "instance", "argument", "value", "allowed"}
    assert response.headers["Cache-Control"] == "no-store"
    return body


def refused(client: FlaskClient, query: str, slug: str = "invalid-argument", path: str = MENTORS) -> dict[str, Any]:
    return problem(client.get(f"{path}?{query}"), slug)


def test_an_unknown_argument(client: FlaskClient) -> None:
    body = refused(client, "speciality=cardiology", "unknown-argument")
    assert (body["argument"], body["allowed"]) == ("speciality", list(ARGUMENTS))


@pytest.mark.parametrize("path", ["/vocabularies", "/vocabularies/arena", "/institutions", "/suggest"])
def test_an_unknown_argument_elsewhere(client: FlaskClient, path: str) -> None:
    assert refused(client, "page=2", "unknown-argument", f"/api/v1{path}")["argument"] == "page"


@pytest.mark.parametrize("facet", [name for name in FACETS if name != "institution"])
def test_an_unknown_key(client: FlaskClient, directory: Directory, facet: str) -> None:
    body = refused(client, f"{facet}=nobody-knows")
    terms = directory.parts.vocabularies[FACETS[facet].vocabulary].active()
    assert (body["argument"], body["value"], body["allowed"]) == (facet, "nobody-knows", [term.id for term in terms])
    assert f"/api/v1/vocabularies/{FACETS[facet].vocabulary}" in body["detail"]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("specialty=cardiolgy", "Did you mean cardiology"),
        ("specialty=Emergency-Medicine", "Did you mean emergency-medicine"),
        ("state=ne", "Did you mean NE?"),
        ("arena=research", "Did you mean research-skills?"),
        ("availability=opened", "Did you mean open?"),
    ],
)
def test_a_misspelt_key_gets_the_nearest(client: FlaskClient, query: str, meant: str) -> None:
    assert meant in refused(client, query)["detail"]


def test_an_unknown_institution(client: FlaskClient, directory: Directory) -> None:
    known = [row["id"] for row in directory.get("/api/v1/institutions")["items"]]
    wrong = known[0][:-1]
    body = refused(client, f"institution={wrong}")
    assert (body["argument"], body["value"], sorted(body["allowed"])) == ("institution", wrong, sorted(known))
    assert known[0] in body["detail"]


@pytest.mark.parametrize("value", ["0", "-1", "101", "ten", "1.5", "1e2", "٣", "99999999999999999999", "0x10", "1 000"])
def test_a_bad_limit(client: FlaskClient, value: str) -> None:
    body = refused(client, f"limit={quote(value)}")
    assert (body["argument"], body["value"], body["allowed"]) == ("limit", value, ["a whole number from 1 to 100"])


def test_a_bad_sort_and_include(client: FlaskClient) -> None:
    body = refused(client, "sort=best")
    assert (body["argument"], body["value"], body["allowed"]) == ("sort", "best", list(SORTS))
    body = refused(client, "include=arena")
    assert (body["argument"], body["value"], body["allowed"]) == ("include", "arena", list(INCLUDABLE))


@pytest.mark.parametrize("name", ["q", "sort", "limit", "cursor"])
def test_an_argument_that_is_given_twice(client: FlaskClient, name: str) -> None:
    given = {"q": "a", "sort": "fit", "limit": "5", "cursor": "x"}[name]
    body = refused(client, f"{name}={given}&{name}={given}")
    assert (body["argument"], body["allowed"]) == (name, ["one value"])
    assert "2 times" in body["detail"]


def test_too_long_and_too_many(client: FlaskClient) -> None:
    body = refused(client, f"q={'a' * 301}")
    assert (body["argument"], body["value"], body["allowed"]) == ("q", "a" * 80, ["at most 300 characters"])
    body = refused(client, "&".join(["arena=research-skills"] * 51))
    assert (body["argument"], body["allowed"]) == ("arena", ["at most 50 values"])
    body = refused(client, f"q={'a' * 101}", path="/api/v1/suggest")
    assert (body["argument"], body["allowed"]) == ("q", ["1 to 100 characters"])


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=a&q=b"])
def test_suggest_needs_one_beginning(client: FlaskClient, query: str) -> None:
    assert refused(client, query, path="/api/v1/suggest")["argument"] == "q"


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "%ED%A0%80", "W10", "a.b", ".", "e30.e30=", "x.W10=", "x." + "e" * 9000, "x.WzFd", "'", "%22"]
)
def test_a_damaged_cursor(client: FlaskClient, cursor: str) -> None:
    assert refused(client, f"cursor={cursor}", "invalid-cursor")["argument"] == "cursor"


def test_a_cursor_of_another_question(client: FlaskClient, directory: Directory) -> None:
    first = directory.search(q="medicine", limit=2)
    cursor = first["links"]["next"].rpartition("cursor=")[2]
    for other in ("q=research", "q=medicine&arena=research-skills", "q=medicine&sort=name", "q=medicine&mode=video&include=mode"):
        body = refused(client, f"{other}&cursor={cursor}", "invalid-cursor")
        assert (body["argument"], body["detail"]) == ("cursor", "The cursor belongs to another question.")
    assert client.get(f"{MENTORS}?q=medicine&limit=50&cursor={cursor}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing", "/api/v2/mentors", "/api/v1/mentors/", "/api/", "/api/v1", "/schemas/mentor-profile-2.json",
        "/api/v1/mentors/m00000000000", "/api/v1/mentors/x", "/api/v1/mentors/%00",
        f"/api/v1/mentors/{'m' * 5000}", "/api/v1/mentors/m0000000000%C3%A9",
        "/api/v1/vocabularies/nothing", "/api/v1/vocabularies/%F0%9F%98%80", "/api/v1/institutions/nothing", "/api/v1/institutions/%00",
        f"/api/v1/institutions/{'a' * 5000}", "/api/v1/institutions/%ED%A0%80",
    ],
)  # fmt: skip
def test_nothing_is_there(client: FlaskClient, path: str) -> None:
    problem(client.get(path), "not-found")


def test_somebody_who_is_gone(fresh: Directory) -> None:
    fresh.harvest([record("a-1", "Achterberg")])
    fresh.index()
    person = fresh.id_of("Achterberg")
    fresh.parts.consent.withdraw(person, evidence="letter")
    body = problem(fresh.client.get(f"{MENTORS}/{person}"), "gone")
    assert body["detail"] == "This mentor is no longer listed."


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/mentors", "/mentors/m00000000000", "/suggest", "/vocabularies/arena", "/institutions", "/openapi.json"])
def test_a_method_that_is_not_allowed(client: FlaskClient, method: str, path: str) -> None:
    response = client.open(f"/api/v1{path}", method=method)
    problem(response, "method-not-allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_that_is_too_large(client: FlaskClient, method: str) -> None:
    problem(client.open(MENTORS, method=method, data=b"a" * (MOST_BODY + 1)), "too-large")


def test_an_unforeseen_error_says_nothing_of_itself(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = " ".join(["Okonjo-Vale", "secret"])  # in parts, or the line of code would hold it

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(type(directory.parts.engine), "search", fail)
    with caplog.at_level(logging.ERROR):
        response = directory.client.get(f"{MENTORS}?q=Okonjo-Vale")
    body = problem(response, "internal")
    assert body["detail"] == PROBLEMS["internal"].help
    assert "Okonjo" not in response.text + caplog.text
    assert "secret" not in response.text + caplog.text
    assert body["instance"].removeprefix("urn:incident:") in caplog.text
    assert "RuntimeError" in caplog.text
    assert "directory/services/search.py" in caplog.text


def test_an_error_of_our_own_that_is_not_in_the_table_says_nothing_either(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Conflict("row of Okonjo-Vale")

    monkeypatch.setattr(type(directory.parts.engine), "search", fail)
    assert "Okonjo" not in str(problem(directory.client.get(MENTORS), "internal"))


def test_a_part_that_is_down(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("The search index can't be read.", retry_after=7)

    monkeypatch.setattr(type(directory.parts.engine), "search", fail)
    response = directory.client.get(MENTORS)
    problem(response, "unavailable")
    assert response.headers["Retry-After"] == "7"
    assert directory.client.get("/api/v1/vocabularies").status_code == 200


def test_addresses_of_problems_exist_and_follow_the_settings(client: FlaskClient, tmp_path: Any) -> None:
    for slug in PROBLEMS:
        assert client.get(f"/problems/{slug}").status_code == 200
    with open_directory(tmp_path / "x", MENTORS_WEB_BASE_URL="https://mentors.example.org") as other:
        body = other.client.get(f"{MENTORS}?limit=0", headers={"Host": "evil.example.com"}).get_json()
        assert body["type"] == "https://mentors.example.org/problems/invalid-argument"


@pytest.mark.parametrize("host", ["a b", "<script>", "[::1", "x" * 300, "é", ":"])
def test_a_strange_host_is_answered(client: FlaskClient, host: str) -> None:
    response = client.get("/api/v1/nothing", headers={"Host": host})
    assert response.status_code in (400, 404)
    assert response.content_type == "application/problem+json"


TYPED = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["AND", "OR", "NOT", "(", ")", "[", "]", "{", "}", '"', "'", ":", "*", "?", "~", "^", "\\", "/", "+", "-", "&&", "||", "\x00",
             "\x1e", "\x1f", "\u200d", "😀", "EM", "ultrasound", "the", "name:", "TO",
             "\ufeff", "\u202e", "%", "_", ";", "--", "<b>", "\ue000"]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@settings(max_examples=150)
@given(typed=TYPED)
def test_nothing_typed_is_a_syntax_error(directory: Directory, typed: str) -> None:
    response = directory.client.get(MENTORS, query_string={"q": typed, "limit": 2})
    assert response.status_code == (400 if len(typed.strip()) > 300 else 200)
    if "next" in response.get_json()["links"]:
        assert directory.client.get(response.get_json()["links"]["next"]).status_code == 200
    directory.client.get("/api/v1/suggest", query_string={"q": typed})


@settings(max_examples=100)
@given(raw=st.binary(max_size=40), name=st.sampled_from([*ARGUMENTS, "x"]))
def test_no_bytes_in_the_address_are_a_failure_of_ours(directory: Directory, raw: bytes, name: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in raw)
    for address in (f"{MENTORS}?{name}={encoded}", f"{MENTORS}?{encoded}", f"/api/v1/suggest?q={encoded}", f"{MENTORS}/{encoded}"):
        response = directory.client.get(address)
        assert response.status_code in (200, 400, 404), address
        assert response.content_type in ("application/json", "application/problem+json"), address


@pytest.mark.parametrize(
    "typed", ["a" * 300, '"' * 300, "a " * 150, "\x00" * 300, "😀" * 300, "(" * 300, "EM " * 100, '"EM" ' * 60, "é" * 300]
)
def test_long_questions(directory: Directory, typed: str) -> None:
    assert directory.client.get(MENTORS, query_string={"q": typed}).status_code == 200


def test_ten_thousand_characters_are_refused(directory: Directory) -> None:
    for path in (MENTORS, "/api/v1/suggest"):
        body = problem(directory.client.get(path, query_string={"q": "ab " * 3333 + "a"}), "invalid-argument")
        assert body["argument"] == "q"


def test_fields_that_a_form_sends_empty_count_as_not_given(directory: Directory) -> None:
    everybody = directory.search()
    empty = directory.get(MENTORS, **dict.fromkeys(ARGUMENTS, ""))
    assert (empty["total"], empty["facets"]) == (everybody["total"], everybody["facets"])


def test_a_problem_of_a_head_request_has_no_body(client: FlaskClient) -> None:
    response = client.head("/api/v1/nothing")
    assert (response.status_code, response.data) == (404, b"")
