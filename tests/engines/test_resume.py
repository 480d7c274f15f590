"""A rebuild that is killed goes on where it stood."""

import json
import shutil
from dataclasses import replace

import pytest

from directory.search.engine import SearchEngine, SearchRequest
from tests.engines.conftest import Kit, other_process
from tests.engines.other_process import BATCH, batch, batch_of, document
from tests.engines.test_embedded import Opener, folders, ids, opened, process

__all__ = ["opened"]

EVERYBODY = SearchRequest(scope="public", limit=1000, sort="name")


def everybody(engine: SearchEngine) -> list[str]:
    return [hit.id for hit in engine.search(EVERYBODY).hits]


def killed_after(kit: Kit, batches: int) -> tuple[str, int]:
    """A rebuild by another process that dies when so many batches were acknowledged, or a little later: the id after which it went on,
    and the number of the last batch that was acknowledged."""
    with other_process("rebuild", kit.place) as rebuilding:
        assert rebuilding.stdout is not None
        resumed = rebuilding.stdout.readline().strip()
        for _ in range(batches):
            acknowledged = int(rebuilding.stdout.readline())
        rebuilding.kill()
        return resumed, int((rebuilding.stdout.read().split() or [str(acknowledged)])[-1])


def test_a_killed_rebuild_goes_on_behind_the_last_id_that_is_there(kit: Kit, engine: SearchEngine) -> None:
    engine.apply([document("serving")])
    acknowledged = -1
    resumed: list[str] = []
    names: set[str] = set()
    for kills in range(6):
        start, acknowledged = killed_after(kit, 3 + kills % 3)
        resumed.append(start)
        names.add(kit.generations()[-1])
        assert everybody(engine) == ["serving"]
    assert len(names) == 1
    assert resumed[0] == "nothing"
    assert resumed[1:] == sorted(set(resumed[1:]))
    generation = engine.start_generation()
    assert {generation.name} == names
    last = batch_of(generation.resumed_after)
    assert acknowledged - 2 <= last
    whole = [row.id for number in range(last + 1) for row in batch(number)]
    there = [row.id for row in generation.versions("", len(whole) + 1)]
    assert there == whole[: len(there)]
    assert there[-1] == generation.resumed_after
    assert generation.count() == len(there)
    for number in (last, last + 1):
        generation.apply(batch(number))
    engine.swap(generation)
    assert engine.count() == len(whole) + BATCH
    assert everybody(engine) == (whole + [row.id for row in batch(last + 1)])[:1000]
    assert engine.status().spec == engine.spec  # type: ignore[attr-defined]
    assert kit.generations() == [generation.name]


def test_a_new_generation_was_not_resumed(engine: SearchEngine) -> None:
    generation = engine.start_generation()
    assert generation.resumed_after == ""
    generation.apply([document("a")])
    generation.abandon()
    assert engine.start_generation().resumed_after == ""


@pytest.mark.parametrize("damage", ["spec", "meta", "empty"])
def test_what_can_not_go_on_is_begun_again(opened: Opener, damage: str) -> None:
    engine = opened()
    engine.apply([document("a")])
    with process("rebuild", opened.folder) as rebuilding:
        assert rebuilding.stdout is not None
        for _ in range(6):
            rebuilding.stdout.readline()
    left = opened.folder / folders(opened.folder)[-1]
    if damage == "spec":  # the vocabularies changed in between
        spec = json.loads((left / "spec.json").read_text())
        (left / "spec.json").write_text(json.dumps({**spec, "spec": "other"}))
    elif damage == "meta":
        (left / "data" / "meta.json").write_text("{")
    else:
        (left / "data" / "meta.json").unlink()
    generation = engine.start_generation()
    assert generation.resumed_after == ""
    assert folders(opened.folder) == [engine.status().generation, generation.name]
    generation.apply([document("b")])
    engine.swap(generation)
    assert ids(engine, replace(EVERYBODY, limit=5)) == ["b"]


def test_the_newest_of_several_goes_on(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("a")])
    with process("rebuild", opened.folder) as rebuilding:
        assert rebuilding.stdout is not None
        for _ in range(4):
            rebuilding.stdout.readline()
    left = opened.folder / folders(opened.folder)[-1]
    for number in (7, 8):
        shutil.copytree(left, opened.folder / f"{number:06d}-abcdef")
    (opened.folder / "000008-abcdef" / "spec.json").write_text(json.dumps({"spec": engine.spec, "layout": "other"}))
    generation = engine.start_generation()
    assert generation.name == "000007-abcdef"
    assert folders(opened.folder) == [engine.status().generation, generation.name]
    generation.abandon()
