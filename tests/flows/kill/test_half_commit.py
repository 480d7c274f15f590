"""The index after a commit that was killed when its files were written and its list of files was not."""

from pathlib import Path

from directory.search.engine import Tombstone
from tests.world import open_world, records


def test_the_same_changes_can_be_written_again(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.harvest(records(20))
        world.drain()
        engine = world.parts.engine
        engine.close()  # numbers of operations begin anew with every process
        (data,) = (world.data / "index").glob("*/data")
        before = (data / "meta.json").read_bytes()
        for number in range(10):
            world.withdraw(f"p{number:03}")
        changes = [Tombstone(row[1], 99) for row in world.table("outbox")]
        engine.apply(changes)
        engine.close()
        (data / "meta.json").write_bytes(before)
        assert {row.outcome for row in engine.apply(changes)} == {"applied"}
        assert [row.withdrawn for row in engine.versions("", 99)].count(True) == 10
