import os
import subprocess
import sys
from pathlib import Path

import pytest

from directory.store import holders
from directory.store.holders import holder_name, is_gone


def test_every_name_is_new_and_fits() -> None:
    assert holder_name("worker") != holder_name("worker")
    assert len(holder_name("worker")) < 100


def test_a_process_that_lives_is_not_gone_and_one_that_ended_is() -> None:
    name = holder_name("worker")
    assert not is_gone(name)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    assert is_gone(name.replace(f"/{os.getpid()}/", f"/{ended.pid}/"))


def test_who_ended_is_gone_before_anybody_asked_how() -> None:
    with subprocess.Popen([sys.executable, "-c", "print()"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        name = holder_name("worker").replace(f"/{os.getpid()}/", f"/{process.pid}/")
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name)


@pytest.mark.parametrize("name", ["", "worker", "worker/other/1/2/3", "a/b/c/d/e/f"])
def test_of_a_stranger_nothing_is_known(name: str) -> None:
    assert not is_gone(name)


def test_a_machine_of_the_same_name_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    dead = holder_name("worker").replace(f"/{os.getpid()}/", f"/{ended.pid}/")
    (tmp_path / "boot_id").write_text("0d2f8e0c-1111-4222-8333-444455556666\n")
    monkeypatch.setattr(holders, "BOOT_ID", tmp_path / "boot_id")
    assert not is_gone(dead)
    assert "0d2f8e0c-1111" in holder_name("worker")
    monkeypatch.setattr(holders, "BOOT_ID", tmp_path / "none")
    assert not is_gone(dead)
