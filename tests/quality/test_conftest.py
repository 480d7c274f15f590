"""The test run itself: what is left out is said, a missing service fails a full run, nothing leaves the machine."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = """
import pytest
def test_database(): pytest.skip("PostgreSQL: TEST_DATABASE_URL is not set")
def test_samples(): pytest.skip("no samples")
def test_fine(): pass
"""


def run_sample(folder: Path, require_services: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), "-c", "/dev/null", str(folder)]
    env = {"PATH": "/usr/bin:/bin", "REQUIRE_SERVICES": require_services}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)
    return done.returncode, done.stdout


def test_skips_are_listed_with_counts_and_reasons(tmp_path: Path) -> None:
    code, output = run_sample(tmp_path, "")
    assert code == 0
    assert "    1  PostgreSQL: TEST_DATABASE_URL is not set\n" in output
    assert "    1  no samples\n" in output


def test_missing_service_fails_a_full_run_and_nothing_else_does(tmp_path: Path) -> None:
    code, output = run_sample(tmp_path, "1")
    assert code == 1
    assert "REQUIRE_SERVICES=1: 1 tests lack a service, so the run has failed" in output


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_connection_to_elsewhere_is_refused(address: tuple[str | int, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(RuntimeError, match="tests reach loopback only"):
        client.connect(address)


def test_connection_to_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
