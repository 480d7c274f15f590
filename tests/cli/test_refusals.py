"""What can't be done ends with exit code 2 and one sentence that says what to do."""

from pathlib import Path

import pytest

from directory.core.errors import Unavailable
from directory.store import runs
from tests.cli.conftest import Mentors, call
from tests.world import SHIPPED, World, record, records

NOT_SET_UP = "Error: The store is not set up or from an older version: run `mentors db upgrade` first.\n"
NEED_A_STORE = [
    ("source", "run", "plains"), ("source", "status"), ("source", "check", "plains"), ("source", "release", "plains"),
    ("source", "drop", "plains"), ("source", "quarantine", "plains"), ("index", "status"), ("index", "drain"), ("index", "rebuild"),
    ("index", "verify"), ("consent", "show", "m1"), ("consent", "withdraw", "m1"), ("consent", "erase", "m1", "--yes"),
    ("consent", "grant", "m1", "--purpose", "listing", "--evidence", "letter"), ("consent", "verify"), ("backup", "x"),
    ("worker",), ("serve",),
]  # fmt: skip


def settings(folder: Path, **changed: str) -> dict[str, str]:
    """An installation that was never set up, with the shipped configuration."""
    return {"MENTORS_CONFIG": str(SHIPPED), "MENTORS_DATA": str(folder / "data")} | changed


@pytest.mark.parametrize("arguments", NEED_A_STORE, ids=" ".join)
def test_without_a_database(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = call(settings(tmp_path), *arguments)
    assert (result.exit_code, result.stderr, result.output) == (2, NOT_SET_UP, NOT_SET_UP)


@pytest.mark.parametrize("arguments", [*NEED_A_STORE, ("db", "upgrade"), ("config", "check"), ("source", "list")], ids=" ".join)
@pytest.mark.parametrize("folder", ["/proc/mentors", "/dev/null/mentors"])
def test_a_data_folder_that_cannot_be_written(arguments: tuple[str, ...], folder: str, tmp_path: Path) -> None:
    result = call(settings(tmp_path, MENTORS_DATA=folder), *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: The data folder {folder} (MENTORS_DATA, [paths] data) can't be made: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_check_of_a_file_needs_neither_database_nor_data_folder(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("id,family name\na,Invented\n")
    environment = settings(tmp_path, MENTORS_DATA="/dev/null/mentors")
    result = call(environment, "source", "check", "--kind", "csv", str(tmp_path / "m.csv"))
    assert (result.exit_code, result.output) == (
        0,
        "Note: 1 new or changed record grants no listing: stored, and not shown while nobody agrees\n"
        "check: checked. 1 received, 1 added.\n",
    )


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_damaged_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "directory.sqlite").write_bytes(content)
    result = call(settings(tmp_path), "source", "status")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    environment = settings(tmp_path, MENTORS_DATABASE_URL="postgresql://nobody:canary@127.0.0.1:1/x")
    result = call(environment, "source", "status")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: the database does not answer: postgresql at 127.0.0.1:1, database x, which MENTORS_DATABASE_URL ([database] url) names\n",
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://nobody:canary@db.example.org/x", "this database is not supported (mysql)"),
        ("postgresql://nobody:canary@db.example.org:port/x", "the address of the database can't be read"),
        ("canary", "the address of the database can't be read"),
        ("sqlite://", "SQLite needs a file (sqlite://)"),
    ],
)
def test_an_address_of_a_database_that_cannot_be_used(tmp_path: Path, url: str, reason: str) -> None:
    result = call(settings(tmp_path, MENTORS_DATABASE_URL=url), "source", "status")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {reason}: MENTORS_DATABASE_URL ([database] url) takes sqlite:////path/to/file or "
        "postgresql+psycopg://user@host/database, or nothing for SQLite in the data folder.\n",
    )


def test_a_file_that_is_checked_without_its_kind(mentors: Mentors) -> None:
    result = mentors("source", "check", __file__)
    assert (result.exit_code, result.stderr) == (2, f"Error: {__file__} is a file: add --kind csv or --kind mentor-feed.\n")


@pytest.mark.parametrize(
    ("person", "sentence"),
    [
        (
            "plains/nobody",
            "There is no person with this id in the source: 'plains/nobody'. Who was erased or never imported can't be found by it.",
        ),
        (
            "0000-0002-1825-0097",
            "There is no person with this ORCID iD: '0000-0002-1825-0097'. Who was erased or never imported can't be found by it.",
        ),
        ("0000-0002-1825-0098", "The check digit of this ORCID iD is wrong"),
        ("nowhere/n-9", "'nowhere/n-9' is not a person: write SOURCE/ID; sources are plains, harbor."),
    ],
)
def test_a_person_whom_nobody_knows(mentors: Mentors, person: str, sentence: str) -> None:
    result = mentors("consent", "show", person)
    assert (result.exit_code, result.stderr) == (2, f"Error: {sentence}\n")


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    result = call(settings(tmp_path, MENTORS_CONFIG=str(tmp_path / "none")), "source", "list")
    assert (result.exit_code, "directory.toml is missing: MENTORS_CONFIG must name a folder" in result.stderr) == (2, True)


def test_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    result = call(settings(tmp_path, MENTORS_INGEST_BATCH="many"), "source", "list")
    assert (result.exit_code, "[ingest] batch = 'many' (MENTORS_INGEST_BATCH) can't be used" in result.stderr) == (2, True)


def test_all_problems_of_the_sources_at_once(world: World, mentors: Mentors) -> None:
    (world.config / "sources.toml").write_text('[source.Plains]\nkind = "fax"\n')
    result = mentors("config", "check")
    assert result.exit_code == 2
    assert "source.Plains is not a source name" in result.stderr
    assert "source.Plains.kind is 'fax'; allowed: csv" in result.stderr


@pytest.mark.parametrize("verb", ["run", "check", "status", "release", "drop", "quarantine"])
def test_an_unknown_source(mentors: Mentors, verb: str) -> None:
    result = mentors("source", verb, "nowhere")
    assert (result.exit_code, result.stderr) == (2, "Error: There is no source 'nowhere' in sources.toml; sources are plains, harbor.\n")


@pytest.mark.parametrize("verb", ["run", "check"])
def test_a_file_that_is_missing(mentors: Mentors, verb: str) -> None:
    result = mentors("source", verb, "plains", "--json")
    assert result.exit_code == 2
    assert result.stderr == "Error: the file plains.json of source plains can't be read: No such file or directory\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--kind", "csv", "none.csv"), "none.csv is not a file."),
        (("--kind", "ucsf-profiles", __file__), "A source of kind ucsf-profiles is not a file; check it by its name in sources.toml."),
    ],
)
def test_what_cannot_be_checked(mentors: Mentors, arguments: tuple[str, ...], sentence: str) -> None:
    result = mentors("source", "check", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"Error: {sentence}\n")


def test_nothing_is_held(mentors: Mentors) -> None:
    for verb in ("release", "drop"):
        assert mentors("source", verb, "plains").stderr == "Error: No run of plains is held.\n"


@pytest.mark.parametrize("verb", ["show", "withdraw", "erase"])
def test_an_unknown_person(mentors: Mentors, verb: str) -> None:
    result = mentors("consent", verb, "m00000000000", *(["--yes"] if verb == "erase" else []))
    assert (result.exit_code, result.stderr.startswith("Error: There is no person 'm00000000000'; ids look like ")) == (2, True)


def test_a_restore_from_what_is_no_backup(mentors: Mentors, tmp_path: Path) -> None:
    result = mentors("restore", str(tmp_path))
    assert (result.exit_code, result.stderr) == (2, "Error: this folder is not a complete backup\n")


def test_a_backup_into_a_folder_that_holds_something(mentors: Mentors, tmp_path: Path) -> None:
    result = mentors("backup", str(tmp_path))
    assert (result.exit_code, result.stderr) == (2, "Error: the folder for the backup is not empty\n")


def test_a_backup_where_nothing_can_be_written(mentors: Mentors) -> None:
    result = mentors("backup", "/dev/null/x")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_an_index_that_another_process_writes(world: World, mentors: Mentors) -> None:
    world.harvest(records(3))
    world.drain()  # this process keeps the index open for writing
    world.harvest([*records(3), record("new")])
    result = mentors("index", "drain")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert world.drain() == 0  # given back, for a moment later
    world.clock.now = world.clock.now.replace(year=2027)
    assert world.drain() == 1


def test_an_unforeseen_error_is_a_sentence_too(mentors: Mentors, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_arguments: object) -> None:
        raise ZeroDivisionError("secret payload")

    monkeypatch.setattr(runs, "states", explode)
    result = mentors("source", "status")
    assert (result.exit_code, result.stderr) == (2, "Error: unforeseen ZeroDivisionError; MENTORS_LOG_LEVEL=debug shows where\n")


def test_a_disk_that_is_full_is_a_sentence(mentors: Mentors, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_arguments: object) -> None:
        raise Unavailable("the disk of the database is full")

    monkeypatch.setattr(runs, "states", explode)
    assert mentors("source", "status").stderr == "Error: the disk of the database is full\n"
