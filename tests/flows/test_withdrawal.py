"""A withdrawal through the whole product: at once, and whatever happens afterwards."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.core.errors import Invalid
from directory.services.arguments import SearchArguments
from directory.store.backup import adopt_secret
from tests.commands import mentors
from tests.dialects import both
from tests.stores import open_empty_store
from tests.world import CONSENT, World, again, open_world, orcid, record, records

SOURCES = {"plains": "", "harbor": ""}


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path / "world", dialect, sources=SOURCES) as opened:
        opened.harvest([record("a", orcid=orcid(1), specialties=["emergency-medicine"]), *records(5)])
        opened.drain()
        yield opened


def assert_gone(world: World) -> None:
    """Out of list, total, counts, profile and suggestions."""
    assert world.shown() == [f"p{number:03}" for number in range(5)]
    page = world.parts.search.counts(("specialty",))
    assert (page.total, page.facets["specialty"].get("emergency-medicine")) == (5, None)
    assert [row for row in world.parts.search.suggest("inventeda") if row.kind == "mentor"] == []


@both
def test_by_command_and_with_the_worker_stopped(world: World) -> None:
    person = world.person("a")
    assert len(world.shown()) == 6
    done = mentors(world.environment, "consent", "withdraw", person, "--json")
    assert (done.code, done.json["listed"]) == (0, False)
    assert_gone(world)
    world.drain()
    assert_gone(world)
    assert world.differences() == 0


def test_nobody_is_shown_whom_the_index_proposes_unasked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More people may be off the list than a question can exclude, or one goes while it is answered: then the store has the last word."""
    monkeypatch.setattr("directory.services.search.MOST_HIDDEN", 0)
    world.withdraw("a")
    result = world.parts.search.search(SearchArguments())
    assert result.total == 6  # the index still says so
    assert sorted(card.name for card in result.items) == [f"Ada Inventedp{number:03}" for number in range(5)]
    assert [row for row in world.parts.search.suggest("inventeda") if row.kind == "mentor"] == []


@both
def test_by_command_while_a_rebuild_runs(world: World) -> None:
    person = world.person("a")
    codes: list[int] = []

    def watch(_done: int, _total: int) -> None:
        if not codes:
            codes.append(mentors(world.environment, "consent", "withdraw", person).code)

    world.parts.rebuilder.rebuild(watch)
    assert codes == [0]
    assert_gone(world)
    world.drain()
    assert_gone(world)
    assert world.differences() == 0


def test_after_twenty_harvests_by_command(world: World) -> None:
    """Same content, changed content, and a second institution that has the same iD and a fresh agreement."""
    world.withdraw("a")
    for number in range(20):
        headline = f"Version {number // 2}"
        world.publish([record("a", orcid=orcid(1), headline=headline, specialties=["emergency-medicine"]), *records(5)])
        fresh = CONSENT | {"at": "2026-11-24", "evidence": f"form {number}"}
        world.publish([record(f"x{number}", orcid=orcid(1), consent=[fresh])], "harbor")
        if number in (0, 19):
            assert mentors(world.environment, "source", "run", "plains").code == 0
            assert mentors(world.environment, "source", "run", "harbor").code == 0
        else:
            world.run()
            assert world.run("harbor").counts["suppressed"] == 1
        world.drain()
        assert_gone(world)
    world.parts.rebuilder.rebuild(lambda _done, _total: None)
    assert_gone(world)


def test_a_source_that_first_states_the_id_and_then_does_not(world: World) -> None:
    """Whom it means was known once; from then on its own id tells."""
    world.withdraw("a")
    assert world.harvest([record("z", orcid=orcid(1))], "harbor").counts["suppressed"] == 1
    assert world.harvest([record("z")], "harbor").counts["suppressed"] == 1
    world.drain()
    assert_gone(world)


@both
def test_after_the_restore_of_an_older_backup(world: World, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert mentors(world.environment, "backup", str(backup)).code == 0
    person = world.person("a")
    assert mentors(world.environment, "consent", "withdraw", person).code == 0
    world.parts.close()
    done = mentors(world.environment, "restore", str(backup))
    assert (done.code, "4 decisions made since were carried out again" in done.output) == (0, True), done.errors
    with again(world) as restored:
        assert "a" not in restored.shown()
        assert mentors(world.environment, "index", "rebuild").code == 0
        assert_gone(restored)
        assert restored.differences() == 0
        assert restored.harvest([record("a", orcid=orcid(1), headline="New words"), *records(5)]).counts["suppressed"] == 1
        restored.drain()
        assert_gone(restored)


@both
def test_what_an_institution_withdrew_holds_after_a_restore_though_it_is_not_said_again(world: World, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert mentors(world.environment, "backup", str(backup)).code == 0
    assert world.harvest([{"id": "a", "withdrawn": True, "at": "2026-11-20"}, *records(5)]).counts["withdrawn"] == 1
    world.parts.close()
    done = mentors(world.environment, "restore", str(backup))
    assert (done.code, "2 decisions made since were carried out again" in done.output) == (0, True), done.errors
    with again(world) as restored:
        assert "a" not in restored.shown()
        assert mentors(restored.environment, "index", "rebuild").code == 0
        assert_gone(restored)
        restored.harvest(records(5))
        restored.drain()
        assert_gone(restored)


@both
def test_after_the_restore_into_an_empty_folder_that_has_the_journal(world: World, tmp_path: Path, dialect: str) -> None:
    """The machine is lost; what is left is a backup from before, and the journal, which lay elsewhere too."""
    backup, folder = tmp_path / "backup", tmp_path / "new"
    assert mentors(world.environment, "backup", str(backup)).code == 0
    world.withdraw("a")
    shutil.copytree(world.data / "journal", folder / "journal")
    folder.chmod(0o700)
    with open_empty_store(tmp_path / "unused", dialect) as empty:
        url = empty.url.render_as_string(hide_password=False) if dialect == "postgresql" else f"sqlite:///{folder}/directory.sqlite3"
        environment = world.environment | {"MENTORS_DATA": str(folder), "MENTORS_DATABASE_URL": url}
        empty.close()
        done = mentors(environment, "restore", str(backup))
        assert (done.code, "4 decisions made since were carried out again" in done.output) == (0, True), done.errors
        assert mentors(environment, "index", "rebuild").code == 0
        world.environment = environment
        with again(world) as restored:
            assert_gone(restored)
            assert restored.differences() == 0
            fresh = CONSENT | {"at": "2026-11-24"}
            assert restored.harvest([record("x", orcid=orcid(1), consent=[fresh])], "harbor").counts["suppressed"] == 1
            restored.drain()
            assert_gone(restored)
            assert (folder / "secret.key").read_bytes() == (world.data / "secret.key").read_bytes()


def test_a_person_who_came_after_the_backup_and_withdrew(world: World, tmp_path: Path) -> None:
    """The restored database never knew the person: the journal's hashes keep every source from listing the person."""
    backup = tmp_path / "backup"
    assert mentors(world.environment, "backup", str(backup)).code == 0
    late = record("late", orcid=orcid(2))
    world.harvest([record("a", orcid=orcid(1)), *records(5), late])
    world.withdraw("late")
    world.parts.close()
    assert mentors(world.environment, "restore", str(backup)).code == 0
    with again(world) as restored:
        restored.parts.rebuilder.rebuild(lambda _done, _total: None)
        assert restored.harvest([record("a", orcid=orcid(1)), *records(5), late]).counts["suppressed"] == 1
        assert len(restored.visible()) == 6


@both
def test_coming_back_is_the_persons_alone(world: World) -> None:
    person = world.withdraw("a")
    done = mentors(world.environment, "consent", "grant", person, "--purpose", "listing", "--evidence", "letter", "--json")
    assert (done.code, done.json["listed"]) == (0, True)
    assert len(world.visible()) == 6
    assert world.table("suppression") == []


def test_a_damaged_backup_leaves_an_empty_folder_empty(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(Invalid, match="not a complete backup"):
        adopt_secret(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new").exists()
