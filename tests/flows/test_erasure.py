"""Erasing a person leaves nothing that says who it was: not in a table, not in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.core.consent import PURPOSES
from directory.core.profile import FACT_FIELDS
from directory.store import ledger
from directory.store.tables import metadata
from tests.commands import mentors
from tests.dialects import both
from tests.world import World, open_world, orcid, record, records

CANARY = "Zyxcanary"
KEPT = {"person", "consent_event", "suppression", "decision", "outbox"}
"""Tables that may still hold the person's random id."""


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path, dialect, sources={"plains": "", "harbor": ""}) as opened:
        yield opened


def canary(external_id: str, **changed: object) -> dict[str, object]:
    """Somebody all of whose texts can be told from everybody else's."""
    return record(
        external_id,
        name={"given": CANARY, "family": f"{CANARY}family", "middle": f"{CANARY}middle"},
        orcid=orcid(1),
        npi="1234567893",
        department=f"{CANARY} department",
        headline=f"{CANARY} headline",
        bio=f"<p>{CANARY} bio</p>",
        keywords=[f"{CANARY}word"],
        links=[{"url": "https://example.org/zyxcanary", "label": CANARY}],
        offers=[{"arena": "research-skills", "note": f"{CANARY} note", "confirmed_on": "2026-11-20"}],
        **changed,
    )


def traces(world: World) -> list[str]:
    """Tables and files in which the person can still be found."""
    secrets = (CANARY.casefold(), orcid(1), "1234567893", f"plains/{CANARY}".casefold())
    found = [
        f"table {name}"
        for name in metadata.tables
        for row in world.table(name)
        if any(secret in repr(row).casefold() for secret in secrets)
    ]
    files = [path for path in world.data.rglob("*") if path.is_file()]
    found += [
        f"file {path.relative_to(world.data)}" for path in files if any(secret.encode() in path.read_bytes().lower() for secret in secrets)
    ]
    return sorted(set(found))


@both
def test_nothing_is_left_but_pseudonyms(world: World, dialect: str) -> None:
    first, second = f"{CANARY}-1", f"{CANARY}-2"
    world.harvest([canary(first, rank=f"{CANARY} rank"), *records(30)])  # a problem goes to the quarantine
    world.harvest([canary(second)], "harbor")
    world.drain()
    # something of the person is staged in a held run
    assert world.harvest([canary(first, stage=f"{CANARY} stage"), *records(3)]).status == "held"
    person = world.person(first)
    assert {"table identity", "table profile", "table quarantine", "table source_record", "table staged_item"} <= set(traces(world))
    assert mentors(world.environment, "consent", "erase", person, "--yes").code == 0
    assert [place for place in traces(world) if place.startswith("table")] == []
    world.drain()
    world.parts.rebuilder.rebuild(lambda _done, _total: None)
    if dialect == "sqlite":
        with world.store.engine.connect() as conn:
            raw = conn.connection.dbapi_connection
            assert raw is not None
            conn.rollback()
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert traces(world) == []
    assert len(world.visible()) == 30
    assert {name for name in metadata.tables if any(person in repr(row) for row in world.table(name))} <= KEPT
    with world.store.read() as conn:
        events = ledger.of_people(conn, [person])[person]
        ledger.verify(conn)
    assert [(event.purpose, event.state, event.basis) for event in events[-4:]] == [(purpose, "withdrawn", "self") for purpose in PURPOSES]
    assert len(world.table("suppression")) == 4  # two source keys, iD, NPI


@both
def test_what_another_source_is_about_to_say_goes_too(world: World) -> None:
    """It knows the person by an id that the directory never saw, so only the identifiers tell whom it means."""
    world.harvest([canary("a")])
    world.harvest(records(30), "harbor")
    nameless = {"orcid": orcid(1), "name": {"given": CANARY}}
    report = world.harvest([canary("z-1"), record("z-2", orcid=orcid(2)), nameless, *records(3)], "harbor")
    assert (report.status, report.counts["held"], report.counts["rejected"]) == ("held", 2, 1)
    assert {"table quarantine", "table staged_item"} <= set(traces(world))
    world.parts.consent.erase(world.person("a"))
    assert [place for place in traces(world) if place.startswith("table")] == []
    assert [row[2] for row in world.table("staged_item") if row[4] == "import"] == ["z-2"]
    assert world.parts.runner.release("harbor").counts["suppressed"] == 1


def test_neither_harvest_nor_release_brings_anything_back(world: World) -> None:
    world.harvest([canary("a"), *records(30)])
    world.harvest([canary("a", stage="mid"), *records(3)])  # held
    world.parts.consent.erase(world.person("a"))
    report = world.parts.runner.release("plains")
    assert report.adds_up
    assert (report.counts["held"], report.counts["suppressed"]) == (0, 1)
    assert len(world.visible()) == 3
    assert world.harvest([canary("a"), *records(3)]).counts["suppressed"] == 1
    assert world.harvest([canary("b")], "harbor").counts["suppressed"] == 1
    assert {row[0] for row in world.table("source_record")} == {"plains"}
    assert CANARY not in repr([world.table(name) for name in metadata.tables])


def test_the_canary_reaches_every_field_of_text() -> None:
    """What is new in a record is looked for too."""
    covered = {"name", "orcid", "npi", "department", "headline", "bio", "keywords", "links", "offers"}
    keys = {"institution", "rank", "stage", "specialties", "modes", "cadence", "windows", "time_zone", "languages", "style", "visibility"}
    free = {"credentials", "meetings", "affinity", "photo_url"}  # handled like keywords and links
    assert covered | keys | free == set(FACT_FIELDS)
