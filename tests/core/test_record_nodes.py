from datetime import UTC, datetime
from pathlib import Path

from directory.core.record_reader import RecordReader
from directory.core.vocabulary_files import load_vocabularies
from directory.settings import shipped_config

READER = RecordReader(load_vocabularies(Path(shipped_config()) / "vocabularies"))


def read(received: datetime, **fields: object) -> tuple[list[str], list[tuple[str, str]]]:
    """Departments and changes as taken, and what was refused."""
    parsed = READER.read({"id": "a", "name": {"family": "Example"}, **fields}, source="plains", received_at=received)
    taken = [] if parsed.record is None else [parsed.record.facts.department, parsed.record.changed_at.isoformat()]
    return taken, [(problem.field, problem.message) for problem in parsed.problems]


def test_a_remembered_time_is_still_compared_with_the_day_of_receipt() -> None:
    moment = "2026-05-05T00:00:00Z"
    assert read(datetime(2026, 6, 1, tzinfo=UTC), updated_at=moment) == (["", "2026-05-05T00:00:00+00:00"], [])
    before = datetime(2026, 5, 1, tzinfo=UTC)
    assert read(before, updated_at=moment) == (["", "2026-05-01T00:00:00+00:00"], [("updated_at", "lies in the future")])


def test_a_refused_value_is_refused_again() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    first = read(now, updated_at="yesterday")
    assert first == read(now, updated_at="yesterday")
    assert first[1] == [("updated_at", "is not a time; write it like 2026-11-30T14:00:00Z or 2026-11-30")]


def test_what_is_remembered_for_one_field_is_not_taken_for_another() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert read(now, department="  Example   Medicine ") == (["Example Medicine", now.isoformat()], [])
    assert read(now, department=7)[0][0] == "7"
    assert read(now, department="7")[0][0] == "7"
    assert read(now, photo_url="Example Medicine")[1] == [("photo_url", "must be an address that begins with https:// and a host name")]
