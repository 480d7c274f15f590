"""From institutions' servers to a faceted answer: three kinds of source over HTTP, by the commands that an operator uses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.services.arguments import SearchArguments
from tests.commands import mentors
from tests.dialects import both
from tests.fakes.source_server import Request, Response, Route, SourceServer, failing, html_page
from tests.world import World, open_world, orcid, record

SHEET = """ID,Last name,First name,ORCID,Specialties,Research skills places,Research skills places taken,Mentors whom,Opt in,Consented on
a1,Plainsone,Ada,{shared},Emergency Medicine,3,1,Resident,yes,10/1/2026
a2,Plainstwo,Bo,,"Pediatrics; EM",1,1,Fellow,yes,10/1/2026
a3,Plainsthree,Cy,,Pediatrics,2,0,Resident,no,10/1/2026
a4,,Di,,Pediatrics,2,0,Resident,yes,10/1/2026
"""
SOURCES = """
[source.plains]
kind = "csv"
url = "{base}/plains.csv"
institution = {{ name = "Example University of the Plains", city = "Lincoln", state = "NE" }}

[source.lakes]
kind = "mentor-feed"
url = "{base}/lakes"
token_env = "MENTORS_TOKEN_LAKES"
institution = {{ name = "Example Lakes School of Medicine", city = "Madison", state = "WI" }}

[source.goldenbay]
kind = "ucsf-profiles"
institution = {{ name = "Example Golden Bay University", city = "Oakland", state = "CA" }}
[source.goldenbay.options]
source = "tests of the directory"
names = ["gia.g"]
base_url = "{base}/profiles/"
requests_per_second = 1000
[source.goldenbay.options.mentoring_types]
"Career mentor" = {{ arena = "career-development" }}
"""


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer({}) as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, dialect: str, server: SourceServer) -> Iterator[World]:
    with open_world(tmp_path, dialect) as opened:
        (opened.config / "sources.toml").write_text(SOURCES.format(base=server.base_url))
        opened.environment["MENTORS_TOKEN_LAKES"] = "canary-token"
        yield opened


def sheet(shared: str) -> Route:
    """The spreadsheet of the plains, which has not changed for whoever has it."""
    body = SHEET.format(shared=shared).encode("cp1252")

    def answer(request: Request) -> Response:
        known = request.headers.get("if-none-match") == '"one"'
        return Response(304 if known else 200, {"Content-Type": "text/csv", "ETag": '"one"'}, b"" if known else body)

    return answer


def page(items: list[dict[str, object]], following: str = "") -> Response:
    document = {"schema": "mentor-feed/1", "items": items} | ({"next": following} if following else {})
    return Response(200, {"Content-Type": "application/json"}, json.dumps(document).encode())


def lakes(server: SourceServer) -> None:
    """Two pages, for whoever has the token."""
    offer = {"arena": "research-skills", "capacity": 2, "taken": 0, "levels": ["resident"], "confirmed_on": "2026-11-20"}
    first = [record("l1", specialties=["emergency-medicine"], offers=[offer], orcid=orcid(1)), record("l2", specialties=["pediatrics"])]
    pages = {"": page(first, "/lakes?page=2"), "page=2": page([record("l3", consent=None)])}

    def answer(request: Request) -> Response:
        allowed = request.headers.get("authorization") == "Bearer canary-token"
        return pages[request.query] if allowed else failing(401)

    server.routes["/lakes"] = answer


def counts(world: World, source: str) -> dict[str, int]:
    done = mentors(world.environment, "source", "run", source, "--json")
    assert done.code in (0, 1), done.errors
    return {name: done.json[name] for name in ("received", "added", "updated", "unchanged", "rejected", "held") if done.json[name]}


@both
def test_three_kinds_of_source(world: World, server: SourceServer) -> None:
    server.routes["/plains.csv"] = sheet(orcid(1))
    lakes(server)
    mentoring = {"Narrative": "I read drafts.", "Types": ["Career mentor", "Chess"]}
    profile = {"Profiles": [{"FirstName": "Gia", "LastName": "Goldenone", "FacultyMentoring": mentoring}]}
    server.routes["/profiles/"] = Response(200, {"Content-Type": "application/json"}, json.dumps(profile).encode())
    assert mentors(world.environment, "config", "check").code == 0
    assert counts(world, "plains") == {"received": 4, "added": 3, "rejected": 1}
    assert counts(world, "lakes") == {"received": 3, "added": 3}
    assert counts(world, "goldenbay") == {"received": 1, "added": 1}
    assert counts(world, "plains") == {}  # not modified
    assert mentors(world.environment, "index", "drain").code == 0
    assert mentors(world.environment, "index", "verify").code == 0
    search = world.parts.search.search
    # Ada of the plains is the first person of the lakes: one iD, one mentor; those who said no or nothing are not there
    everybody = search(SearchArguments())
    assert sorted(card.name for card in everybody.items) == ["Ada Inventedl1", "Ada Inventedl2", "Bo Plainstwo"]
    wanted = SearchArguments(filters={"specialty": ("emergency-medicine",), "arena": ("research-skills",), "availability": ("open",)})
    assert [card.name for card in search(wanted).items] == ["Ada Inventedl1"]
    facets = {facet.name: {bucket.key: bucket.count for bucket in facet.buckets} for facet in everybody.facets}
    assert facets["specialty"]["emergency-medicine"] == facets["specialty"]["pediatrics"] == 2
    status = {row["name"]: row for row in mentors(world.environment, "source", "status", "--json").json["sources"]}
    assert [(name, row["live"], row["invited"], row["problems"]) for name, row in status.items()] == [
        ("plains", 3, 0, 1), ("lakes", 3, 1, 0), ("goldenbay", 1, 1, 0),
    ]  # fmt: skip


@both
def test_a_server_that_gets_worse_removes_nobody(world: World, server: SourceServer) -> None:
    lakes(server)
    good = server.routes["/lakes"]
    counts(world, "lakes")
    mentors(world.environment, "index", "drain")
    everybody = world.shown()
    half = json.dumps({"schema": "mentor-feed/1", "items": [record("l1", orcid=orcid(1))]}).encode()[:-20]
    for bad in (
        failing(404), html_page(), Response(200, {"Content-Type": "application/json"}, b""),
        Response(200, {"Content-Type": "application/json"}, half),
        page([record("l1", orcid=orcid(1))], "/lakes?page=9"),
    ):  # fmt: skip
        server.routes["/lakes"] = bad
        done = mentors(world.environment, "source", "run", "lakes", "--json")
        assert done.code == 2 or done.json["status"] == "incomplete", done
        assert "canary-token" not in done.errors + done.output
    mentors(world.environment, "index", "drain")
    assert world.shown() == everybody
    server.routes["/lakes"] = good
    assert counts(world, "lakes") == {"received": 3, "updated": 1, "unchanged": 2}  # what could be read was taken


def test_a_token_that_is_not_set_stops_only_its_own_source(world: World, server: SourceServer) -> None:
    lakes(server)
    server.routes["/plains.csv"] = sheet("")
    del world.environment["MENTORS_TOKEN_LAKES"]
    done = mentors(world.environment, "source", "run", "lakes")
    assert (done.code, "the environment variable MENTORS_TOKEN_LAKES is not set" in done.errors) == (2, True)
    assert mentors(world.environment, "source", "run", "plains").code == 1
