"""Reading of records: everything that fits is taken, everything else is reported with its place, its value and what is allowed."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.identity import match_keys
from directory.core.profile import ConsentStatement, Institution, Link, Name, Offer, Window, facts_from_json, facts_to_json
from directory.core.record_reader import FieldProblem, Parsed, RecordReader, Tombstone
from directory.core.vocabulary_files import load_vocabularies

READER = RecordReader(load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "id": "a-17",
    "updated_at": "2026-11-01T12:00:00Z",
    "name": {"given": "Ingrid", "family": "Okonjo-Vale", "middle": "", "suffix": None},
    "credentials": ["MD", "MPH"],
    "orcid": "https://orcid.org/0000-0002-1825-0097",
    "institution": {"name": "Example University of the Plains", "ror": "05h9q1g27", "city": "Lincoln", "state": "Nebraska"},
    "department": "Emergency  Medicine",
    "rank": "Full Professor",
    "stage": "mid",
    "headline": "First studies, first drafts",
    "bio": "One.\n\nTwo & <b>three</b><script>alert(1)</script>",
    "specialties": ["EM", "emergency-medicine", "Emergency Ultrasound"],
    "keywords": ["sepsis", 2024],
    "offers": [
        {
            "arena": "research",
            "topics": ["Study design", "stats"],
            "levels": ["Residents"],
            "capacity": 5,
            "taken": "3",
            "note": "Two sentences.",
            "paused_until": "2027-01-15",
            "confirmed_on": "2026-11-10T10:00:00Z",
        },
        {"arena": "career-development"},
    ],
    "modes": ["Zoom", "phone"],
    "cadence": "once a month",
    "windows": [{"day": "mon", "start": "12:00", "end": "14:00"}, {"day": "tue", "start": "9:30", "end": "24:00"}],
    "time_zone": "America/Chicago",
    "languages": ["English", "Norwegian"],
    "links": [{"url": "https://lab.example.org/", "label": "Lab"}],
    "visibility": {"bio": "members"},
    "consent": [{"purpose": "listing", "state": "granted", "at": "2026-03-03", "evidence": "form 12"}],
}


def read(**changes: Any) -> Parsed:
    """The record with some fields replaced; `...` leaves a field out."""
    data = deepcopy(RECORD) | changes
    return READER.read({key: value for key, value in data.items() if value is not ...}, source="plains", received_at=NOW)


def problem(**changes: Any) -> FieldProblem:
    """The only problem of the changed record."""
    (found,) = read(**changes).problems
    return found


def facts(**changes: Any) -> Any:
    """The facts of the changed record, which must be taken."""
    record = read(**changes).record
    assert record is not None
    return record.facts


def test_a_whole_record() -> None:
    parsed = read()
    assert parsed.problems == ()
    assert parsed.tombstone is None
    record = parsed.record
    assert record is not None
    assert (record.source, record.external_id, record.changed_at) == ("plains", "a-17", datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert record.consent == (ConsentStatement("listing", "granted", datetime(2026, 3, 3, tzinfo=UTC), "form 12"),)
    assert record.facts.name == Name("Okonjo-Vale", "Ingrid")
    assert record.facts.orcid == "0000-0002-1825-0097"
    assert record.facts.institution == Institution("Example University of the Plains", "https://ror.org/05h9q1g27", "Lincoln", "NE")
    assert (record.facts.department, record.facts.rank, record.facts.cadence) == ("Emergency Medicine", "professor", "monthly")
    assert record.facts.bio == "<p>One. Two &amp; <strong>three</strong></p>"
    assert record.facts.specialties == ("emergency-medicine", "emergency-ultrasound")
    assert record.facts.keywords == ("sepsis", "2024")
    assert record.facts.offers == (
        Offer(
            "research-skills", ("study-design", "statistics"), ("resident",), 5, 3, "Two sentences.", date(2027, 1, 15), date(2026, 11, 10)
        ),
        Offer("career-development"),
    )
    assert record.facts.windows == (Window("mon", 720, 840), Window("tue", 570, 1440))
    assert record.facts.links == (Link("https://lab.example.org/", "Lab"),)
    assert record.facts.visibility == {"bio": "members"}
    assert facts_from_json(facts_to_json(record.facts)) == record.facts
    assert [key.kind for key in match_keys(record)] == ["orcid", "source"]


def test_a_record_needs_an_id_and_a_family_name_only() -> None:
    parsed = READER.read({"id": 7, "name": {"family": "Plato"}}, source="plains", received_at=NOW)
    assert parsed.problems == ()
    assert parsed.record is not None
    assert (parsed.record.external_id, parsed.record.changed_at, parsed.record.consent) == ("7", NOW, ())


@pytest.mark.parametrize(
    ("changes", "field", "value", "message"),
    [
        ({"id": ...}, "id", "", "is required"),
        ({"id": "  "}, "id", "", "is required"),
        ({"id": ["a"]}, "id", "['a']", "must be a text"),
        ({"id": "a\0b"}, "id", "a\\u0000b", "The text holds a NUL character at position 1"),
        ({"name": ...}, "name", "", "is required"),
        ({"name": "Ingrid Okonjo-Vale"}, "name", "Ingrid Okonjo-Vale", "must be an object"),
        ({"name": {"given": "Ingrid"}}, "name.family", "", "is required"),
        ({"name": {"family": "x" * 101}}, "name.family", "x" * 77 + "...", "The text has 101 characters; at most 100 are allowed"),
        ({"visibility": "hidden"}, "visibility", "hidden", "must be an object of field names and audiences; without it nothing is shown"),
        (
            {"visibility": {"name": "hidden"}},
            "visibility.name",
            "hidden",
            "a name can't be hidden; leave the person out, or send a withdrawal",
        ),
    ],
)
def test_what_costs_the_whole_record(changes: dict[str, Any], field: str, value: str, message: str) -> None:
    parsed = read(**changes)
    assert (parsed.record, parsed.tombstone) == (None, None)
    assert parsed.problems == (FieldProblem(field, value, message, fatal=True),)


@pytest.mark.parametrize("data", [None, [], "x", 7, ["id"]])
def test_what_is_no_object(data: object) -> None:
    parsed = READER.read(data, source="plains", received_at=NOW)
    assert parsed == Parsed(None, None, (FieldProblem("", parsed.problems[0].value, "a record must be an object", fatal=True),))


@pytest.mark.parametrize(
    ("changes", "field", "value", "message"),
    [
        (
            {"orcid": "0000-0002-1825-0098"},
            "orcid",
            "0000-0002-1825-0098",
            "The check digit of this ORCID iD is wrong; write it like 0000-0002-1825-0097",
        ),
        ({"npi": "1234567890"}, "npi", "1234567890", "The check digit of this NPI is wrong; write it like 10 digits, the first 1 or 2"),
        ({"rank": "Profesor"}, "rank", "Profesor", "is not a known rank; did you mean Professor or Emeritus professor?"),
        ({"rank": {}}, "rank", "{}", "must be a text"),
        ({"stage": "qqqq"}, "stage", "qqqq", "is not a known stage; allowed are the terms of the vocabulary stage"),
        ({"specialties": "EM"}, "specialties", "EM", "must be a list"),
        ({"specialties": ["EM", True]}, "specialties.1", "True", "must be a text"),
        ({"keywords": [str(n) for n in range(51)]}, "keywords", "51 values", "can hold at most 50 values; the first 50 were taken"),
        ({"bio": "x" * 20_001}, "bio", "x" * 77 + "...", "The text has 20008 characters; at most 20000 are allowed"),
        ({"headline": "\ud800"}, "headline", "\\ud800", "The text holds half of a surrogate pair at position 0"),
        (
            {"photo_url": "http://img.example.org/a.jpg"},
            "photo_url",
            "http://img.example.org/a.jpg",
            "must be an address that begins with https:// and a host name",
        ),
        ({"links": [{"label": "Lab"}]}, "links.0.url", "", "is required"),
        ({"links": ["https://lab.example.org"]}, "links.0", "https://lab.example.org", "must be an object"),
        ({"time_zone": "Central", "windows": []}, "time_zone", "Central", "is not an IANA time zone; write it like America/Chicago"),
        ({"time_zone": ...}, "windows", "2 values", "need a time_zone; without one they were not taken"),
        (
            {"windows": [{"day": "Monday", "start": "12:00", "end": "13:00"}]},
            "windows.0.day",
            "Monday",
            "is not a day of the week; allowed are mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            {"windows": [{"day": "mon", "start": "12", "end": "13:00"}]},
            "windows.0.start",
            "12",
            "is not a time of day; write it like 09:30 or 14:00",
        ),
        (
            {"windows": [{"day": "mon", "start": "22:00", "end": "02:00"}]},
            "windows.0.end",
            "02:00",
            "must be later than start; split a window that passes midnight",
        ),
        ({"updated_at": "11/10/2026"}, "updated_at", "11/10/2026", "is not a time; write it like 2026-11-30T14:00:00Z or 2026-11-30"),
        ({"updated_at": "2026-11-27"}, "updated_at", "2026-11-27", "lies in the future"),
        (
            {"updated_at": "0001-01-01T00:00:00+14:00"},
            "updated_at",
            "0001-01-01T00:00:00+14:00",
            "is not a time; write it like 2026-11-30T14:00:00Z or 2026-11-30",
        ),
        ({"offers": [{"topics": []}]}, "offers.0.arena", "", "is required"),
        (
            {"offers": [{"arena": "sport"}]},
            "offers.0.arena",
            "sport",
            "is not a known arena; allowed are the terms of the vocabulary arena",
        ),
        ({"offers": [{"arena": "research", "capacity": -1}]}, "offers.0.capacity", "-1", "must be a whole number from 0 to 999"),
        ({"offers": [{"arena": "research", "capacity": 2.5}]}, "offers.0.capacity", "2.5", "must be a whole number from 0 to 999"),
        ({"offers": [{"arena": "research", "capacity": True}]}, "offers.0.capacity", "True", "must be a whole number from 0 to 999"),
        (
            {"offers": [{"arena": "research", "confirmed_on": "2026-02-31"}]},
            "offers.0.confirmed_on",
            "2026-02-31",
            "is not a calendar day; write it like 2026-11-30",
        ),
        ({"offers": [{"arena": "research", "confirmed_on": "2026-11-26"}]}, "offers.0.confirmed_on", "2026-11-26", "lies in the future"),
        (
            {"offers": [{"arena": "research", "topics": ["Statistics", "Negotiating protected time"]}]},
            "offers.0.topics.1",
            "Negotiating protected time",
            "belongs to Career development, not to Research skills; put it into that offer",
        ),
        (
            {"offers": [{"arena": "research"}, {"arena": "research-skills", "capacity": 2}]},
            "offers",
            "research-skills",
            "a second offer for this arena was merged into the first",
        ),
        ({"institution": {"city": "Lincoln"}}, "institution.name", "", "is required"),
        (
            {"institution": {"name": "Example U", "state": "Midwest"}},
            "institution.state",
            "Midwest",
            "is a region; write one state or territory of it",
        ),
        (
            {"visibility": {"bio": "friends"}},
            "visibility.bio",
            "friends",
            "is not an audience; allowed are public, members, hidden; the field was hidden",
        ),
        (
            {"consent": [{"purpose": "widgets", "state": "granted"}]},
            "consent.0.purpose",
            "widgets",
            "is not for a source to decide; a source can speak for listing, contact",
        ),
        (
            {"consent": [{"purpose": "listing", "state": "pending"}]},
            "consent.0.state",
            "pending",
            "is not a state of consent; allowed are granted, withdrawn",
        ),
        ({"pronouns": "she/her"}, "pronouns", "pronouns", "is not a field of a record and was not read"),
    ],
)
def test_what_costs_one_value(changes: dict[str, Any], field: str, value: str, message: str) -> None:
    parsed = read(**changes)
    assert parsed.record is not None
    assert [(p.field, p.value, p.message, p.fatal) for p in parsed.problems] == [(field, value, message, False)]


def test_the_rest_of_a_list_is_taken() -> None:
    assert facts(specialties=["EM", "nonsense", None, "", "Cardiology"]).specialties == ("emergency-medicine", "cardiology")
    assert facts(offers=[{"arena": "sport"}, {"arena": "research", "levels": ["Residents", "pets"]}]).offers == (
        Offer("research-skills", levels=("resident",)),
    )


def test_all_problems_are_reported_at_once() -> None:
    parsed = read(rank="x1", stage="x2", orcid="x3", extra=1, more={"a": 2}, name={"family": "Vale", "nick": "V"})
    assert [p.field for p in parsed.problems] == ["orcid", "rank", "stage", "name.nick"]
    assert parsed.problems[-1].value == "name.nick, extra, more"


def test_problems_hold_nothing_that_a_database_or_a_log_can_t_take() -> None:
    found = problem(headline="a\0" + "\u202e" * 200)
    assert found.value.isprintable()
    assert len(found.value) == 80
    assert "headline" in repr(found)
    assert "202e" not in repr(found)


def test_two_offers_for_one_arena_ask_no_more_of_the_mentor_than_either() -> None:
    (offer,) = facts(
        offers=[
            {
                "arena": "research",
                "topics": ["statistics"],
                "capacity": 5,
                "taken": 1,
                "paused_until": "2027-01-01",
                "confirmed_on": "2026-10-01",
            },
            {
                "arena": "research",
                "topics": ["study-design"],
                "levels": ["Fellows"],
                "capacity": 3,
                "taken": 2,
                "confirmed_on": "2026-11-01",
            },
        ]
    ).offers
    assert offer == Offer("research-skills", ("statistics", "study-design"), ("fellow",), 3, 2, "", date(2027, 1, 1), date(2026, 10, 1))


def statements(*consent: dict[str, Any]) -> tuple[tuple[ConsentStatement, ...], list[str]]:
    parsed = read(consent=list(consent))
    assert parsed.record is not None
    return parsed.record.consent, [p.field for p in parsed.problems]


def test_an_agreement_with_an_unusable_time_is_not_taken() -> None:
    assert statements({"purpose": "listing", "state": "granted", "at": "last spring"}) == ((), ["consent.0.at", "consent.0"])
    assert statements({"purpose": "listing", "state": "granted", "at": "2026-11-26"}) == ((), ["consent.0.at", "consent.0"])
    a_day_ahead = (NOW + timedelta(hours=23)).isoformat()
    assert statements({"purpose": "listing", "state": "granted", "at": a_day_ahead})[1] == []


def test_a_withdrawal_with_an_unusable_time_still_counts() -> None:
    assert statements({"purpose": "listing", "state": "withdrawn", "at": "2030-01-01"}) == (
        (ConsentStatement("listing", "withdrawn"),),
        ["consent.0.at"],
    )


def test_of_two_statements_the_newest_counts_and_in_doubt_the_withdrawal() -> None:
    granted = {"purpose": "listing", "state": "granted", "at": "2026-03-03"}
    for order in (1, -1):
        assert [s.state for s in statements(*[granted, {"purpose": "listing", "state": "withdrawn", "at": "2026-04-01"}][::order])[0]] == [
            "withdrawn"
        ]
        assert [s.state for s in statements(*[granted, {"purpose": "listing", "state": "withdrawn", "at": "2026-02-01"}][::order])[0]] == [
            "granted"
        ]
        assert [s.state for s in statements(*[granted, {"purpose": "listing", "state": "withdrawn"}][::order])[0]] == ["withdrawn"]
        assert [s.state for s in statements(*[granted, {"purpose": "listing", "state": "withdrawn", "at": "2026-03-03"}][::order])[0]] == [
            "withdrawn"
        ]
    assert statements(granted, {"purpose": "listing", "state": "withdrawn"})[1] == ["consent"]


def test_a_tombstone() -> None:
    parsed = READER.read({"id": "a-17", "withdrawn": True, "at": "2026-11-02"}, source="plains", received_at=NOW)
    assert parsed == Parsed(None, Tombstone("plains", "a-17", datetime(2026, 11, 2, tzinfo=UTC)), ())


@pytest.mark.parametrize("withdrawn", [1, 0, 1.0, "true", "false", "f", "", {}, []])
def test_a_withdrawal_that_says_neither_yes_nor_no_rejects_the_item(withdrawn: object) -> None:
    parsed = read(withdrawn=withdrawn)
    assert (parsed.record, parsed.tombstone) == (None, None)
    assert [(row.field, row.message, row.fatal) for row in parsed.problems] == [("withdrawn", "must be true or false", True)]


def test_a_tombstone_needs_an_id_and_nothing_else() -> None:
    assert READER.read({"withdrawn": True}, source="plains", received_at=NOW).problems == (
        FieldProblem("id", "", "is required", fatal=True),
    )
    assert READER.read({"id": "x", "withdrawn": True, "at": "?"}, source="plains", received_at=NOW).tombstone == Tombstone("plains", "x")


@pytest.mark.parametrize("withdrawn", [False, None])
def test_not_withdrawn_is_an_ordinary_record(withdrawn: object) -> None:
    assert read(withdrawn=withdrawn).record == read().record


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["EM", "research", "2026-11-10", "granted", "listing"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["arena", "topics", "at", "day", "url", "x\0"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*RECORD, "withdrawn", "affinity", "style", "surprise"]), VALUES))
def test_no_input_is_too_strange(changes: dict[str, Any]) -> None:
    parsed = read(**changes)
    assert (parsed.record is None and parsed.tombstone is None) == any(p.fatal for p in parsed.problems)
    for found in parsed.problems:
        assert (found.field + found.value + found.message).isprintable()
    if parsed.record is not None:
        stored = facts_to_json(parsed.record.facts)
        assert facts_from_json(stored) == parsed.record.facts
        str(stored).encode()
        assert "\0" not in str(stored)


@given(st.dictionaries(st.sampled_from([*RECORD]), VALUES))
def test_reading_what_was_read_changes_nothing(changes: dict[str, Any]) -> None:
    first = read(**changes).record
    if first is not None:
        stored = facts_to_json(first.facts)
        for window in stored.get("windows", []):
            window |= {key: f"{window.get(key, 0) // 60:02}:{window.get(key, 0) % 60:02}" for key in ("start", "end")}
        again = READER.read(
            {"id": first.external_id, "updated_at": first.changed_at.isoformat(), **stored}, source="plains", received_at=NOW
        )
        assert again.problems == ()
        assert again.record is not None
        assert again.record.facts == first.facts
