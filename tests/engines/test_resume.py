"""A rebuild that is killed goes on where it stood."""

import json
import shutil
from dataclasses import replace

import pytest

from directory.search.engine import SearchRequest
from tests.engines.other_process import BATCH, batch, document
from tests.engines.test_embedded import Opener, folders, ids, opened, process

__all__ = ["opened"]

EVERYBODY = SearchRequest(scope="public", limit=1000, sort="name")


def test_a_killed_rebuild_goes_on_behind_the_last_id_that_was_committed(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("serving")])
    acknowledged = -1
    resumed: list[str] = []
    names: set[str] = set()
    for kills in range(6):
        with process("rebuild", opened.folder) as rebuilding:
            assert rebuilding.stdout is not None
            resumed.append(rebuilding.stdout.readline().strip())
            for _ in range(3 + kills % 3):
                acknowledged = int(rebuilding.stdout.readline())
            rebuilding.kill()
            acknowledged = int((rebuilding.stdout.read().split() or [str(acknowledged)])[-1])
        names.add(folders(opened.folder)[-1])
        assert ids(engine) == ["serving"]
    assert len(names) == 1
    assert resumed[0] == "nothing"
    assert resumed[1:] == sorted(set(resumed[1:]))
    generation = engine.start_generation()
    assert {generation.name} == names
    done = int(generation.resumed_after[1:6])
    assert acknowledged - 2 <= done
    assert generation.resumed_after == batch(done)[-1].id
    assert generation.count() == (done + 1) * BATCH
    generation.apply(batch(done + 1))
    engine.swap(generation)
    expected = [row.id for number in range(done + 2) for row in batch(number)]
    assert ids(engine) == expected[:1000]
    assert engine.count() == len(expected)
    assert engine.status().spec == engine.spec


def test_a_new_generation_was_not_resumed(opened: Opener) -> None:
    engine = opened()
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
