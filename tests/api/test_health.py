"""What an operator and other programs read at the root of the site: health, readiness, metrics, the node's card, the schemas."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # it ships no types
from prometheus_client.parser import text_string_to_metric_families

from directory.bootstrap import build
from directory.core.json_schema import json_schema
from directory.demo.people import Cast
from directory.settings import load_settings
from indexer.engines.embedded.generations import UNREADABLE
from tests.api.people import NOW, Directory, Time, invented, open_directory, record


def ready(directory: Directory) -> tuple[int, dict[str, Any]]:
    response = directory.client.get("/readyz")
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.get_json()


def metrics(directory: Directory) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = directory.client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}


def number(directory: Directory, name: str, **labels: str) -> float:
    return metrics(directory)[name, frozenset(labels.items())]


def test_healthy_and_ready(directory: Directory) -> None:
    assert directory.get("/healthz") == {"status": "ok"}
    assert ready(directory) == (200, {"ready": True, "checks": {"store": "ok", "engine": "ok"}, "warnings": []})


def test_a_store_that_is_not_set_up(tmp_path: Path) -> None:
    parts = build(load_settings({"MENTORS_DATA": str(tmp_path)}), clock=Time())
    empty = Directory(parts, Time())
    status, body = ready(empty)
    assert (status, body["ready"], body["checks"]["engine"]) == (503, False, "ok")
    assert "mentors db upgrade" in body["checks"]["store"]
    assert (number(empty, "mentors_store_up"), number(empty, "mentors_engine_up")) == (0, 1)
    response = empty.client.get("/api/v1/mentors")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert empty.get("/healthz") == {"status": "ok"}
    parts.close()


def test_a_store_of_a_newer_version(fresh: Directory) -> None:
    from sqlalchemy import text

    with fresh.parts.store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    status, body = ready(fresh)
    assert (status, "newer version" in body["checks"]["store"]) == (503, True)


def test_an_index_that_is_missing(fresh: Directory) -> None:
    other = build(fresh.parts.settings, read_only_engine=True, clock=fresh.time)
    status, body = ready(Directory(other, fresh.time))
    assert (status, body["checks"]["engine"]) == (503, "there is no search index yet: run `mentors worker`")
    other.close()


def test_an_index_that_is_damaged(fresh: Directory) -> None:
    """Changes that wait must not make it look like one that is only behind."""
    fresh.harvest([record("a-1", "Achterberg")])
    fresh.index()
    meta = next((fresh.parts.settings.paths.data / "index").glob("*/data/meta.json"))
    meta.write_text("{", encoding="utf-8")
    fresh.harvest([record("a-2", "Bakker")])
    status, body = ready(fresh)
    assert (status, body["checks"]["engine"]) == (503, UNREADABLE)


def test_an_index_built_for_other_vocabularies(fresh: Directory, tmp_path: Path) -> None:
    fresh.index()
    fresh.harvest([record("a-1", "Achterberg")])
    fresh.index()
    config = tmp_path / "other"
    (config / "vocabularies").mkdir(parents=True)
    for name in ("directory.toml", "sources.toml"):
        (config / name).write_text((fresh.parts.settings.config / name).read_text())
    for path in (fresh.parts.settings.config / "vocabularies").iterdir():
        text = path.read_text(encoding="utf-8")
        (config / "vocabularies" / path.name).write_text(text.replace("Emergency Medicine", "Medicine of Emergencies", 1), encoding="utf-8")
    settings = load_settings({"MENTORS_CONFIG": str(config), "MENTORS_DATA": str(fresh.parts.settings.paths.data)})
    other = build(settings, read_only_engine=True, clock=fresh.time)
    status, body = ready(Directory(other, fresh.time))
    assert (status, "mentors index rebuild" in body["checks"]["engine"]) == (503, True)
    other.close()


def test_an_outbox_that_nobody_works_off(fresh: Directory) -> None:
    fresh.harvest([record("a-1", "Achterberg")])
    assert ready(fresh)[1]["warnings"] == []
    fresh.time.pass_by(seconds=75)
    status, body = ready(fresh)
    assert (status, body["ready"]) == (200, True)
    assert body["warnings"] == ["the oldest change waits 75 s for the index: is `mentors worker` running?"]


def test_metrics_count_people_changes_and_requests(fresh: Directory) -> None:
    fresh.harvest([record("a-1", "Achterberg"), record("a-2", "Stayer")])
    fresh.time.pass_by(seconds=30)
    waiting = ("mentors_outbox_pending", "mentors_outbox_oldest_seconds", "mentors_indexed", "mentors_outbox_parked")
    assert [number(fresh, name) for name in waiting] == [2, 30, 0, 0]
    fresh.index()
    assert [number(fresh, name) for name in waiting] == [0, 0, 2, 0]
    fresh.search(q="Achterberg")
    fresh.client.get("/api/v1/mentors?limit=x")
    fresh.client.get("/api/v1/nothing")
    assert number(fresh, "mentors_requests_total", endpoint="mentors.Mentors", status="200") == 1
    assert number(fresh, "mentors_requests_total", endpoint="mentors.Mentors", status="400") == 1
    assert number(fresh, "mentors_requests_total", endpoint="none", status="404") == 1
    assert number(fresh, "mentors_request_seconds_count", endpoint="mentors.Mentors") == 2
    assert (number(fresh, "mentors_store_up"), number(fresh, "mentors_engine_up")) == (1, 1)
    assert "Achterberg" not in fresh.client.get("/metrics").text


def test_the_card_of_the_node_leads_to_what_is_there(directory: Directory, tmp_path: Path) -> None:
    card = directory.get("/.well-known/mentor-directory")
    assert (card["name"], card["demo"], card["schemas"]) == ("mentor-directory", False, ["mentor-profile/1", "mentor-feed/1"])
    for address in (card["openapi"], card["profile_schema"], card["feed_schema"], f"{card['api']}/mentors"):
        assert directory.client.get(address).status_code == 200, address
    with open_directory(tmp_path / "x", MENTORS_WEB_BASE_URL="https://mentors.example.org") as other:
        assert other.get("/.well-known/mentor-directory")["api"] == "https://mentors.example.org/api/v1"


@pytest.mark.parametrize("name", ["mentor-profile-1", "mentor-feed-1"])
def test_schemas_are_published(directory: Directory, name: str) -> None:
    response = directory.client.get(f"/schemas/{name}.json")
    assert (response.status_code, response.content_type) == (200, "application/schema+json")
    assert response.get_json(force=True) == json_schema()[name]
    Draft202012Validator.check_schema(response.get_json(force=True))


def test_what_the_demo_sends_fits_the_published_schemas(directory: Directory) -> None:
    published = {name: directory.get(f"/schemas/mentor-{name}-1.json") for name in ("profile", "feed")}
    profile = Draft202012Validator(published["profile"], format_checker=FormatChecker())
    feed = Draft202012Validator(published["feed"], format_checker=FormatChecker())
    items: list[dict[str, Any]] = invented(directory.parts, 300)
    cast = Cast(directory.parts.vocabularies, today=NOW.date())
    items += [cast.second(number)[1] for number in range(300) if cast.works_at_two(number)]
    assert [error.message for item in items for error in profile.iter_errors(item)] == []
    tombstone = {"id": "a-17", "withdrawn": True, "at": "2026-11-02"}
    document = {"schema": "mentor-feed/1", "generated_at": "2026-11-24T00:00:00Z", "total": 301, "items": [*items[:300], tombstone]}
    assert [error.message for error in feed.iter_errors(document)] == []
    refused: list[dict[str, Any]] = [
        {"items": []},
        document | {"schema": "mentor-feed/2"},
        document | {"items": [{"name": {"family": "Without-Id"}}]},
    ]
    for wrong in refused:
        assert not feed.is_valid(wrong)
