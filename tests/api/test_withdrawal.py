"""The read gate: whoever is off the list is gone with the very next request, no worker running, index as it was."""

from collections.abc import Callable

import pytest

from directory.core.identity import MatchKey
from directory.services.arguments import SearchArguments
from directory.store import outbox, people
from tests.api.people import NOW, Directory, record

Leaving = Callable[[Directory, str], None]


def withdraws(directory: Directory, person: str) -> None:
    directory.parts.consent.withdraw(person, evidence="letter")


def is_erased(directory: Directory, person: str) -> None:
    directory.parts.consent.erase(person)


def is_withdrawn_by_the_source(directory: Directory, _person: str) -> None:
    directory.drop(["a-1"])


def consent_is_not_stated_any_more(directory: Directory, _person: str) -> None:
    directory.harvest([LEAVER | {"consent": []}])


def consent_runs_out(directory: Directory, _person: str) -> None:
    directory.time.pass_by(days=20)


WAYS: tuple[Leaving, ...] = (withdraws, is_erased, is_withdrawn_by_the_source, consent_is_not_stated_any_more, consent_runs_out)

LEAVER = record(
    "a-1",
    "Achterberg",
    headline="Xylocopa studies in wards",
    specialties=["medical-toxicology"],
    offers=[{"arena": "research-skills", "topics": ["study-design"], "confirmed_on": "2026-11-20"}],
    institution={"name": "Example Harbor College", "city": "Portland", "state": "ME"},
    consent=[{"purpose": "listing", "state": "granted", "at": "2025-12-01", "evidence": "form 11"}],
)


@pytest.fixture
def leaver(fresh: Directory) -> str:
    """The id of the mentor who will leave; another one stays."""
    fresh.harvest([LEAVER, record("a-2", "Stayer", headline="Wards", specialties=["emergency-medicine"])])
    fresh.index()
    return fresh.id_of("Achterberg")


def traces(directory: Directory, person: str) -> dict[str, object]:
    """Everything that the API says of the leaver."""
    page = directory.search()
    counted = {(view["name"], row["key"]): row["count"] for view in page["facets"] for row in view["buckets"]}
    vocabulary = {row["key"]: row["count"] for row in directory.get("/api/v1/vocabularies/specialty")["terms"]}
    return {
        "found": [item["id"] for item in page["items"] if item["id"] == person],
        "total": page["total"],
        "specialty": counted.get(("specialty", "medical-toxicology"), 0),
        "parent": counted[("specialty", "emergency-medicine")],
        "topic": counted.get(("topic", "study-design"), 0),
        "state": counted.get(("state", "ME"), 0),
        "institution": counted.get(("institution", "example-harbor-college"), 0),
        "by name": directory.search(q="Achterberg")["total"],
        "by filter": directory.search(specialty="medical-toxicology")["total"],
        "corrected": directory.search(q="Achterburg")["corrections"],
        "own address": directory.client.get(f"/api/v1/mentors/{person}").status_code,
        "own page": directory.client.get(f"/mentors/{person}").status_code,
        "suggested": [row["label"] for q in ("achter", "xylo", "toxi", "harbor") for row in directory.get("/api/v1/suggest", q=q)["items"]],
        "vocabulary": (vocabulary["medical-toxicology"], vocabulary["emergency-medicine"]),
        "institutions": [row["mentors"] for row in directory.get("/api/v1/institutions")["items"]],
        "at institution": directory.client.get("/api/v1/institutions/example-harbor-college").status_code,
    }


BEFORE = {
    "total": 2,
    "specialty": 1,
    "parent": 2,
    "topic": 1,
    "state": 1,
    "institution": 1,
    "by name": 1,
    "by filter": 1,
    "corrected": [{"typed": "Achterburg", "used": "achterberg"}],
    "own address": 200,
    "own page": 200,
    "suggested": ["Ines Achterberg", "Medical Toxicology", "Example Harbor College"],
    "vocabulary": (1, 2),
    "institutions": [1, 1],
    "at institution": 200,
}
AFTER = {
    "found": [],
    "total": 1,
    "specialty": 0,
    "parent": 1,
    "topic": 0,
    "state": 0,
    "institution": 0,
    "by name": 0,
    "by filter": 0,
    "corrected": [],
    "own address": 410,
    "own page": 410,
    "suggested": [],
    "vocabulary": (0, 1),
    "institutions": [1],
    "at institution": 404,
}


@pytest.mark.parametrize("leaves", WAYS, ids=lambda way: way.__name__)
def test_gone_with_the_next_request(fresh: Directory, leaver: str, leaves: Leaving) -> None:
    assert traces(fresh, leaver) == BEFORE | {"found": [leaver]}
    leaves(fresh, leaver)
    assert fresh.parts.engine.count() == 2  # the index has not heard of it
    assert traces(fresh, leaver) == AFTER
    fresh.parts.sweeper.sweep()
    fresh.index()
    assert fresh.parts.engine.count() == 1
    assert traces(fresh, leaver) == AFTER


def test_gone_although_the_change_is_parked(fresh: Directory, leaver: str) -> None:
    withdraws(fresh, leaver)
    with fresh.parts.store.write() as conn:
        (claimed,) = outbox.claim(conn, "test", now=fresh.time(), limit=5, lease=NOW - NOW)
        outbox.park(conn, "test", claimed.ids, "Broken")
    fresh.index()
    assert fresh.parts.engine.count() == 2
    assert traces(fresh, leaver) == AFTER


def test_of_who_was_never_listed_nothing_is_said(fresh: Directory) -> None:
    """Somebody with events in the ledger, none of which allowed a listing."""
    contact = {"purpose": "contact", "state": "granted", "at": "2026-11-01"}
    fresh.harvest([record("c-1", "Castellanos", orcid="0000-0002-1825-0097", consent=[contact])])
    with fresh.parts.store.read() as conn:
        (person,) = people.find(conn, [MatchKey("orcid", "0000-0002-1825-0097")]).values()
    assert [event.state for event in fresh.parts.consent.report(person).events] == ["granted"]
    for address in (f"/api/v1/mentors/{person}", f"/mentors/{person}"):
        assert fresh.client.get(address).status_code == 404


def test_the_consent_ends_to_the_second(fresh: Directory, leaver: str) -> None:
    fresh.time.now = NOW.replace(year=2026, month=11, day=30, hour=23, minute=59, second=59)
    assert fresh.search()["total"] == 2
    fresh.time.pass_by(seconds=1)
    assert fresh.search()["total"] == 1


def test_back_after_agreeing_again(fresh: Directory, leaver: str) -> None:
    withdraws(fresh, leaver)
    fresh.harvest([LEAVER])
    fresh.index()
    assert fresh.search(q="Achterberg")["total"] == 0
    fresh.time.pass_by(minutes=1)
    fresh.parts.consent.grant(leaver, ["listing"], evidence="letter 2")
    fresh.harvest([LEAVER])
    fresh.index()
    assert fresh.search(q="Achterberg")["total"] == 1


def test_widgets_and_other_directories_need_a_consent_of_their_own(fresh: Directory, leaver: str) -> None:
    assert [fresh.parts.search.search(SearchArguments(), scope=scope).total for scope in ("public", "widgets", "federation")] == [2, 0, 0]
    fresh.parts.consent.grant(leaver, ["listing", "widgets"], evidence="letter")
    fresh.index()
    found = fresh.parts.search.search(SearchArguments(), scope="widgets")
    assert ([card.id for card in found.items], found.total) == ([leaver], 1)
    fresh.parts.consent.withdraw(leaver, ["widgets"], evidence="letter")
    assert fresh.parts.search.search(SearchArguments(), scope="widgets").items == ()
    fresh.index()
    assert [fresh.parts.search.search(SearchArguments(), scope=scope).total for scope in ("public", "widgets")] == [2, 0]
