"""The published JSON Schemas: valid themselves, the same as in the docs, and one meaning with the reader of records."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from directory.core.json_schema import json_schema
from directory.core.profile import FACT_FIELDS
from directory.core.record_reader import RecordReader
from directory.core.vocabulary_files import load_vocabularies
from tests.core.test_record_reader import RECORD

ROOT = Path(__file__).parents[2]
SCHEMAS = json_schema()
PROFILE = Draft202012Validator(SCHEMAS["mentor-profile-1"])
FEED = Draft202012Validator(SCHEMAS["mentor-feed-1"])
READER = RecordReader(load_vocabularies(ROOT / "config" / "vocabularies"))


def publishable() -> dict[str, Any]:
    """The record of the reader's tests as a careful publisher would send it."""
    record = json.loads(json.dumps(RECORD))
    del record["name"]["suffix"]
    record["keywords"] = ["sepsis"]
    record["offers"][0] |= {"taken": 3, "confirmed_on": "2026-11-10"}
    return dict(record)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid_and_in_the_docs(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert json.loads((ROOT / "docs" / "schemas" / f"{name}.json").read_text(encoding="utf-8")) == SCHEMAS[name]


def test_every_fact_and_only_facts_are_described() -> None:
    assert set(SCHEMAS["mentor-profile-1"]["properties"]) == {*FACT_FIELDS, "id", "updated_at", "consent"}
    assert all("description" in field for field in SCHEMAS["mentor-profile-1"]["properties"].values())


def test_examples_of_the_schema_fit_it() -> None:
    for name, field in SCHEMAS["mentor-profile-1"]["properties"].items():
        for example in field.get("examples", []):
            assert list(PROFILE.evolve(schema=field).iter_errors(example)) == [], name


def test_a_good_record_fits_and_is_read_without_a_problem() -> None:
    record = publishable()
    assert list(PROFILE.iter_errors(record)) == []
    feed = {"schema": "mentor-feed/1", "total": 2, "items": [record, {"id": "b", "withdrawn": True}]}
    assert list(FEED.iter_errors(feed)) == []
    assert READER.read(record, source="plains", received_at=datetime(2026, 11, 24, tzinfo=UTC)).problems == ()


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"name": {}},
        {"orcid": "0000"},
        {"bio": "x" * 20_001},
        {"offers": [{}]},
        {"offers": [{"arena": "research", "capacity": 1000}]},
        {"windows": [{"day": "Mon", "start": "12:00", "end": "13:00"}]},
        {"links": [{"url": "http://x.example.org"}]},
        {"visibility": {"bio": "me"}},
        {"consent": [{"purpose": "federation", "state": "granted"}]},
        {"keywords": ["x"] * 51},
    ],
)
def test_what_does_not_fit_is_reported_by_the_reader_too(change: dict[str, Any]) -> None:
    record = publishable() | change
    assert list(PROFILE.iter_errors(record)) != []
    assert READER.read(record, source="plains", received_at=datetime(2026, 11, 24, tzinfo=UTC)).problems != ()


@pytest.mark.parametrize("feed", [{}, {"schema": "mentor-feed/2", "items": []}, {"schema": "mentor-feed/1", "items": [{"id": "a"}]}])
def test_what_is_no_feed(feed: dict[str, Any]) -> None:
    assert list(FEED.iter_errors(feed)) != []
