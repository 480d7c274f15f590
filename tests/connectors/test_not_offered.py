"""Profiles that a source no longer offers: like absence, never a withdrawal, so that a source that breaks takes nobody off at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

from tests.dialects import both
from tests.fakes.source_server import Request, Response, SourceServer, ok
from tests.world import World, open_world, orcid, record

NAMES = [f"ann.{letter}" for letter in "abcdefghijkl"]
ORCIDS = {name: orcid(number) for number, name in enumerate(NAMES)}


class Profiles:
    """A profile server; `empty` are the people whose mentoring section is empty."""

    def __init__(self) -> None:
        self.empty: set[str] = set()

    def __call__(self, request: Request) -> Response:
        name = parse_qs(request.query)["ProfilesURLName"][0]
        mentoring = {"Narrative": None, "Types": [] if name in self.empty else ["Career mentor"]}
        profile = {"FirstName": "Ann", "LastName": f"Invented{name}", "ORCID": ORCIDS[name], "FacultyMentoring": mentoring}
        return ok(json.dumps({"Profiles": [profile]}).encode())


@contextmanager
def served(folder: Path, dialect: str, profiles: Profiles) -> Iterator[World]:
    """Mentors of `plains`, who agreed there; the profiles of `bay` are of the same people."""
    with SourceServer({"/v2/": profiles}) as server:
        lines = f"""kind = "ucsf-profiles"
[source.bay.options]
source = "tests of the directory"
names = {json.dumps(NAMES)}
base_url = "{server.url("/v2/")}"
requests_per_second = 1000
[source.bay.options.mentoring_types]
"Career mentor" = {{ arena = "career-development" }}"""
        with open_world(folder, dialect, sources={"plains": "", "bay": lines}) as world:
            world.harvest([record(name, orcid=ORCIDS[name]) for name in NAMES])
            yield world


@both
def test_a_source_that_suddenly_offers_nobody_is_held(tmp_path: Path, dialect: str) -> None:
    profiles = Profiles()
    with served(tmp_path, dialect, profiles) as world:
        assert world.run("bay").counts["added"] == 12
        before = world.table("consent_event")
        profiles.empty = set(NAMES)
        report = world.run("bay")
        assert (report.status, report.counts["received"], report.counts["unchanged"], report.absent) == ("held", 12, 12, 12)
        assert report.reason == "It would take 12 of 12 mentors off the list: 12 are not in it."
        world.parts.runner.release("bay")
        assert world.visible() == NAMES  # they agreed at the other institution, and nobody took that back
        assert world.table("consent_event") == before


@both
def test_who_is_not_offered_twice_is_absent(tmp_path: Path, dialect: str) -> None:
    profiles = Profiles()
    with served(tmp_path, dialect, profiles) as world:
        profiles.empty = {"ann.a", "ann.b"}
        report = world.run("bay")
        assert (report.status, report.counts["added"], report.counts["unchanged"], report.absent) == ("complete", 10, 2, 0)
        profiles.empty = {"ann.a", "ann.c"}
        report = world.run("bay")
        assert (report.counts["added"], report.absent, report.removed) == (1, 1, 0)
        report = world.run("bay")
        assert (report.absent, report.removed) == (1, 1)
        profiles.empty = set()
        assert world.run("bay").counts["added"] == 2
        assert world.visible() == NAMES
