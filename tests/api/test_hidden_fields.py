"""Fields that a mentor hides, or shows to members only, are in no answer, suggestion, count, highlight or index document."""

from typing import Any

import orjson
import pytest

from directory.core.record_fields import HIDEABLE
from directory.search.engine import SearchRequest, Word
from directory.search.fields import FACETS
from directory.search.understanding import QueryReader
from directory.store import profiles, records
from tests.api.people import Directory, record

CANARY = "zzcanary"
"""In every hidden text; a word that stands nowhere else."""

FACTS: dict[str, Any] = {
    "credentials": [f"{CANARY}deg"],
    "orcid": "0000-0002-1825-0097",
    "npi": "1234567893",
    "institution": {"name": f"Example {CANARY}place", "city": f"{CANARY}city", "state": "HI"},
    "department": f"{CANARY}dept",
    "rank": "instructor",
    "stage": "early",
    "headline": f"{CANARY}headline",
    "bio": f"<p>{CANARY}bio</p>",
    "specialties": ["medical-toxicology"],
    "keywords": [f"{CANARY}keyword"],
    "offers": [
        {"arena": "personal-goals", "topics": ["burnout"], "levels": ["fellow"], "note": f"{CANARY}note", "confirmed_on": "2026-11-20"}
    ],
    "modes": ["in-person"],
    "cadence": "weekly",
    "windows": [{"day": "sun", "start": "03:13", "end": "04:17"}],
    "time_zone": "Pacific/Honolulu",
    "languages": ["no"],
    "meetings": [f"{CANARY}meeting"],
    "affinity": [f"{CANARY}affinity"],
    "style": ["hands-on"],
    "links": [{"url": f"https://{CANARY}.example.org/", "label": f"{CANARY}link"}],
    "photo_url": f"https://{CANARY}.example.org/photo.jpg",
}
ONLY_HERE = ("1825-0097", "1234567893", "Honolulu", "193", '"HI"')
"""Marks of hidden values that hold no canary (193 is 03:13 in minutes)."""


@pytest.fixture(params=["hidden", "members"])
def hiding(request: pytest.FixtureRequest, fresh: Directory) -> Directory:
    """A directory with one mentor who shows the name only, and one who shows everything but has none of these values."""
    facts = {name: value for name, value in FACTS.items() if name in HIDEABLE}
    fresh.harvest(
        [
            record("a-1", "Achterberg", **facts, visibility=dict.fromkeys(HIDEABLE, request.param)),
            record("a-2", "Brightwater", headline="Sepsis", specialties=["emergency-medicine"]),
        ]
    )
    fresh.index()
    return fresh


def test_the_canary_is_in_the_store(hiding: Directory) -> None:
    """Else nothing below would mean anything."""
    assert set(FACTS) == set(HIDEABLE)
    person = hiding.id_of("Achterberg")
    with hiding.parts.store.read() as conn:
        stored = orjson.dumps(dict(profiles.by_ids(conn, [person])[person].facts)).decode()
        (row,) = records.of_people(conn, [person])[person]
    assert stored.count(CANARY) == 13
    assert all(mark in stored for mark in ONLY_HERE)
    assert orjson.dumps(dict(row.facts)).decode().count(CANARY) == 13


def test_no_answer_holds_it(hiding: Directory) -> None:
    person = hiding.id_of("Achterberg")
    words = ("deg", "place", "city", "dept", "headline", "bio", "keyword", "note", "meeting", "affinity", "link", "")
    addresses = [
        "/api/v1/mentors", f"/api/v1/mentors/{person}", f"/mentors/{person}", "/mentors", "/", "/institutions", "/api/v1/institutions",
        *(f"/api/v1/vocabularies/{name}" for name in FACETS if FACETS[name].vocabulary), "/metrics", "/api/v1/suggest?q=example",
        f"/api/v1/mentors?sort=name&limit=1&{'&'.join(f'include={name}' for name in ('mode', 'stage', 'state'))}",
    ]  # fmt: skip
    for address in addresses:
        text = hiding.client.get(address).text
        assert CANARY not in text, address
        assert not any(mark in text for mark in ONLY_HERE[:3]), address
    for word in words:
        body = hiding.search(q=CANARY + word)
        assert (body["total"], body["items"], body["corrections"], body["suggestions"]) == (0, [], [], [])
        assert hiding.search(q=f"{CANARY}{word}x")["corrections"] == []
        assert hiding.get("/api/v1/suggest", q=CANARY + word)["items"] == []


def test_no_count_and_no_filter_tells_it(hiding: Directory) -> None:
    counted = {(view["name"], row["key"]) for view in hiding.search()["facets"] for row in view["buckets"]}
    assert counted == {
        ("specialty", "emergency-medicine"),
        ("state", "NE"),
        ("state", "midwest"),
        ("institution", "example-university-of-the-plains"),
    }
    hidden = {
        "arena": "personal-goals", "topic": "burnout", "availability": "open", "specialty": "medical-toxicology", "level": "fellow",
        "mode": "in-person", "state": "HI", "stage": "early", "language": "no",
    }  # fmt: skip
    for facet, key in hidden.items():
        assert hiding.search(**{facet: key})["total"] == 0, facet
    assert hiding.search(mode="in-person", include="mode")["total"] == 2  # "not stated", like somebody who said nothing


def test_only_the_name_is_left(hiding: Directory) -> None:
    body = hiding.get(f"/api/v1/mentors/{hiding.id_of('Achterberg')}")
    stated = {name for name, value in body.items() if value not in ("", [], None)}
    assert stated == {"id", "name", "links", "provenance", "updated_at", "listed_until"}
    assert set(body["provenance"]) == {"name"}


def test_no_index_document_holds_it(hiding: Directory) -> None:
    person = hiding.id_of("Achterberg")
    with hiding.parts.store.read() as conn:
        row = profiles.by_ids(conn, [person])[person]
    document = hiding.parts.indexer._builder.build(row, hiding.time().date())
    assert CANARY not in repr(document)
    assert not any(mark.strip('"') in repr(document) for mark in ONLY_HERE[:3])
    engine = hiding.parts.engine
    for word in ("headline", "bio", "note", "keyword", "dept", "city"):
        query = QueryReader(hiding.parts.vocabularies).read(CANARY + word).query
        assert isinstance(query[0].alternatives[0], Word)
        assert engine.search(SearchRequest(scope="public", query=query)).total == 0
        assert engine.matches(CANARY + word, scope="public", exclude=()) == 0
    files = [path for path in (hiding.parts.settings.paths.data / "index").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
