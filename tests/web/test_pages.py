"""The pages as a browser without script gets them."""

import csv
import gzip
import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.app import create_app
from directory.bootstrap import Parts
from directory.core.errors import PROBLEMS, Unavailable
from directory.services.arguments import SearchArguments
from directory.services.mentors import SHAPE
from directory.web.api_sample import ANSWER, SAMPLE
from directory.web.headers import POLICY
from directory.web.static_files import read_static_files
from tests.web.document import Document
from tests.web.people import SIZE, person_id

LISTED = SIZE + 1
DASH = "\N{EN DASH}"
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
EMPTY = "/mentors?state=ME&arena=research-skills&availability=open&specialty=pediatrics&mode=phone"
PAGES = ("/", "/mentors", EMPTY, "/institutions", "/help", "/privacy", "/accessibility", "/api", "/problems/gone", "/mentors/nobody")


@pytest.fixture
def ingrid(parts: Parts) -> str:
    return person_id(parts, "Okonjo-Vale")


def read(client: FlaskClient, address: str, status: int = 200) -> Document:
    response = client.get(address)
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    return Document(response.text)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_its_frame(client: FlaskClient, address: str) -> None:
    page = Document(client.get(address).text)
    assert len(page.texts("h1")) == 1
    assert len(page.all("main", id="main")) == 1
    assert page.one("a", class_="skip").attributes["href"] == "#main"
    assert page.title.endswith(f" {DASH} Mentor directory")
    assert "Every person and institution here is an invented example." in page.one("div", class_="example").text
    levels = [int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels) if before >= 2)
    assert not [element for element in page.elements if "style" in element.attributes or element.tag == "style"]


@pytest.mark.parametrize("address", PAGES)
def test_no_link_leads_nowhere(client: FlaskClient, address: str) -> None:
    page = Document(client.get(address).text)
    for element in page.all("a"):
        target = urlsplit(element.attributes["href"])
        if target.netloc:
            continue
        if target.path:
            response = client.get(element.attributes["href"], follow_redirects=True)
            if target.path.startswith("/schemas/") and response.status_code == 404:
                continue  # served by the API, see its own tests
            assert response.status_code == 200, element.attributes["href"]
        if target.fragment:
            body = client.get(element.attributes["href"]).text if target.path else client.get(address).text
            assert f'id="{target.fragment}"' in body, element.attributes["href"]


def test_home_counts_as_the_search_does(client: FlaskClient, parts: Parts) -> None:
    page = read(client, "/")
    figures = page.texts("dd")
    assert str(LISTED) in figures
    for arena in ("research-skills", "career-development", "personal-goals"):
        result = parts.search.search(SearchArguments(filters={"arena": (arena,)}), facets=("availability",))
        assert f"{result.open_total} open of {result.total} mentors" in page.texts("p")
        assert page.all("a", href=f"/mentors?arena={arena}")
    assert page.one("svg", role="img").text.startswith("Tile map: mentors are listed in 2 states, most in Nebraska, 19;")
    assert [row for row in page.texts("tr") if row != "StateMentors"] == ["Nebraska19", "Maine18"]
    assert "Counted Nov 22, 2026, 6:10 AM Eastern" in page.texts("p")


def test_search_shows_rows_counts_and_filters(client: FlaskClient, ingrid: str) -> None:
    page = read(client, "/mentors?q=ultrasound&arena=research-skills&level=resident&specialty=emergency-medicine")
    assert page.one("h2", id="results").text == "1 mentor, open"
    assert page.title == f"1 mentor, ultrasound, Research skills, Emergency Medicine, Residents {DASH} Mentor directory"
    assert page.one("a", href=f"/mentors/{ingrid}").text == "Ingrid Okonjo-Vale, MD, MPH"
    assert page.texts("mark") == ["ultrasound"]
    assert page.texts("p", class_="fit") == ["Fits: Emergency Medicine, residents"]
    assert [element.text for element in page.all("div", class_="asked")] == ["Research skillsOpen2 of 5 places leftconfirmed 12 days ago"]
    assert page.texts("a", class_="chip")[-3:] == [
        "Remove filter Research skills", "Remove filter Emergency Medicine", "Remove filter Residents",
    ]  # fmt: skip
    boxes = page.boxes()
    assert [key for key, box in boxes.items() if "checked" in box.attributes] == [
        ("arena", "research-skills"), ("specialty", "emergency-medicine"), ("level", "resident"),
    ]  # fmt: skip
    assert page.one("meta", name="robots").attributes["content"] == "noindex"


def test_counts_of_the_sidebar_are_what_a_tick_gives(client: FlaskClient) -> None:
    page = read(client, "/mentors?arena=research-skills")
    labels = {row.text: row for row in page.all("label", class_="opt")}
    for (name, value), box in page.boxes().items():
        if name == "arena" or "disabled" in box.attributes:
            continue
        total = read(client, f"/mentors?arena=research-skills&{name}={value}").one("h2", id="results").text.split()[0]
        assert any(re.fullmatch(rf".* {total} mentors?", text) for text in labels), (name, value, total)


def test_options_without_mentors_are_disabled_but_not_a_chosen_one(client: FlaskClient) -> None:
    boxes = read(client, "/mentors?level=undergraduate").boxes()
    assert "disabled" not in boxes["level", "undergraduate"].attributes
    assert "disabled" in boxes["level", "postdoc"].attributes


def test_topics_stand_below_their_arena_and_open_with_it(client: FlaskClient) -> None:
    closed = read(client, "/mentors")
    assert "4 topics" in closed.texts("summary")
    assert [key for name, key in closed.boxes() if name == "topic"] != []
    opened = read(client, "/mentors?arena=research-skills")
    assert "4 topics" not in opened.texts("summary")
    shown = [element.attributes["value"] for element in opened.all("input", name="topic") if element.inside.count("details") == 2]
    assert sorted(shown) == ["grant-writing", "irb", "statistics", "study-design"]


def test_a_chip_takes_its_filter_off_and_keeps_the_rest(client: FlaskClient) -> None:
    links = read(client, "/mentors?q=ultrasound&level=resident&level=student&sort=name").links()
    assert parse_qsl(urlsplit(links["Remove filter Residents"]).query) == [("q", "ultrasound"), ("level", "student"), ("sort", "name")]
    assert links["Clear all"] == "/mentors"
    assert parse_qsl(urlsplit(links["best fit"]).query) == [("q", "ultrasound"), ("level", "resident"), ("level", "student")]


def test_words_are_offered_as_filters(client: FlaskClient) -> None:
    page = read(client, "/mentors?q=statistics")
    assert "Your words are also filters:" in page.one("div", data_part="offered").text
    assert urlsplit(page.links()["Add filter: Statistics (9)"]).query == "q=statistics&topic=statistics"


def test_a_misspelt_word_is_mended_and_said_so(client: FlaskClient) -> None:
    page = read(client, "/mentors?q=ultrasond")
    assert page.texts("p", class_="notice") == ["Nobody uses “ultrasond”; showing “ultrasound”."]
    assert page.one("input", id="q").attributes["value"] == "ultrasond"


def test_those_who_do_not_state_a_field_are_counted_and_can_be_shown(client: FlaskClient) -> None:
    page = read(client, "/mentors?mode=video")
    total = int(page.one("h2", id="results").text.split()[0])
    assert "more mentors fit but do not state how they would meet." in page.one("section", data_part="results").text
    shown = read(client, page.links()["Show them too"])
    more = int(re.search(r"(\d+) more mentors fit", page.one("section", data_part="results").text)[1])  # type: ignore[index]
    assert int(shown.one("h2", id="results").text.split()[0]) == total + more
    assert "checked" in shown.boxes()["include", "mode"].attributes
    assert "Remove filter How you would meet: not stated too" in shown.texts("a", class_="chip")


def test_following_next_shows_everybody_once(client: FlaskClient) -> None:
    address, seen = "/mentors?sort=name", []
    while address:
        page = read(client, address)
        seen += [link.attributes["href"] for link in page.all("a") if "h3" in link.inside]
        following = page.all("a", rel="next")
        address = following[0].attributes["href"] if following else ""
    assert len(seen) == len(set(seen)) == LISTED
    assert "First page" in page.links()


def test_without_an_asked_arena_the_date_stands_once_in_each_row(client: FlaskClient) -> None:
    page = read(client, "/mentors")
    assert page.all("div", class_="asked") == []
    for row in page.texts("dl", class_="arenas"):
        assert row.count("confirmed 1") + row.count("confirmed 2") <= row.count("Open") + row.count("Waitlist")
        assert len(re.findall(r"(?<!last )confirmed", row)) <= 1


def test_an_empty_answer_names_the_ways_on(client: FlaskClient) -> None:
    page = read(client, EMPTY)
    assert page.one("h2", id="results").text == "No mentor fits all five filters"
    assert page.title == f"No mentors, 5 filters {DASH} Mentor directory"
    section = page.one("section", data_part="results").text
    assert (
        f"We looked at all {LISTED} mentors listed today. The filter that costs you most is Open. Without it you would see 3 mentors"
        in section
    )
    assert page.texts("tr")[1] == "AvailabilityOpen3Unconfirmed 3Drop Open"
    assert "StateMaine0nobody without it either" in page.texts("tr")
    dropped = read(client, page.links()["Search without “Open”: 3 mentors"])
    assert dropped.one("h2", id="results").text == "3 mentors, none of them open"


def test_words_that_nobody_uses_can_be_dropped(client: FlaskClient) -> None:
    page = read(client, "/mentors?q=zzzzqqq&level=resident")
    assert page.one("h2", id="results").text == "No mentor fits your words and this filter"
    assert page.texts("tr")[1] == "Your wordszzzzqqq37Drop zzzzqqq"


def test_what_cannot_be_used_is_named_and_left_out(client: FlaskClient) -> None:
    page = read(client, "/mentors?x=1&arena=foo&arena=career-development&limit=0", 400)
    assert page.title.startswith("Error: ")
    problems = page.one("div", class_="problem").text
    for part in ("'x' is not known", "arena='foo' is not known", "limit='0' can't be used", "They were left out"):
        assert part in problems
    assert page.one("h2", id="results").text.startswith("25 mentors")


@pytest.mark.parametrize(
    "query", ["&".join(f"x{n}=1" for n in range(40)), "q=" + "a" * 400, "q=a&q=b", "level=" + "x" * 200, "sort=fit&sort=name"]
)
def test_hostile_addresses_get_a_page(client: FlaskClient, query: str) -> None:
    page = read(client, f"/mentors?{query}", 400)
    assert 1 <= len([item for item in page.all("li") if item.inside[-3:-1] == ("main", "div")]) <= 10


@pytest.mark.parametrize("typed", ['"', "a AND (", "*:*", "<script>alert(1)</script>", "\u202e\u0000x", "%", "ne:", "\ue000x\ue001"])
def test_nothing_typed_is_an_error_or_markup(client: FlaskClient, typed: str) -> None:
    response = client.get("/mentors", query_string={"q": typed})
    assert response.status_code == 200
    assert "<script>alert" not in response.text
    Document(response.text)


def test_a_stale_cursor_gives_the_first_page_with_a_notice(client: FlaskClient) -> None:
    page = read(client, "/mentors?cursor=nonsense")
    assert page.texts("p", class_="wait") == ["The link to that page of results is no longer good. These are the first results."]
    assert f"1 to 20 of {LISTED}" in page.one("nav", class_="pager").text


def test_a_mentor_page_shows_all_parts(client: FlaskClient, ingrid: str) -> None:
    page = read(client, f"/mentors/{ingrid}")
    assert page.one("h1").text == "Ingrid Okonjo-Vale MD, MPH"
    assert page.one("h2", id="offers").text == "What Dr. Okonjo-Vale offers"
    assert page.texts("section", class_="two") == [
        "Research skillsOpen2 of 5 places left One call a month, and comments on drafts within a week. "
        "TopicsStudy designGrant writingForresidents, fellows",
        "Career developmentWaitlistall 3 places taken TopicsPromotionForfellows",
    ]
    assert [row for row in page.texts("tr") if "day" in row and "Central" not in row] == ["Monday12 to 1 PM", "Friday9:30 AM to 1 PM"]
    assert page.links()["https://orcid.org/0000-0002-1825-0097"] == "https://orcid.org/0000-0002-1825-0097"
    assert page.links()["Lab"] == "https://lab.example.org/"
    assert "Everything on this pageExample University of the Plains, faculty fileNov 21, 2026" in page.texts("tr")
    assert "the agreement holds until Mar 3, 2027" in page.one("main").text
    facts = dict(zip(page.texts("dt"), page.texts("dd"), strict=True))
    assert facts["Languages"] == "English, Norwegian"
    assert facts["Not stated"] == "style, meetings attended, topics of shared background"
    assert page.texts("strong")[0] == "Small questions"
    assert "alert(1)" not in client.get(f"/mentors/{ingrid}").text


def test_back_leads_to_the_search_of_this_site_only(client: FlaskClient, ingrid: str) -> None:
    def back(referrer: str) -> str:
        response = client.get(f"/mentors/{ingrid}", headers={"Referer": referrer})
        assert response.headers["Cache-Control"] == "private, no-cache"
        return Document(response.text).all("a")[5].attributes["href"]

    assert back("http://localhost/mentors?q=ultrasound&level=resident") == "/mentors?q=ultrasound&level=resident"
    for referrer in ("https://evil.example.org/mentors?q=x", "http://localhost/help", "http://[", "", "javascript:alert(1)"):
        assert back(referrer) == "/mentors"


def test_a_mentor_who_left_is_gone_everywhere_before_the_index_knows(client: FlaskClient, parts: Parts) -> None:
    with parts.store.read() as conn:
        (left,) = conn.exec_driver_sql("SELECT DISTINCT person_id FROM consent_event WHERE state = 'withdrawn'").scalars()
    page = read(client, f"/mentors/{left}", 410)
    assert page.one("h1").text == "This mentor is no longer listed"
    assert "Leaver" not in client.get(f"/mentors/{left}").text
    assert read(client, "/mentors?q=Ashgrove").texts("h3") == []
    assert f"{LISTED} mentors" in read(client, "/mentors").one("h2", id="results").text


def test_an_unknown_mentor_is_a_page_with_a_search(client: FlaskClient) -> None:
    page = read(client, "/mentors/nobody", 404)
    assert page.one("h1").text == "There is nothing at this address"
    assert page.one("input", id="q").attributes["name"] == "q"
    assert page.one("meta", name="robots").attributes["content"] == "noindex"


def test_errors_never_show_a_trace(app: Flask, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(parts.search), "search", broken)
    response = app.test_client().get("/mentors")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert re.search(r"<code>[0-9a-f]{12}</code>", response.text)


def test_a_part_that_is_away_gives_503_with_a_wait(app: Flask, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("The search index does not answer.", retry_after=7)

    monkeypatch.setattr(type(parts.search), "search", away)
    response = app.test_client().get("/mentors")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
    assert "Please try again in 7 seconds." in response.text
    assert Document(response.text).one("h1").text == "This part is not available right now"


def test_institutions_are_counted(client: FlaskClient) -> None:
    page = read(client, "/institutions")
    assert page.texts("tr")[1:3] == [
        "Example University of the Plains19Lincoln, NE05h9q1g27",
        "Harbor Example Medical Center18Portland, MEROR id not stated",
    ]
    chosen = read(client, page.links()["Harbor Example Medical Center"])
    assert chosen.one("h2", id="results").text.startswith("18 mentors")


def test_whoever_wants_to_publish_finds_template_columns_and_schemas(client: FlaskClient) -> None:
    page = read(client, "/institutions")
    links = page.links()
    assert links["form of a record"] == "/schemas/mentor-profile-1.json"
    answer = client.get(links["the CSV template"])
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mentors.csv"'
    header, row = csv.reader(answer.text.splitlines())
    assert len(header) == len(row)
    assert header == [text.removesuffix(" required") for text in page.texts("th", scope="row")[2:]]
    assert "Only the columns id and family name must be there" in page.one("main").text


def test_a_mentor_page_says_how_to_get_in_touch(client: FlaskClient, parts: Parts, ingrid: str) -> None:
    page = read(client, f"/mentors/{ingrid}")
    section = page.one("section", aria_labelledby="contact").text
    assert section == (
        "How to get in touch This directory does not pass on messages yet. "
        f"Write to Dr. Okonjo-Vale at Example University of the Plains, Lincoln, NE. The institution{APOSTROPHE}s own pages or its "
        "switchboard know the address; the link leads to its entry in the Research Organization Registry, which names its site. "
        "Or look for an address at the ORCID record or on Lab. "
        "Bring three things: one question that fits into two sentences, the arena you want help in (research skills, career "
        "development), and your level, such as resident or junior faculty."
    )
    inside = [link.attributes["href"] for link in page.all("a", rel="noopener") + page.all("a", rel="noopener nofollow")]
    assert {"https://ror.org/05h9q1g27", "https://orcid.org/0000-0002-1825-0097", "https://lab.example.org/"} <= set(inside)
    other = parts.search.search(SearchArguments(q="Harbor"), facets=()).items[0]
    section = read(client, f"/mentors/{other.id}").one("section", aria_labelledby="contact").text
    assert (
        f"at Harbor Example Medical Center, Portland, ME. The institution{APOSTROPHE}s own pages or its switchboard know the address."
        in section
    )
    assert "Or look" not in section


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("help@mentors.example.org", '(<a href="mailto:help@mentors.example.org">help@mentors.example.org</a>)'),
        ("https://example.org/contact", '(<a href="https://example.org/contact">https://example.org/contact</a>)'),
        ("Room 12 & <b>upstairs</b>", "(Room 12 &amp; &lt;b&gt;upstairs&lt;/b&gt;)"),
        ("javascript:alert(1)", "(javascript:alert(1))"),
    ],
)
def test_the_contact_of_the_operator_stands_where_it_is_needed(parts: Parts, stated: str, shown: str) -> None:
    settings = replace(parts.settings, web=replace(parts.settings.web, contact=stated))
    client = create_app(replace(parts, settings=settings)).test_client()
    for address in ("/help", "/privacy", "/accessibility", "/institutions"):
        assert f"whoever runs this directory {shown}" in client.get(address).text, address


def test_without_a_contact_nothing_is_promised(client: FlaskClient) -> None:
    for address in ("/help", "/privacy", "/accessibility", "/institutions"):
        assert re.search(r"whoever runs this directory[^ ]? ?[^(]", client.get(address).text), address
        assert "whoever runs this directory (" not in client.get(address).text


def test_robots_and_the_oldest_icon_are_answered(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert (answer.content_type, answer.text) == (
        "text/plain; charset=utf-8",
        "User-agent: *\nDisallow: /mentors?*\nDisallow: /api/\n",
    )
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    read_by_robots = {address: rules.can_fetch("*", f"http://localhost{address}") for address in ("/", "/mentors", "/mentors/m1", "/api")}
    assert read_by_robots == {"/": True, "/mentors": True, "/mentors/m1": True, "/api": True}
    assert not rules.can_fetch("*", "http://localhost/api/v1/mentors")
    icon = client.get("/favicon.ico", follow_redirects=True)
    assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")


def test_a_match_in_the_offers_shows_only_its_labels(client: FlaskClient) -> None:
    page = read(client, "/mentors?q=grant+residents&arena=research-skills")
    found = [text for text in page.texts("p", class_="fit") if text.startswith("Topics and offers")]
    assert "Topics and offers: Grant writing; Residents" in found
    assert all(text.removeprefix("Topics and offers: ").count(";") < 3 for text in found)


def test_the_api_page_begins_with_a_request_that_works(client: FlaskClient) -> None:
    page = read(client, "/api")
    request, answer = page.texts("pre")
    assert request == f"curl 'http://localhost{SAMPLE.address}'"
    assert json.loads(answer) == ANSWER
    live = client.get(SAMPLE.address).json
    assert live is not None
    assert members(ANSWER) <= members(client.get("/api/v1/mentors?limit=1").json)
    assert SHAPE.fullmatch(ANSWER["items"][0]["id"])
    assert (len(live["items"]), live["total"]) == (1, live["open_total"])


def members(value: Any, at: str = "") -> set[str]:
    """Paths of all members with the types of their values."""
    if isinstance(value, dict):
        return {path for name, below in value.items() for path in members(below, f"{at}.{name}")}
    if isinstance(value, list):
        return {path for below in value for path in members(below, f"{at}[]")}
    return {f"{at}: {type(value).__name__}"}


def test_objects_that_nobody_explained_are_folded_and_have_no_empty_column(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    page = client.get("/api").text
    for name, body in document["components"]["schemas"].items():
        section = page.split(f'aria-labelledby="o-{name}"')[1].split("</section>")[0]
        told = any(member.get("description") for member in body.get("properties", {}).values())
        assert ("What it is" in section, "<details" in section) == (told, not told), name


def test_one_wording_brings_back_those_who_do_not_state_a_field(client: FlaskClient) -> None:
    explained = read(client, "/help").texts("em")
    page = read(client, "/mentors?mode=video")
    assert "Show them too" in page.links()
    assert {"Show them too", "Show not stated too", "not stated too"} <= set(explained)
    assert any(text.startswith("Show not stated too") for text in page.texts("label"))


@pytest.mark.parametrize("slug", list(PROBLEMS))
def test_every_problem_is_explained(client: FlaskClient, slug: str) -> None:
    page = read(client, f"/problems/{slug}")
    assert page.one("h1").text == PROBLEMS[slug].title
    assert PROBLEMS[slug].help in page.texts("p")


def test_an_unknown_problem_is_not_found(client: FlaskClient) -> None:
    read(client, "/problems/nonsense", 404)


def test_the_reference_shows_every_operation_of_the_document(client: FlaskClient) -> None:
    page = read(client, "/api")
    document = client.get("/api/v1/openapi.json").json
    assert document is not None
    shown = [text for text in page.texts("code") if re.match(r"(GET|PUT|POST|PATCH|DELETE) ", text)]
    assert shown == [f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item if method != "parameters"]
    arguments = {row["name"] for row in document["paths"]["/api/v1/mentors"]["get"]["parameters"]}
    assert arguments <= set(page.texts("code"))
    assert {element.attributes["id"] for element in page.all("h3")} >= {f"o-{name}" for name in document["components"]["schemas"]}


def test_headers_stand_on_every_answer(client: FlaskClient) -> None:
    for address in ("/", "/mentors/nobody", "/api/v1/mentors", "/api/v1/mentors/nobody", "/healthz"):
        headers = client.get(address).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert client.get("/").headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in client.get("/").headers


def test_static_files_keep_for_ever_under_their_hash(client: FlaskClient) -> None:
    held = read_static_files()
    assert held.address("site.css") in client.get("/").text
    response = client.get(held.address("site.css"))
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.content_type == "text/css; charset=utf-8"
    older = client.get("/static/0000000000000000/site.css")
    assert (older.data, older.headers["Cache-Control"]) == (response.data, "no-cache")
    assert client.get(f"/static/{held.version}/nothing.css").status_code == 404
    assert client.get(f"/static/{held.version}/../site.py").status_code == 404
    with pytest.raises(KeyError):
        held.address("nothing.css")


def test_text_is_compressed_for_those_who_take_it(client: FlaskClient) -> None:
    plain = client.get("/help")
    packed = client.get("/help", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert "Content-Encoding" not in client.get("/help", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_styles_and_scripts_stay_small(client: FlaskClient) -> None:
    content = read_static_files().content

    def packed(*ends: str) -> int:
        return sum(len(gzip.compress(body, 9)) for name, body in content.items() if name.endswith(ends))

    assert packed(".css") <= 10_000
    assert packed(".js") <= 5_000
    first = len(client.get("/mentors", headers={"Accept-Encoding": "gzip"}).data)
    assert first + packed(".css", ".js", ".svg") <= 40_000
