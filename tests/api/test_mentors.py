"""One mentor, suggestions, vocabularies and institutions: what they say and when it changes."""

from typing import Any

import pytest

from directory.search.fields import FACETS
from tests.api.people import Directory, record

FULL: dict[str, Any] = {
    "credentials": ["MD", "MPH"],
    "orcid": "0000-0002-1825-0097",
    "department": "Emergency Medicine",
    "rank": "professor",
    "stage": "mid",
    "headline": "Bedside ultrasound on a small budget.",
    "bio": "<p>Small <strong>questions</strong> first.</p><script>alert(1)</script>",
    "specialties": ["emergency-ultrasound"],
    "keywords": ["resuscitation"],
    "offers": [
        {
            "arena": "research-skills",
            "topics": ["study-design"],
            "levels": ["resident"],
            "capacity": 3,
            "taken": 1,
            "note": "One call a month.",
            "confirmed_on": "2026-11-10",
        },
        {"arena": "personal-goals", "paused_until": "2027-02-01", "confirmed_on": "2026-11-10"},
    ],
    "modes": ["video"],
    "cadence": "monthly",
    "windows": [{"day": "mon", "start": "12:00", "end": "14:00"}],
    "time_zone": "America/Chicago",
    "languages": ["en", "no"],
    "links": [{"url": "https://lab.example.org/", "label": "Lab"}],
}


@pytest.fixture
def ines(fresh: Directory) -> str:
    """The id of a mentor with a full profile."""
    fresh.harvest([record("a-1", "Achterberg", **FULL)])
    fresh.index()
    return fresh.id_of("Achterberg")


def test_a_mentor_with_everything(fresh: Directory, ines: str) -> None:
    body = fresh.get(f"/api/v1/mentors/{ines}")
    assert body["offers"] == [
        {
            "arena": "research-skills",
            "label": "Research skills",
            "topic": [{"key": "study-design", "label": fresh.parts.vocabularies["topic"].terms["study-design"].label}],
            "level": [{"key": "resident", "label": "Residents"}],
            "availability": "open",
            "capacity": 3,
            "places_left": 2,
            "paused_until": None,
            "confirmed_on": "2026-11-10",
            "note": "One call a month.",
        },
        {
            "arena": "personal-goals",
            "label": "Personal goals",
            "topic": [],
            "level": [],
            "availability": "paused",
            "capacity": None,
            "places_left": None,
            "paused_until": "2027-02-01",
            "confirmed_on": "2026-11-10",
            "note": "",
        },
    ]
    keys = {facet: sorted(body[facet]) for facet in FACETS}
    assert keys == {
        "arena": ["personal-goals", "research-skills"],
        "topic": ["study-design"],
        "availability": ["open", "paused"],
        "specialty": ["emergency-medicine", "emergency-ultrasound"],
        "level": ["resident"],
        "mode": ["video"],
        "state": ["NE", "midwest"],
        "stage": ["mid"],
        "language": ["en", "no"],
        "institution": ["example-university-of-the-plains"],
    }
    assert body["best_availability"] == "open"
    assert body["bio"] == "<p>Small <strong>questions</strong> first.</p>"
    assert body["windows"] == [{"day": "mon", "start": 720, "end": 840}]
    assert body["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    assert body["link_list"] == [{"url": "https://lab.example.org/", "label": "Lab"}]
    assert body["provenance"]["headline"] == {"source": "plains", "at": "2026-11-20T09:00:00Z"}
    assert body["listed_until"] == "2027-11-01T00:00:00Z"
    assert body["links"] == {"self": f"/api/v1/mentors/{ines}", "page": f"/mentors/{ines}"}


def test_the_search_shows_of_a_mentor_what_the_own_address_shows(fresh: Directory, ines: str) -> None:
    (item,) = fresh.items()
    whole = fresh.get(f"/api/v1/mentors/{ines}")
    assert item == {name: whole[name] for name in item}


def test_a_mentor_that_did_not_change_is_not_sent_again(fresh: Directory, ines: str) -> None:
    address = f"/api/v1/mentors/{ines}"
    first = fresh.client.get(address)
    again = fresh.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    fresh.harvest([record("a-1", "Achterberg", **FULL)])
    assert fresh.client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert fresh.client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_etag_changes_with_the_profile_and_with_the_day(fresh: Directory, ines: str) -> None:
    address = f"/api/v1/mentors/{ines}"
    tags = [fresh.client.get(address).headers["ETag"]]
    fresh.harvest([record("a-1", "Achterberg", **FULL | {"headline": "Another."})])
    changed = fresh.client.get(address, headers={"If-None-Match": tags[0]})
    assert (changed.status_code, changed.get_json()["headline"]) == (200, "Another.")
    tags.append(changed.headers["ETag"])
    fresh.time.pass_by(days=1)
    tags.append(fresh.client.get(address, headers={"If-None-Match": tags[1]}).headers["ETag"])
    assert len(set(tags)) == 3
    fresh.parts.consent.withdraw(ines, evidence="letter")
    assert fresh.client.get(address, headers={"If-None-Match": tags[2]}).status_code == 410


def test_availability_follows_the_calendar(fresh: Directory, ines: str) -> None:
    address = f"/api/v1/mentors/{ines}"
    fresh.time.pass_by(days=69)
    assert [offer["availability"] for offer in fresh.get(address)["offers"]] == ["open", "open"]
    fresh.time.pass_by(days=30)
    assert [offer["availability"] for offer in fresh.get(address)["offers"]] == ["unconfirmed", "unconfirmed"]


def test_suggest_people_terms_and_institutions(fresh: Directory, ines: str) -> None:
    fresh.harvest([record("a-2", "Emerson", specialties=["emergency-medicine"])])
    fresh.index()
    other = fresh.id_of("Emerson")
    rows = fresh.get("/api/v1/suggest", q="EMER")["items"]
    assert rows == [
        {"kind": "mentor", "key": other, "label": "Ines Emerson", "detail": "Example University of the Plains", "count": None},
        {"kind": "specialty", "key": "emergency-medicine", "label": "Emergency Medicine", "detail": "Specialty", "count": 2},
        {"kind": "specialty", "key": "emergency-ultrasound", "label": "Emergency Ultrasound", "detail": "Specialty", "count": 1},
    ]
    assert [(row["kind"], row["key"], row["count"]) for row in fresh.get("/api/v1/suggest", q="study des")["items"]] == [
        ("topic", "study-design", 1)
    ]
    assert fresh.get("/api/v1/suggest", q="plains univ")["items"] == []
    assert fresh.get("/api/v1/suggest", q="plai")["items"] == [
        {
            "kind": "institution",
            "key": "example-university-of-the-plains",
            "label": "Example University of the Plains",
            "detail": "Lincoln",
            "count": 2,
        }
    ]
    assert {row["key"] for row in fresh.get("/api/v1/suggest", q="ine")["items"] if row["kind"] == "mentor"} == {ines, other}


@pytest.mark.parametrize("typed", ["!!!", "\x00", "zzzz", "😀", "' OR 1=1 --", "%", "_"])
def test_suggest_finds_nothing_for_what_nobody_is_called(directory: Directory, typed: str) -> None:
    assert directory.get("/api/v1/suggest", q=typed)["items"] == []


def test_suggested_terms_lead_to_as_many_mentors_as_they_say(directory: Directory) -> None:
    for typed in ("ped", "card", "grant", "example"):
        rows = [row for row in directory.get("/api/v1/suggest", q=typed)["items"] if row["kind"] != "mentor"]
        assert rows
        for row in rows:
            assert directory.search(**{row["kind"]: row["key"]}, limit=1)["total"] == row["count"] > 0


def test_vocabularies_have_labels_and_counts(directory: Directory) -> None:
    names = [row["key"] for row in directory.get("/api/v1/vocabularies")["items"]]
    assert names == list(directory.parts.vocabularies)
    facets = {view["name"]: {row["key"]: row["count"] for row in view["buckets"]} for view in directory.search(limit=1)["facets"]}
    for name in names:
        body = directory.get(f"/api/v1/vocabularies/{name}")
        terms = directory.parts.vocabularies[name].terms
        assert [(row["key"], row["label"]) for row in body["terms"]] == [(term.id, term.label) for term in terms.values()]
        counted = {row["key"]: row["count"] for row in body["terms"]}
        assert counted == ({key: facets[name].get(key, 0) for key in terms} if name in facets else dict.fromkeys(terms))


def test_institutions_have_the_counts_of_the_search(directory: Directory) -> None:
    body = directory.get("/api/v1/institutions")
    assert body["total"] == len(body["items"]) == 12
    assert [row["name"] for row in body["items"]] == sorted(row["name"] for row in body["items"])
    for row in body["items"]:
        found = directory.search(institution=row["id"], limit=1)
        one = directory.get(row["links"]["self"])
        assert one == row | {"open": found["open_total"]}
        assert found["total"] == row["mentors"]
        assert directory.search(institution=row["id"], availability="open", limit=1)["total"] == one["open"]


def test_highlights_are_safe_html_of_what_matched(fresh: Directory) -> None:
    fresh.harvest([record("a-1", "Achterberg", headline="Sepsis <b>trials</b> & sepsis registries")])
    fresh.index()
    (item,) = fresh.items(q="sepsis")
    (fragment,) = item["highlights"]["headline"]
    assert fragment.count("<mark>") == fragment.count("</mark>") == 2
    assert "<mark>Sepsis</mark>" in fragment
    assert "<b>" not in fragment
    assert "highlights" not in fresh.items()[0]


def test_highlights_are_never_of_an_earlier_version(fresh: Directory) -> None:
    """The index still has the old words and finds the mentor by them; what is shown is of now."""
    fresh.harvest([record("a-1", "Achterberg", headline="Sepsis trials")])
    fresh.index()
    fresh.harvest([record("a-1", "Achterberg", headline="Sepsis registries", visibility={"headline": "members"})])
    (item,) = fresh.items(q="sepsis")
    assert (item["headline"], "highlights" in item) == ("", False)
    fresh.index()
    assert fresh.items(q="sepsis") == []
