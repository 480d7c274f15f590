"""The scripts that set up and start servers say what is wrong, and use what is given."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.quality.checkout import ROOT

PYTHONS = ("python3.13", "python3.12", "python3.11", "python3", "python")


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def copy(folder: Path, *names: str) -> None:
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
        target.chmod(0o755)


def run(*command: str, path: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "SERVICES_"))}
    return subprocess.run(command, capture_output=True, text=True, env={**clean, "PATH": f"{path}:{os.environ['PATH']}", **env}, timeout=60)


@pytest.fixture
def fakes(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def test_setup_without_a_fit_python_says_what_is_needed(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/setup")
    for name in PYTHONS:
        script(fakes / name, "exit 1")  # as an old Python does when asked whether it is 3.11
    done = run(str(tmp_path / "tools/setup"), "runtime", path=fakes)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or later is needed and was not found on PATH.")


def test_setup_refuses_another_level(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/setup")
    done = run(str(tmp_path / "tools/setup"), "all", path=fakes)
    assert (done.returncode, done.stderr) == (2, "tools/setup: runtime or dev, not 'all'\n")


def test_setup_without_venv_says_what_to_install(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/setup")
    script(fakes / "python3.13", 'case $1 in -c) echo "$0" ;; *) echo "No module named $2" >&2; exit 1 ;; esac')
    done = run(str(tmp_path / "tools/setup"), "runtime", path=fakes, SETUP_BY="pip")
    assert done.returncode == 1
    assert "No module named venv" in done.stderr
    assert "can't make an environment; install its venv module (Debian, Ubuntu: apt-get install python3-venv)." in done.stderr


def test_services_use_the_address_that_is_given(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/services")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql+psycopg://u@127.0.0.1:{server.getsockname()[1]}/x"
        done = run(str(tmp_path / "tools/services"), "start", "postgres", path=fakes, TEST_DATABASE_URL=url, SERVICES_BY="recipe")
    assert (done.returncode, done.stdout) == (0, f"export TEST_DATABASE_URL='{url}'\n")
    assert (tmp_path / "var/services.env").read_text() == done.stdout


def test_services_refuse_a_given_address_where_nothing_answers(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/services")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    done = run(str(tmp_path / "tools/services"), "start", "elasticsearch", path=fakes, TEST_ELASTICSEARCH_URL=url, SERVICES_BY="recipe")
    assert done.returncode == 1
    assert done.stderr == "TEST_ELASTICSEARCH_URL is set, but nothing answers there; unset it to have a server started\n"


def test_services_by_compose_start_print_and_stop(tmp_path: Path, fakes: Path) -> None:
    copy(tmp_path, "tools/services", "tools/services.compose.yml")
    calls = tmp_path / "calls"
    script(fakes / "docker", f'echo "$*" >>{calls}; case "$*" in *" port "*) echo 127.0.0.1:4242 ;; esac')
    done = run(str(tmp_path / "tools/services"), "start", path=fakes)
    assert done.stdout.splitlines() == [
        "export TEST_DATABASE_URL='postgresql+psycopg://postgres@127.0.0.1:4242/postgres'",
        "export TEST_ELASTICSEARCH_URL='http://127.0.0.1:4242'",
    ]
    stopped = run(str(tmp_path / "tools/services"), "stop", path=fakes)
    assert (stopped.returncode, (tmp_path / "var/services.env").exists()) == (0, False)
    assert calls.read_text().splitlines()[-1].endswith("down --volumes --timeout 5")


def test_recipe_without_the_server_exits_77(tmp_path: Path, fakes: Path) -> None:
    done = run(str(ROOT / "tools/postgres.sh"), "start", str(tmp_path / "db"), path=fakes, PG_BIN=str(fakes))
    assert (done.returncode, done.stderr) == (77, "PostgreSQL is not installed (Debian, Ubuntu: apt-get install postgresql)\n")
