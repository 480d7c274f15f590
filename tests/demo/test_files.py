"""The files of the demo, read with the standard library only."""

import csv
import io
import json
import time
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from directory.core.identity import parse_ror
from directory.core.vocabulary import Vocabularies
from directory.demo.files import MOST_PROFILES, write_feed, write_files
from directory.demo.institutions import institutions
from directory.demo.mess import FAULTS, fault_of
from directory.demo.plan import DemoPlan, PlannedSource
from directory.demo.sheets import fit_1252
from tests.demo.conftest import TODAY

URL = "http://127.0.0.1:9/json/v2/"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows(source: PlannedSource) -> list[dict[str, str]]:
    raw = source.path.read_bytes()
    text = raw.decode("cp1252" if source.name == "harbor" else "utf-8-sig")
    delimiter = {"lakes": ";", "northernlights": "\t"}.get(source.name, ",")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def items(source: PlannedSource) -> list[dict[str, Any]]:
    if source.path.suffix == ".json":
        document = json.loads(source.path.read_bytes())
        assert document["schema"] == "mentor-feed/1"
        assert document["total"] == len(document["items"])
        return list(document["items"])
    lines = [json.loads(line) for line in source.path.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["total"] == lines[-1]["count"] == len(lines) - 2
    assert lines[-1]["end"] is True
    return lines[1:-1]


def of_kind(plan: DemoPlan, kind: str) -> Iterator[PlannedSource]:
    return (source for source in plan.sources if source.kind == kind)


def test_twelve_institutions() -> None:
    places = institutions()
    assert len({place.state for place in places}) == len(places) == 12
    assert len({place.zone for place in places}) >= 7
    assert len({place.weight for place in places}) >= 8


def test_more_institutions_keep_the_first_ones() -> None:
    many = institutions(400)
    assert many[:12] == institutions()
    assert all("Example" in place.name for place in many)
    assert [parse_ror(place.ror) for place in many] == [place.ror for place in many]
    for key in ("name", "short", "ror"):
        assert len({getattr(place, key) for place in many}) == 400
    with pytest.raises(ValueError, match="0 institutions were asked for; allowed: 1 to 32768"):
        institutions(0)


def test_states_and_zones_exist(vocabularies: Vocabularies) -> None:
    from zoneinfo import available_timezones

    assert {place.state for place in institutions(100)} <= set(vocabularies["state"].terms)
    assert {place.zone for place in institutions(100)} <= available_timezones()


def test_kinds_and_sizes(served: DemoPlan) -> None:
    kinds = [source.kind for source in served.sources]
    assert (kinds.count("csv"), kinds.count("mentor-feed"), kinds.count("ucsf-profiles")) == (7, 4, 1)
    assert 2950 <= served.records <= 3150
    assert all(source.records >= 50 for source in served.sources)
    assert 20 < served.twice < 60


def test_files_hold_what_the_plan_says(served: DemoPlan) -> None:
    for source in of_kind(served, "csv"):
        assert len(rows(source)) == source.records
    for source in of_kind(served, "mentor-feed"):
        assert len(items(source)) == source.records
    for source in of_kind(served, "ucsf-profiles"):
        assert sorted(path.stem for path in source.path.iterdir()) == sorted(source.names)
        assert len(source.names) == source.records


def test_encodings_and_separators(served: DemoPlan) -> None:
    raw = {source.name: source.path.read_bytes() for source in of_kind(served, "csv")}
    with pytest.raises(UnicodeDecodeError):
        raw["harbor"].decode()
    assert raw["highdesert"].startswith(b"\xef\xbb\xbf")
    assert raw["tradewinds"].startswith(b'\xef\xbb\xbf"id"')
    assert raw["lakes"].startswith(b"Faculty ID;Last Name;First Name;MI;")
    assert raw["northernlights"].startswith(b"Person ID\tLast\tFirst\t")
    assert raw["bluegrass"].startswith(b"LAST UPDATED,hidden fields,")
    assert raw["northfield"].startswith(b"id,family name,given name,")
    assert all(b"\r\n" in raw[name] for name in ("lakes", "harbor", "highdesert"))
    assert {"Office", "Fiscal year", "Phone"} <= set(rows(next(s for s in served.sources if s.name == "highdesert"))[0])


def test_every_mistake_is_there(served: DemoPlan) -> None:
    made = {fault: sum(source.faults.get(fault, 0) for source in served.sources) for fault in FAULTS}
    assert min(made.values()) >= 3
    assert 25 <= sum(made.values()) <= 30
    everything = [row for source in of_kind(served, "csv") for row in rows(source)]
    everything += [item for source in of_kind(served, "mentor-feed") for item in items(source)]
    texts = [json.dumps(item, ensure_ascii=False) for item in everything]
    assert sum("=HYPERLINK(" in text for text in texts) == made["formula"]
    assert sum("I wrote this in a spreadsheet.\\nIt has" in text for text in texts) == made["newline"]
    assert sum("2026-02-31" in text or "2/31/2026" in text for text in texts) == made["date"]
    assert len(texts) - len({item.get("id") or next(iter(set(item.values()) & ids(item))) for item in everything}) == made["duplicate"]


def ids(row: dict[str, Any]) -> set[str]:
    """The id of a row, whatever its column is called."""
    return {row[key] for key in ("Faculty ID", "Person ID", "EMPLOYEE ID") if key in row}


def test_everybody_works_at_an_example(served: DemoPlan) -> None:
    for source in served.sources:
        assert "Example" in source.institution.name
    for source in of_kind(served, "mentor-feed"):
        assert all("Example" in item["institution"]["name"] for item in items(source) if "withdrawn" not in item)


def test_every_web_address_is_an_example(served: DemoPlan) -> None:
    for raw in content(served.sources_file.parent).values():
        text = raw.decode("utf-8", "replace")
        hosts = [part.split("/")[0] for part in text.replace("http://", "https://").split("https://")[1:]]
        assert all(host.endswith("example.org") or host == "ror.org" or host.startswith("127.0.0.1:") for host in hosts)


def test_profiles_look_like_those_of_the_server(served: DemoPlan) -> None:
    source = next(of_kind(served, "ucsf-profiles"))
    answers = [json.loads((source.path / f"{name}.json").read_bytes()) for name in source.names]
    people = [answer["Profiles"][0] for answer in answers]
    sections = [person["FacultyMentoring"] for person in people]
    assert 5 <= sum(section == {"Narrative": None, "Types": []} for section in sections) <= 12
    assert all(" - " in text for section in sections for text in section["Types"])
    assert any("Residents - Community service" in section["Types"] for section in sections)
    assert all(person["ProfilesURL"].startswith("https://profiles.goldenbay.example.org/") for person in people)
    assert "/home" not in json.dumps(people)


def test_sources_toml_names_every_file(served: DemoPlan) -> None:
    sources = tomllib.loads(served.sources_file.read_text(encoding="utf-8"))["source"]
    assert list(sources) == [source.name for source in served.sources]
    for source in of_kind(served, "csv"):
        block = sources[source.name]
        assert (served.sources_file.parent / block["path"]).is_file()
        assert block["institution"] == source.institution.facts


def test_same_arguments_same_bytes(vocabularies: Vocabularies, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_files(tmp_path / name, vocabularies=vocabularies, today=TODAY, replay_url=URL, size=400)
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    assert one == two
    write_files(tmp_path / "other", vocabularies=vocabularies, today=date(2026, 11, 25), replay_url=URL, size=400)
    assert content(tmp_path / "other") != one


def test_a_larger_demo_begins_with_the_smaller_one(vocabularies: Vocabularies, tmp_path: Path) -> None:
    for size in (200, 600):
        write_files(tmp_path / str(size), vocabularies=vocabularies, today=TODAY, replay_url=URL, size=size)
    small, large = content(tmp_path / "200"), content(tmp_path / "600")
    for name, raw in small.items():
        if name.endswith(".csv"):
            assert large[name].startswith(raw)
        elif name.startswith("profiles/"):
            assert large[name] == raw


def test_a_tiny_demo(vocabularies: Vocabularies, tmp_path: Path) -> None:
    plan = write_files(tmp_path, vocabularies=vocabularies, today=TODAY, replay_url=URL, size=1, institutions=1)
    assert [(source.name, source.records) for source in plan.sources] == [("plains", 2)]  # the mentor and a tombstone


def test_many_institutions(vocabularies: Vocabularies, tmp_path: Path) -> None:
    plan = write_files(tmp_path, vocabularies=vocabularies, today=TODAY, replay_url=URL, size=2000, institutions=60)
    assert len(plan.sources) == 60
    assert {source.kind for source in plan.sources[12:]} == {"csv", "mentor-feed"}


def test_profile_server_stays_small(vocabularies: Vocabularies, tmp_path: Path) -> None:
    plan = write_files(tmp_path, vocabularies=vocabularies, today=TODAY, replay_url=URL, size=7000)
    assert next(of_kind(plan, "ucsf-profiles")).records == MOST_PROFILES


def test_writing_the_demo_is_quick(vocabularies: Vocabularies, tmp_path: Path) -> None:
    """In processor time, because the machine may be busy."""
    begun = time.process_time()
    write_files(tmp_path, vocabularies=vocabularies, today=TODAY, replay_url=URL)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("name", ["feed.json", "feed.ndjson"])
def test_feed_for_benchmarks(vocabularies: Vocabularies, tmp_path: Path, people: list[dict[str, Any]], name: str) -> None:
    path = tmp_path / name
    write_feed(path, 300, vocabularies=vocabularies, today=TODAY)
    source = PlannedSource("x", "mentor-feed", path, institutions()[0], 300, {})
    assert items(source) == people[:300]


def test_interrupted_feed_is_not_complete(vocabularies: Vocabularies, tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    with pytest.raises(ValueError, match="-1 is not the number"):
        write_feed_of_bad_number(path, vocabularies)
    with pytest.raises(json.JSONDecodeError):
        json.loads(path.read_bytes())


def write_feed_of_bad_number(path: Path, vocabularies: Vocabularies) -> None:
    from directory.demo.feeds import Feed
    from directory.demo.people import orcid_of

    with Feed(path, today=TODAY, lines=False) as feed:
        feed.write({"id": "1"})
        feed.write({"id": "2", "orcid": orcid_of(-1)})


def test_about_one_in_a_hundred_is_wrong() -> None:
    faults = [fault_of(number) for number in range(70_700)]
    assert {fault: faults.count(fault) for fault in FAULTS} == dict.fromkeys(FAULTS, 100)


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("Muñoz", "Muñoz"),
        ("Łukasz Wróbel", "Lukasz Wróbel"),
        ("Nguyễn", "Nguyen"),
        ("Ka\u02bbahanui", "Ka'ahanui"),
        ("Y\u0131lmaz, Şahin", "Yilmaz, Sahin"),
        ("日本", "??"),
    ],
)
def test_windows_1252_loses_letters_as_spreadsheets_do(text: str, fitted: str) -> None:
    assert fit_1252(text) == fitted
