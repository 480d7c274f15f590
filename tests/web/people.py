"""About forty invented mentors of two invented institutions, as the records that institutions send."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from directory.bootstrap import Parts
from directory.core.record_reader import RecordReader
from directory.services.ingest import Arrival, take_in
from directory.store.schema import upgrade

NOW: Final = datetime(2026, 11, 22, 11, 10, tzinfo=UTC)
SIZE: Final = 36

SOURCES: Final = """
[source.plains]
kind = "csv"
label = "Example University of the Plains, faculty file"
path = "plains.csv"
institution = { name = "Example University of the Plains", ror = "https://ror.org/05h9q1g27", city = "Lincoln", state = "NE" }

[source.harbor]
kind = "mentor-feed"
label = "Harbor Example Medical Center, feed"
path = "harbor.json"
institution = { name = "Harbor Example Medical Center", city = "Portland", state = "ME" }
"""

PLACES: Final = {
    "plains": {"name": "Example University of the Plains", "ror": "https://ror.org/05h9q1g27", "city": "Lincoln", "state": "NE"},
    "harbor": {"name": "Harbor Example Medical Center", "city": "Portland", "state": "ME"},
}

GIVEN: Final = ("Tomasz", "Marisol", "Wendell", "Halina", "Desmond", "Yuki", "Beatriz", "Samuel", "Colette")
FAMILY: Final = ("Achterberg-Lin", "Quenneville", "Asante-Frost", "Brightwater")
SPECIALTIES: Final = (
    "emergency-medicine", "emergency-ultrasound", "cardiovascular-disease", "internal-medicine", "pediatrics", "neurology",
)  # fmt: skip
ARENAS: Final = {
    "research-skills": ("study-design", "grant-writing", "statistics", "irb"),
    "career-development": ("promotion", "negotiation", "fellowship-choice"),
    "personal-goals": ("burnout", "parenting"),
}
LEVELS: Final[tuple[list[str], ...]] = (["resident", "fellow"], ["student"], ["resident", "junior-faculty"], [])

INGRID: Final[dict[str, Any]] = {
    "id": "p-ingrid",
    "updated_at": "2026-11-21T09:00:00Z",
    "name": {"given": "Ingrid", "family": "Okonjo-Vale"},
    "credentials": ["MD", "MPH"],
    "orcid": "0000-0002-1825-0097",
    "department": "Emergency Medicine",
    "rank": "professor",
    "stage": "senior",
    "headline": "Bedside ultrasound trials on a small budget, and a first K award.",
    "bio": "<p>I trained in a rural hospital. <strong>Small questions</strong> first.</p><script>alert(1)</script>",
    "specialties": ["emergency-medicine", "emergency-ultrasound"],
    "keywords": ["resuscitation"],
    "offers": [
        {
            "arena": "research-skills", "topics": ["study-design", "grant-writing"], "levels": ["resident", "fellow"],
            "capacity": 5, "taken": 3, "confirmed_on": "2026-11-10", "note": "One call a month, and comments on drafts within a week.",
        },
        {
            "arena": "career-development", "topics": ["promotion"], "levels": ["fellow"],
            "capacity": 3, "taken": 3, "confirmed_on": "2026-11-10",
        },
    ],
    "modes": ["video", "phone"],
    "cadence": "monthly",
    "windows": [{"day": "mon", "start": "12:00", "end": "13:00"}, {"day": "fri", "start": "09:30", "end": "13:00"}],
    "time_zone": "America/Chicago",
    "languages": ["en", "no"],
    "links": [{"url": "https://lab.example.org/", "label": "Lab"}],
}  # fmt: skip


def _offer(number: int, arena: str, place: int) -> dict[str, Any]:
    topics = ARENAS[arena]
    offer: dict[str, Any] = {
        "arena": arena,
        "topics": [topics[number % len(topics)]],
        "levels": LEVELS[(number + place) % len(LEVELS)],
        "capacity": 1 + number % 4,
        "taken": (number + place) % 3,
        "confirmed_on": (NOW.date() - timedelta(days=(number * 11 + place) % 130)).isoformat(),
    }
    if number % 9 == place:
        offer["paused_until"] = "2027-01-12"
    return offer


def person(number: int) -> dict[str, Any]:
    """The record of a number; its properties repeat with different periods, so that every filter has several values."""
    arenas = [arena for place, arena in enumerate(ARENAS) if (number + place) % 3 or place == 0]
    place = PLACES["plains" if number % 2 else "harbor"]
    record: dict[str, Any] = {
        "id": f"p-{number}",
        "updated_at": "2026-11-20T09:00:00Z",
        "name": {"given": GIVEN[number % 9], "family": FAMILY[number // 9 % 4]},
        "credentials": [["MD"], ["DO", "PhD"], ["RN"]][number % 3],
        "institution": place,
        "rank": ("professor", "associate-professor", "assistant-professor")[number % 3],
        "headline": ("From case series to a registry.", "Statistics without fear.", "Ultrasound at the bedside.")[number % 3],
        "specialties": [SPECIALTIES[number % 6]],
        "offers": [_offer(number, arena, at) for at, arena in enumerate(arenas)],
        "languages": (["en"], ["en", "es"], ["en", "vi"])[number % 3],
    }
    if number % 4:
        record["modes"] = [("video", "phone", "in-person")[number % 3]]
    if number % 5:
        record["stage"] = ("early", "mid", "senior")[number % 3]
    return record


LEAVER: Final[dict[str, Any]] = person(2) | {"id": "p-leaver", "name": {"given": "Gideon", "family": "Leaver-Ashgrove"}}


def prepare(folder: Path) -> Path:
    """A configuration folder with the shipped vocabularies and two invented sources."""
    shipped = Path(__file__).parents[2] / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocabularies").symlink_to(shipped / "vocabularies")
    (folder / "directory.toml").write_text("[web]\ndemo = true\n", encoding="utf-8")
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return folder


def take(parts: Parts, source: str, records: list[dict[str, Any]]) -> None:
    """Let records in as the runner does."""
    reader = RecordReader(parts.vocabularies)
    consent = {"purpose": "listing", "state": "granted", "at": "2026-03-03", "evidence": "form 12"}
    agreed = {"consent": [consent], "institution": PLACES[source]}
    arrivals = []
    for record in records:
        parsed = reader.read(agreed | record, source=source, received_at=NOW)
        assert parsed.record is not None, parsed.problems
        assert [problem for problem in parsed.problems if problem.field != "bio"] == []
        arrivals.append(Arrival(parsed.record, b"\0" * 16, "test"))
    with parts.store.write() as conn:
        take_in(conn, source, arrivals, parts.policy, NOW)


def fill(parts: Parts) -> None:
    """Everybody, indexed; one mentor withdraws after that, and the index does not know yet."""
    upgrade(parts.store)
    records = [INGRID, LEAVER, *(person(number) for number in range(SIZE))]
    for source in PLACES:
        take(parts, source, [record for record in records if record.get("institution", PLACES["plains"]) == PLACES[source]])
    while parts.indexer.drain().taken:
        pass
    parts.consent.withdraw(person_id(parts, "Leaver-Ashgrove"), evidence="letter")


def person_id(parts: Parts, family: str) -> str:
    """The id of somebody who is listed."""
    (found,) = parts.search.suggest(family)
    return found.key
