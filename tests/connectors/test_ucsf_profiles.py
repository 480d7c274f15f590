"""UCSF Profiles: who opted in, what the mentoring types mean, and how failures of single names and of the server are told apart."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.base import NotOffered
from connectors.client import Client
from connectors.registry import KINDS
from directory import bootstrap
from directory.core.errors import SourceRefused, SourceUnavailable
from directory.core.profile import Link, Name, Offer
from directory.settings import load_settings
from tests.connectors.reading import VOCABULARIES, Outcome, client, connect, read, source
from tests.fakes.source_server import Request, Response, SourceServer, failing, ok

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "ucsf_profiles"
TYPES = {
    "Career mentor": {"arena": "career-development", "levels": ["junior-faculty"]},
    "Research": {"arena": "research", "topics": ["Study design"]},
    "Work/life balance": {"arena": "personal-goals"},
    "Medical and pharmacy students": {"levels": ["student"]},
}
PROFILE: dict[str, Any] = {
    "FirstName": "Ingrid",
    "LastName": "Okonjo-Vale",
    "Name": "Ingrid Okonjo-Vale, Jr., MD, PhD, MSc (Example)",
    "Title": "Professor",
    "Titles": ["Professor", "Example Endowed Chair"],
    "Department": "Emergency Medicine",
    "ORCID": "0000-0002-1825-0097",
    "Email": "ingrid@mail.example.org",
    "ProfilesURL": "https://profiles.example.org/ingrid.okonjo-vale",
    "PhotoURL": "https://profiles.example.org/photo?NodeID=1",
    "Narrative": "I study ultrasound.",
    "Keywords": ["Sodium, Dietary", "Hypertension"],
    "FreetextKeywords": ["hypertension", "Point-of-care ultrasound"],
    "WebLinks_beta": [{"URL": "https://lab.example.org/", "Label": "Lab"}, {"URL": "http://old.example.org/", "Label": "Old"}],
    "Address": {"Address1": "1 Example Way", "Telephone": "402-555-0100"},
    "FacultyMentoring": {
        "Narrative": "I like first drafts.",
        "Types": ["Career mentor", "Medical and pharmacy students - Research", "Residents - Research"],
    },
}


def answer(**changes: Any) -> bytes:
    profile = {key: value for key, value in (PROFILE | changes).items() if value is not ...}
    return json.dumps({"Profiles": [profile], "api_notes": "cached"}).encode()


def ask(answers: dict[str, Response | bytes], tmp_path: Path = Path(), **options: Any) -> tuple[Outcome, list[Request]]:
    """One reading of a server that knows `answers` by profile name and answers 404 to the others."""

    def route(request: Request) -> Response:
        found = answers.get(parse_qs(request.query)["ProfilesURLName"][0], failing(404))
        return ok(found) if isinstance(found, bytes) else found

    with SourceServer({"/json/v2/": route}) as server, client() as http:
        given = {"source": "Example tests", "names": list(answers), "requests_per_second": 1000, "mentoring_types": TYPES, **options}
        connector = connect(source("ucsf-profiles", folder=tmp_path, options={"base_url": server.url("/json/v2/"), **given}), http)
        return read(connector), server.requests


def one(**changes: Any) -> Outcome:
    return ask({"x": answer(**changes)})[0]


def test_a_whole_profile() -> None:
    outcome, requests = ask({"ingrid.okonjo-vale": answer()})
    assert (outcome.bad, outcome.problems, outcome.notices) == ([], [], [])
    assert (outcome.completion.complete, outcome.completion.total) == (True, 1)
    assert requests[0].query == "source=Example+tests&ProfilesURLName=ingrid.okonjo-vale"
    record = outcome.parsed["ingrid.okonjo-vale"].record
    assert record is not None
    assert record.consent == ()
    facts = record.facts
    assert (facts.name, facts.credentials) == (Name("Okonjo-Vale", "Ingrid", suffix="Jr."), ("MD", "PhD"))
    assert (facts.orcid, facts.rank, facts.department, facts.specialties) == (
        "0000-0002-1825-0097",
        "professor",
        "Emergency Medicine",
        ("emergency-medicine",),
    )
    assert facts.bio == "<p>I like first drafts.</p><p>I study ultrasound.</p>"
    assert facts.keywords == ("hypertension", "Point-of-care ultrasound", "Sodium, Dietary")
    assert facts.links == (Link("https://profiles.example.org/ingrid.okonjo-vale", "Profile"), Link("https://lab.example.org/", "Lab"))
    assert facts.offers == (
        Offer("career-development", levels=("junior-faculty",)),
        Offer("research-skills", ("study-design",), ("student", "resident")),
    )
    assert facts.institution is not None
    assert (facts.institution.city, facts.institution.state) == ("Lincoln", "NE")
    kept = str(outcome.items[0].data)
    assert [word for word in ("ingrid@mail", "402-555", "Example Way") if word in kept] == []


@pytest.mark.parametrize(
    ("mentoring", "opted_in"),
    [
        ({"Types": [], "Narrative": None}, False),
        ({}, False),
        ({"Types": None, "Narrative": "  "}, False),
        ({"Types": [""], "Narrative": ""}, False),
        ({"Types": [], "Narrative": "Yes, please."}, True),
        ({"Types": ["Unheard of"], "Narrative": None}, True),
        ({"Types": "Career mentor", "Narrative": None}, True),
    ],
)
def test_an_empty_section_means_not_opted_in(mentoring: dict[str, Any], opted_in: bool) -> None:
    outcome = one(FacultyMentoring=mentoring)
    assert (outcome.ids, outcome.not_offered) == ((["x"], []) if opted_in else ([], [NotOffered("person/x", "x")]))
    assert all(parsed.record for parsed in outcome.parsed.values())


@pytest.mark.parametrize("section", [..., None, "x", []])
def test_a_profile_without_the_section_changes_nothing(section: object) -> None:
    outcome = one(FacultyMentoring=section)
    assert (outcome.parsed, outcome.rejected["x"].code) == ({}, "no-mentoring-section")


def test_unknown_types_are_counted_and_the_known_part_is_taken() -> None:
    outcome, _ = ask(
        {
            "x": answer(FacultyMentoring={"Types": ["Residents - Sailing", "Co-mentor"]}),
            "y": answer(FacultyMentoring={"Types": ["Co-mentor", "Pets - Research", "Research - Career mentor", "work / life balance"]}),
        }
    )
    assert outcome.facts("x").offers == ()
    assert outcome.facts("y").offers == (
        Offer("research-skills", ("study-design",)),
        Offer("career-development", levels=("junior-faculty",)),
        Offer("personal-goals"),
    )
    assert outcome.notices == [
        'mentoring type "Co-mentor" is not in the table mentoring_types; profiles with it: 2',
        'mentoring type "Residents - Sailing" is not in the table mentoring_types; profiles with it: 1',
        'mentoring type "Pets - Research" is not in the table mentoring_types; profiles with it: 1',
        'mentoring type "Research - Career mentor" is not in the table mentoring_types; profiles with it: 1',
    ]


def test_a_title_that_is_no_rank_becomes_the_headline() -> None:
    facts = one(Title="Vice Dean for Example Affairs", Titles=["Vice Dean for Example Affairs"], Department="Office of the Dean").facts("x")
    assert (facts.rank, facts.headline, facts.specialties) == ("", "Vice Dean for Example Affairs", ())


def test_problems_are_placed_in_the_profile() -> None:
    outcome = one(ORCID="0000-0002-1825-0098", LastName="")
    assert [(locator, place, fatal) for locator, place, _, _, fatal in outcome.problems] == [
        ("person/x", "LastName", True),
        ("person/x", "ORCID", False),
    ]


def test_publications_are_no_change() -> None:
    assert one(Publications=[1], PublicationCount=1).items[0].raw_hash == one().items[0].raw_hash
    assert one(Title="Dean").items[0].raw_hash != one().items[0].raw_hash


# names


def test_names_from_list_and_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("\ufeff# ours\nb  # moved here\n\na\n../c\n", encoding="utf-8")
    outcome, requests = ask({"a": answer(), "b": answer()}, tmp_path, names=["a"], names_file="names.txt")
    assert (outcome.ids, len(requests)) == (["a", "b"], 2)
    assert [(bad.locator, bad.code, bad.excerpt) for bad in outcome.bad] == [
        ("names.txt line 4", "duplicate-id", "a"),
        ("names.txt line 5", "bad-name", "../c"),
    ]
    assert outcome.completion.complete


def test_an_empty_list_is_complete(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# nobody yet\n", encoding="utf-8")
    outcome, _ = ask({}, tmp_path, names_file="names.txt")
    assert (outcome.items, outcome.completion.complete, outcome.completion.total) == ([], True, 0)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_of_names_that_can_t_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(SourceRefused, match=r"names\.txt, the names_file of source plains, can't be read"):
        ask({}, tmp_path, names_file="names.txt")


# failures


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_name_that_is_not_known_is_one_bad_item(status: int) -> None:
    gone = Response(status, {"Content-Type": "application/json"}, b'{"error": "prose"}')
    outcome, requests = ask({name: answer() if name in "ae" else gone for name in "abcde"})
    assert (outcome.ids, len(requests)) == (["a", "e"], 5)
    assert [(bad.locator, bad.code, bad.external_id) for bad in outcome.bad] == [(f"person/{name}", "no-profile", name) for name in "bcd"]
    assert outcome.completion.complete


def test_single_failures_of_the_server_make_the_run_incomplete() -> None:
    outcome, requests = ask({name: failing(500) if name in "bd" else answer() for name in "abcde"})
    assert (outcome.ids, len(requests)) == (["a", "c", "e"], 5)
    assert outcome.faults == [("person/b", "unavailable"), ("person/d", "unavailable")]
    assert outcome.completion.reason == "not all profiles could be read: 127.0.0.1 answered 500; expected is 200"


def test_failures_in_a_row_end_the_run() -> None:
    outcome, requests = ask({name: answer() if name == "a" else failing(503) for name in "abcdefgh"})
    assert (outcome.ids, len(requests), len(outcome.bad), outcome.completion.complete) == (["a"], 4, 3, False)


def test_a_server_that_never_answers_properly_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match="answered 503"):
        ask(dict.fromkeys("abcdefgh", failing(503)))


def test_a_server_that_refuses_us_is_asked_once() -> None:
    with pytest.raises(SourceRefused, match="answered 403"):
        ask(dict.fromkeys("abc", failing(403)))
    outcome, requests = ask({"a": answer(), "b": failing(401), "c": answer()})
    assert (outcome.ids, len(requests), outcome.completion.complete) == (["a"], 2, False)


def test_web_pages_in_place_of_profiles_end_the_run() -> None:
    html = Response(200, {"Content-Type": "text/html"}, b"<html>")
    with pytest.raises(SourceRefused, match="HTML page"):
        ask(dict.fromkeys("abcd", html))


def test_names_are_asked_for_slowly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As often as the options allow, by default once a second, and counted once."""
    waits: list[float] = []
    monkeypatch.setattr("connectors.rate.RateLimit.wait", lambda limit, _host: waits.append(limit._gap))
    settings = load_settings({"MENTORS_HTTP_ALLOW_HTTP": "true", "MENTORS_HTTP_ALLOW_PRIVATE": "true", "MENTORS_DATA": str(tmp_path)})
    with SourceServer({"/json/v2/": ok(answer())}) as server:
        options = {"source": "Example tests", "names": ["a", "b", "c"], "base_url": server.url("/json/v2/")}
        for more, gap in (({}, 1.0), ({"requests_per_second": 4}, 0.25)):
            with bootstrap.connect(settings, VOCABULARIES, source("ucsf-profiles", options=options | more)) as connector:
                assert read(connector).ids == ["a", "b", "c"]
            assert waits == [gap] * 3
            waits.clear()
    assert [KINDS[name].rate for name in ("csv", "mentor-feed", "ucsf-profiles")] == [5, 5, 1]


def test_the_client_of_a_source_is_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed: list[Client] = []
    monkeypatch.setattr(Client, "close", lambda client: closed.append(client))  # noqa: PLW0108 a built-in is no method
    settings = load_settings({"MENTORS_DATA": str(tmp_path)})
    options = {"source": "Example tests", "names": ["a"]}
    with bootstrap.connect(settings, VOCABULARIES, source("ucsf-profiles", options=options)):
        assert closed == []
    assert len(closed) == 1


# real payloads


def test_the_shape_of_real_profiles() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the samples of real payloads are not beside this checkout")
    profile = (SAMPLES / "profile-bibbins-domingo-trimmed.json").read_bytes()
    error = Response(400, {"Content-Type": "application/json"}, (SAMPLES / "error-400-no-identifier.json").read_bytes())
    opted_in = json.loads(profile)
    opted_in["Profiles"][0]["FacultyMentoring"] = {"Types": ["Career mentor"], "Narrative": None}
    outcome, _ = ask({"as-is": profile, "nobody": error, "opted-in": json.dumps(opted_in).encode()})
    assert outcome.faults == [("person/nobody", "no-profile")]
    assert [person.external_id for person in outcome.not_offered] == ["as-is"]
    facts = outcome.facts("opted-in")
    assert outcome.problems == []
    assert len(facts.credentials) == 3
    assert facts.rank == "professor"
    assert "Sodium, Dietary" in facts.keywords
    assert len(facts.links) == 3
    assert [offer.arena for offer in facts.offers] == ["career-development"]
