"""Items between reading and importing: in files without a name, and in the store when a run is held."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.source_lease import SourceLease
from connectors.staging import VERBS, Held, Spool, Staging
from directory.core.errors import Unavailable
from directory.store import runs
from directory.store.runs import StagedItem, Verb
from tests.dialects import both
from tests.world import DAY, World, open_world

NOON = datetime(2026, 11, 24, 12, 0, 0, 123_456, UTC)
WHOLE = StagedItem(
    3, "a-1/\u00e9", "import", "line 7", b"\x00\xff", "rules", {"name": {"family": "Inventedø"}, "offers": [{"capacity": 0}]},
    [{"purpose": "listing", "state": "granted"}], NOON,
)  # fmt: skip


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def world(tmp_path: Path, dialect: str) -> Iterator[World]:
    with open_world(tmp_path / "world", dialect) as opened:
        yield opened


def item(seq: int, verb: Verb = "import", name: str = "") -> StagedItem:
    return StagedItem(seq, name or f"p{seq}", verb, raw_hash=b"h")


def everything(staging: Staging) -> dict[str, list[StagedItem]]:
    return {verb: [row for page in staging.pages(verb, 2) for row in page] for verb in VERBS}


def test_items_come_back_as_they_were(tmp_path: Path) -> None:
    bare = StagedItem(4, "b", "withdraw")
    with Spool(tmp_path) as spool:
        spool.add([WHOLE, bare])
        assert everything(spool) == {"import": [WHOLE], "withdraw": [bare], "absent": []}
        spool.add([item(5)])
        assert everything(spool)["import"] == [WHOLE, item(5)]


def test_pages_have_at_most_the_size_that_is_asked_for(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add(item(seq) for seq in range(5))
        assert [[row.seq for row in page] for page in spool.pages("import", 2)] == [[0, 1], [2, 3], [4]]


def test_the_folder_shows_nothing_and_keeps_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add([WHOLE])
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="closed"):
        spool.add([WHOLE])


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(VERBS)), max_size=30), st.integers(1, 4))
def test_the_last_item_of_a_number_counts(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, Verb]], size: int) -> None:
    """Numbers are given in order; one that was given may come again in a later batch."""
    expected: dict[int, StagedItem] = {}
    with Spool(tmp_path_factory.getbasetemp()) as spool:
        for place, (back, verb) in enumerate(drawn):
            seq = max(0, len(expected) - back)
            expected[seq] = item(seq, verb, f"{place}")
            spool.add([expected[seq]])
        for verb in VERBS:
            found = [row for page in spool.pages(verb, size) for row in page]
            assert sorted(found, key=lambda row: row.seq) == [row for _, row in sorted(expected.items()) if row.verb == verb]


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool, open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123 a device, not a path of ours
        os.dup2(full.fileno(), spool._lines["import"].fileno())
        with pytest.raises(Unavailable, match="can't be kept until it is imported: No space left on device"):
            spool.add([WHOLE] * 2000)
        os.dup2(os.open(tmp_path / "again", os.O_RDWR | os.O_CREAT), spool._lines["import"].fileno())  # so that it can be closed


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file or directory"):
        Spool(tmp_path / "none")


@both
def test_a_held_run_keeps_all_that_was_spooled(world: World, dialect: str) -> None:
    with world.store.write() as conn:
        number = runs.start(conn, "plains", world.clock())
    held = Held(world.store, number)
    with SourceLease(world.store, "plains", world.clock, DAY) as lease, Spool(world.data) as spool:
        spool.add([WHOLE, *(item(seq) for seq in range(4, 9)), item(9, "absent"), item(5, "withdraw")])
        held.take(lease, spool, 2)
        expected = everything(spool)
    assert everything(held) == {verb: sorted(rows, key=lambda row: row.seq) for verb, rows in expected.items()}
    assert [row.seq for row in everything(held)["import"]] == [3, 4, 6, 7, 8]
    with world.store.write() as conn:
        held.done(conn, [WHOLE, item(6)])
    assert [row.seq for row in everything(held)["import"]] == [4, 7, 8]


def test_a_run_that_ends_by_itself_writes_nothing_aside_into_the_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("an item was staged in the store")

    monkeypatch.setattr(runs, "stage", refuse)
    assert world.harvest([{"id": "a", "name": {"family": "A"}}]).status == "complete"
