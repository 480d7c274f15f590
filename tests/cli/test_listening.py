"""A server starts only where no other one listens."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.cli.listening import check_free
from directory.core.errors import Invalid
from directory.settings import load_settings
from tests.cli.conftest import call
from tests.world import SHIPPED


@pytest.fixture(params=[False, True], ids=["plain", "SO_REUSEPORT"])
def taken(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as other:
        if request.param:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"127.0.0.1:{other.getsockname()[1]}"


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_that_is_taken(tmp_path: Path, taken: str, command: str) -> None:
    environment = {"MENTORS_CONFIG": str(SHIPPED), "MENTORS_DATA": str(tmp_path / "data"), "MENTORS_LISTEN": taken}
    result = call(environment, command)
    assert (result.exit_code, result.output) == (2, f"Error: {taken} is in use by another program; set MENTORS_LISTEN.\n")
    assert not (tmp_path / "data").exists()


def test_connections_that_a_stopped_server_left_behind_are_no_conflict() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        address = server.getsockname()
        client = socket.create_connection(address)
        accepted, _ = server.accept()
        accepted.close()  # the server closes first, so its side lingers
        client.close()
    check_free(load_settings({"MENTORS_LISTEN": f"127.0.0.1:{address[1]}"}))


@pytest.mark.parametrize("listen", ["192.0.2.1:8080", "no-such-host.invalid:8080"])
def test_an_address_of_another_machine(listen: str) -> None:
    with pytest.raises(Invalid, match=r"^\S+ is not an address of this machine; set MENTORS_LISTEN\.$"):
        check_free(load_settings({"MENTORS_LISTEN": listen}))
