"""Shape of the container files: no root, nothing writable but volumes and memory, health checks that fit the application.

No container engine is needed here, so this checks what the files say, not what an engine makes of them.
"""

import re
from typing import Any

import pytest
import yaml

from tests.quality.checkout import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
KNOWN_KEYS = {
    "image", "build", "command", "environment", "env_file", "user", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "volumes",
    "restart", "ports", "stop_grace_period", "healthcheck", "depends_on", "shm_size", "profiles", "ulimits",
}  # fmt: skip


def test_services_are_the_parts_of_the_directory() -> None:
    assert set(SERVICES) == {"migrate", "web", "worker", "db", "elasticsearch"}
    assert SERVICES["elasticsearch"]["profiles"] == ["elasticsearch"]
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["elasticsearch"]


@pytest.mark.parametrize("name", SERVICES)
def test_keys_are_of_the_compose_specification(name: str) -> None:
    assert set(SERVICES[name]) - KNOWN_KEYS == set()


@pytest.mark.parametrize("name", SERVICES)
def test_no_root_and_no_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in {"", "0", "root", "0:0"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "db"])
def test_root_file_system_is_read_only(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert "/tmp" in SERVICES[name]["tmpfs"]


@pytest.mark.parametrize("name", SERVICES)
def test_health_check_or_one_shot(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name == "migrate":
        assert check == {"disable": True}
        assert SERVICES[name]["restart"] == "no"
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "start_period", "retries"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_volumes_and_dependencies_are_declared(name: str) -> None:
    assert {volume.partition(":")[0] for volume in SERVICES[name]["volumes"]} <= set(COMPOSE["volumes"])
    wanted = SERVICES[name].get("depends_on", {})
    assert set(wanted) <= set(SERVICES)
    assert all(SERVICES[other]["healthcheck"].get("test") for other, how in wanted.items() if how == {"condition": "service_healthy"})


def test_only_the_web_server_is_published_and_on_loopback_by_default() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["${PUBLISH:-127.0.0.1:8080}:8080"]
    }


def test_every_variable_has_a_default_or_stands_in_the_example() -> None:
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert set(re.findall(r"\$\{([A-Z_]+)(?!\w|:-|:\?)", text)) == set()
    assert required == {"POSTGRES_PASSWORD"} <= example


def test_server_versions_fit_the_clients() -> None:
    assert SERVICES["elasticsearch"]["image"].startswith("elasticsearch:8.19.")  # the client is elasticsearch>=8.19,<9
    assert SERVICES["db"]["image"] == "postgres:17"
    test_servers = yaml.safe_load((ROOT / "tools/services.compose.yml").read_text())["services"]
    assert test_servers["elasticsearch"]["image"] == SERVICES["elasticsearch"]["image"]
    assert test_servers["postgres"]["image"] == SERVICES["db"]["image"]


def test_image_runs_as_a_user_and_holds_no_build_tools() -> None:
    build, final = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "--require-hashes -r requirements.txt" in build
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert not re.search(r"hatchling|pip |gcc|apt-get|requirements-build", final)
    assert "/readyz" in final


def test_image_gets_only_what_it_copies() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
