"""`mentors db`, `backup` and `restore`."""

import shutil
from pathlib import Path

import pytest

from directory.cli.presence import running
from directory.core.consent import PURPOSES
from directory.settings import load_settings
from tests.cli.conftest import Mentors, call
from tests.world import SHIPPED, World, records


def test_setting_up_twice(tmp_path: Path) -> None:
    environment = {"MENTORS_CONFIG": str(SHIPPED), "MENTORS_DATA": str(tmp_path / "data")}
    result = call(environment, "db", "upgrade")
    assert (result.exit_code, result.output.startswith("Upgraded: 0001")) == (0, True)
    assert call(environment, "db", "upgrade").output == "Nothing to upgrade.\n"
    for verb in ("list", "status"):
        result = call(environment, "source", verb)
        assert (result.exit_code, result.output) == (0, "No source yet: add a block to sources.toml (see docs/institutions.md).\n")


def test_a_folder_that_others_may_look_into_shows_them_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    environment = {"MENTORS_CONFIG": str(SHIPPED), "MENTORS_DATA": str(data)}
    assert call(environment, "db", "upgrade").exit_code == 0
    assert call(environment, "index", "rebuild").exit_code == 0
    assert call(environment, "consent", "erase", "m00000000000", "--yes").exit_code == 2
    made = {path.name: path.stat().st_mode & 0o077 for path in data.iterdir()}
    assert {"directory.sqlite", "index", "secret.key", "write.lock"} <= made.keys()
    assert set(made.values()) == {0}


def test_backup_and_restore(world: World, mentors: Mentors, tmp_path: Path) -> None:
    world.harvest(records(3))
    result = mentors("backup", str(tmp_path / "backup"))
    assert (result.exit_code, result.output.startswith(f"Backup in {tmp_path / 'backup'}: revision 0001, ")) == (0, True)
    world.harvest([*records(3), {"id": "x", "name": {"family": "New"}}])
    world.parts.close()
    result = mentors("restore", str(tmp_path / "backup"), "--without-journal")
    assert (result.exit_code, result.stdout) == (
        0,
        "Restored; 0 decisions made since were carried out again. Now run `mentors index rebuild`.\n",
    )
    assert mentors("index", "rebuild").output.endswith(" serves: 3 loaded, 0 caught up.\n")


def test_a_restore_into_an_empty_folder_asks_for_the_journal(world: World, mentors: Mentors, tmp_path: Path) -> None:
    world.harvest(records(3))
    world.withdraw("p000")
    backup = str(tmp_path / "backup")
    assert mentors("backup", backup).exit_code == 0
    world.withdraw("p001")
    fresh = tmp_path / "fresh"
    environment = world.environment | {"MENTORS_DATA": str(fresh), "MENTORS_DATABASE_URL": ""}
    result = call(environment, "restore", backup)
    assert (result.exit_code, (fresh / "secret.key").exists()) == (2, False)
    assert f"No journal of decisions made since the backup was found in {fresh / 'journal'}; whoever withdrew since is listed again." in (
        result.stderr
    )
    assert result.stderr.endswith(" add --without-journal. Nothing was changed.\n")
    result = call(environment, "restore", backup, "--without-journal")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: No journal of decisions made since the backup was found in ")
    shutil.copytree(world.data / "journal", fresh / "journal", dirs_exist_ok=True)
    result = call(environment, "restore", backup)
    assert (result.exit_code, result.output) == (
        0,
        f"Restored; {len(PURPOSES)} decisions made since were carried out again. Now run `mentors index rebuild`.\n",
    )


def test_no_restore_while_web_or_worker_run(world: World, mentors: Mentors, tmp_path: Path) -> None:
    world.harvest(records(1))
    world.withdraw("p000")
    assert mentors("backup", str(tmp_path / "backup")).exit_code == 0
    world.parts.close()
    settings = load_settings(world.environment)
    with running(settings), running(settings):
        result = mentors("restore", str(tmp_path / "backup"))
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: `mentors serve`, `worker` or `demo` is running with {world.data}: stop it, then restore.\n",
    )
    assert mentors("restore", str(tmp_path / "backup")).exit_code == 0
    with pytest.raises(RuntimeError), running(settings):
        raise RuntimeError
    assert mentors("restore", str(tmp_path / "backup")).exit_code == 0
