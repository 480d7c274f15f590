"""Starting and ending a server for tests."""

import os
import sys
import urllib.request
from pathlib import Path

import pytest

from tools.service import NotInstalled, NotReady, Service, free_port

SAYS_READY = "import os, sys; print('URL=here', os.getpid(), flush=True); sys.stdin.read()"


def test_line_of_output_makes_it_ready_and_its_group_is_kept(tmp_path: Path) -> None:
    with Service([sys.executable, "-c", SAYS_READY], log=tmp_path / "log", ready=r"URL=here (\d+)\n") as server:
        pid = int(server.found)
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_answer_makes_it_ready(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}/"
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with Service(command, log=tmp_path / "log", ready=address, cwd=tmp_path) as server:
        assert server.found == address
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200


def test_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such option')"]
    with pytest.raises(NotReady, match=r"exit code 1(?s:.)*no such option"), Service(command, log=tmp_path / "log", ready="URL="):
        pass


def test_server_that_is_slow_is_ended(tmp_path: Path) -> None:
    service = Service([sys.executable, "-c", "import time; time.sleep(60)"], log=tmp_path / "log", ready="URL=", timeout=0.2)
    with pytest.raises(NotReady, match="exit code None"), service:
        pass
    assert service.process.returncode is not None


def test_server_that_is_not_installed_is_told_apart(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('install it', file=sys.stderr); sys.exit(77)"]
    with pytest.raises(NotInstalled, match="install it"), Service(command, log=tmp_path / "log", ready="URL="):
        pass
