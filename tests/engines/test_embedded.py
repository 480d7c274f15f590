"""What only the embedded engine has: files, processes that share them, and views that are kept for a while."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from directory.core.errors import Conflict, Invalid, Unavailable
from directory.search.engine import SearchRequest, Tombstone
from indexer.engines.embedded import EmbeddedEngine
from indexer.engines.embedded.generations import Folder
from indexer.engines.embedded.writer import Writer
from tests.corpus import mentor, mentors, person
from tests.engines.conftest import other_process
from tests.engines.other_process import BATCH, document

EVERYBODY = SearchRequest(scope="public", limit=1000, sort="name")


@dataclass
class Clock:
    """Seconds that pass only when told to, or by `step` with every look."""

    now: float = 100.0
    step: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass
class Opener:
    folder: Path
    engines: list[EmbeddedEngine] = field(default_factory=list)

    def __call__(
        self, *, read_only: bool = False, clock: Callable[[], float] | None = None, vocabularies: str = "corpus"
    ) -> EmbeddedEngine:
        engine = EmbeddedEngine(self.folder, vocabularies_fingerprint=vocabularies, read_only=read_only, monotonic=clock or Clock())
        self.engines.append(engine)
        return engine


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    opener = Opener(tmp_path / "index")
    yield opener
    for engine in opener.engines:
        engine.close()


@contextmanager
def process(what: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with other_process(what, ("embedded", str(folder))) as started:
        yield started


def asked(reader: "subprocess.Popen[str]") -> list[str]:
    """The ids that the other process finds now; its counts must agree with each other."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    ids, total, counted = json.loads(reader.stdout.readline())
    assert len(ids) == total == counted
    return list(ids)


def ids(engine: EmbeddedEngine, request: SearchRequest = EVERYBODY) -> list[str]:
    return [hit.id for hit in engine.search(request).hits]


def folders(engine_folder: Path) -> list[str]:
    return sorted(path.name for path in engine_folder.iterdir() if path.is_dir())


def test_another_process_sees_every_change_at_once(opened: Opener) -> None:
    writer = opened()
    writer.apply([document("a")])
    with process("read", opened.folder) as reader:
        assert asked(reader) == ["a"]
        for version in range(2, 40, 2):
            writer.apply([document("b", version)])
            assert asked(reader) == ["a", "b"]
            writer.apply([Tombstone("b", version + 1)])
            assert asked(reader) == ["a"]


def test_another_process_follows_a_swap(opened: Opener) -> None:
    writer = opened()
    writer.apply([document("a")])
    with process("read", opened.folder) as reader:
        assert asked(reader) == ["a"]
        for turn in range(3):
            generation = writer.start_generation()
            generation.apply([document(f"turn-{turn}")])
            before = asked(reader)
            writer.swap(generation)
            assert before != asked(reader) == [f"turn-{turn}"]
            assert folders(opened.folder) == [generation.name]
            writer.apply([document("later")])
            assert asked(reader) == ["later", f"turn-{turn}"]


def test_a_reader_is_never_disturbed_by_a_writer(opened: Opener) -> None:
    with process("write", opened.folder) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = opened(read_only=True)
        last = 0
        for _ in range(150):
            page = reader.search(replace(EVERYBODY, facets=("mode",), query=(), limit=1))
            assert page.total == page.facets["mode"]["video"] >= last
            assert page.total % BATCH == 0
            last = page.total


def test_nothing_acknowledged_is_lost_by_a_kill(opened: Opener) -> None:
    acknowledged = -1
    for kills in range(8):
        with process("write", opened.folder) as writer:
            assert writer.stdout is not None
            for _ in range(1 + kills % 3):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            last = writer.stdout.read().split()
            acknowledged = int(last[-1]) if last else acknowledged
        survivor = opened()
        held = survivor.count()
        assert held % BATCH == 0
        assert held >= (acknowledged + 1) * BATCH
        assert ids(survivor, replace(EVERYBODY, limit=1)) == ["d00000-00"]
        assert len(survivor.versions("", 10_000)) == held
        assert survivor.apply([document("d00000-00")])[0].outcome == "stale"
        survivor.close()


def test_one_process_writes(opened: Opener) -> None:
    first, second = opened(), opened()
    first.apply([document("a")])
    with pytest.raises(Conflict):
        second.apply([document("b")])
    assert ids(second) == ["a"]
    first.close()
    second.apply([document("b")])
    assert ids(second) == ["a", "b"]


def test_a_reader_neither_writes_nor_makes_an_index(opened: Opener) -> None:
    reader = opened(read_only=True)
    for call in (lambda: reader.search(EVERYBODY), reader.count, lambda: reader.versions("", 5)):
        with pytest.raises(Unavailable):
            call()
    assert (reader.status().generation, reader.status().spec) == ("", "")
    assert not opened.folder.exists()
    opened().apply([document("a")])
    assert ids(reader) == ["a"]
    for write in (lambda: reader.apply([document("b")]), reader.start_generation):
        with pytest.raises(Conflict):
            write()


def test_a_writer_follows_the_swap_of_another_process(opened: Opener) -> None:
    worker, operator = opened(), opened()
    worker.apply([document("a")])
    generation = operator.start_generation()
    generation.apply([document("a"), document("b")])
    operator.swap(generation)
    assert [outcome.outcome for outcome in worker.apply([document("b"), document("c")])] == ["stale", "applied"]
    assert ids(operator) == ids(worker) == ["a", "b", "c"]


def test_a_change_during_a_swap_of_another_process_is_in_the_new_generation(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, operator = opened(), opened()
    worker.apply([document("a")])
    generation = operator.start_generation()
    generation.apply([document("a")])
    commit, swaps = Writer.commit, [generation]

    def commit_and_swap(writer: Writer) -> object:
        view = commit(writer)
        if swaps:
            operator.swap(swaps.pop())
        return view

    monkeypatch.setattr(Writer, "commit", commit_and_swap)
    assert [outcome.outcome for outcome in worker.apply([document("b"), document("a")])] == ["applied", "stale"]
    assert ids(operator) == ids(worker) == ["a", "b"]
    assert worker.status().generation == generation.name


def test_a_swap_deletes_the_old_files_whole_even_while_they_are_merged(opened: Opener) -> None:
    engine = opened()
    for start in range(0, 40 * BATCH, BATCH):
        engine.apply([document(f"d{number:05d}") for number in range(start, start + BATCH)])
    generation = engine.start_generation()
    engine.swap(generation)
    assert folders(opened.folder) == [generation.name]


def test_a_reader_follows_a_swap_whose_old_files_are_still_there(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Folder, "remove_older", lambda folder: None)
    writer, reader = opened(), opened(read_only=True)
    writer.apply([document("a")])
    assert ids(reader) == ["a"]
    writer.swap(writer.start_generation())
    assert ids(reader) == []
    assert len(folders(opened.folder)) == 2


def test_long_runs_of_equal_scores_are_in_the_order_of_ids(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a million mentors dozens share a 32-bit score; here all do."""
    monkeypatch.setattr("indexer.engines.documents.EPSILON", 0.0)
    first = opened()
    names = [f"d{number * 37 % 400:03d}" for number in range(400)]
    for start in range(0, 400, 100):
        first.apply([replace(document(name), factor=1.0 + (name > "d150") / 2) for name in names[start : start + 100]])
    expected = sorted(names, key=lambda name: (name <= "d150", name))
    request = SearchRequest(scope="public", limit=30)
    seen: list[str] = []
    cursor, engine = "", first
    while cursor or not seen:
        page = engine.search(replace(request, cursor=cursor))
        seen += [hit.id for hit in page.hits]
        cursor = page.cursor
        engine = opened(read_only=True) if len(seen) % 60 else first
    assert seen == expected


def test_rebuilds_that_were_killed_are_removed(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("a")])
    serving = engine.status().generation
    left = opened.folder / "000007-abcdef"
    (left / "data").mkdir(parents=True)
    (left / "spec.json").write_text("{")
    running = engine.start_generation()
    assert folders(opened.folder) == [serving, running.name]
    with pytest.raises(Conflict):
        opened().start_generation()
    assert folders(opened.folder) == [serving, running.name]
    running.abandon()
    assert folders(opened.folder) == [serving]


def test_what_a_killed_swap_left_behind_goes_with_the_next_write(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("a")])
    generation = engine.start_generation()
    engine.swap(generation)
    left = opened.folder / "000001-abcdef"
    left.mkdir()
    other = opened()
    other.apply([document("b")])
    assert folders(opened.folder) == [generation.name]


def test_a_generation_of_another_engine_can_not_serve(opened: Opener, tmp_path: Path) -> None:
    other = Opener(tmp_path / "other")()
    generation = other.start_generation()
    with pytest.raises(Invalid):
        opened().swap(generation)
    generation.abandon()
    other.close()


def test_another_vocabulary_asks_for_a_rebuild(opened: Opener) -> None:
    opened().apply([document("a")])
    opened.engines[0].close()
    changed = opened(vocabularies="other")
    assert changed.status().spec == opened.engines[0].spec != changed.spec
    assert ids(changed) == ["a"]
    generation = changed.start_generation()
    changed.swap(generation)
    assert changed.status().spec == changed.spec


def test_an_index_of_another_layout_is_not_read_but_can_be_rebuilt(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("a")])
    spec = opened.folder / engine.status().generation / "spec.json"
    engine.close()
    spec.write_text(json.dumps({"spec": "old", "layout": "old"}))
    later = opened()
    for call in (lambda: later.search(EVERYBODY), lambda: later.apply([document("b")])):
        with pytest.raises(Unavailable, match="run `mentors index rebuild`"):
            call()
    status = later.status()
    assert (status.spec, status.documents) == ("old", 0)
    generation = later.start_generation()
    generation.apply([document("c")])
    later.swap(generation)
    assert ids(later) == ["c"]


def test_a_damaged_index_is_unavailable(opened: Opener) -> None:
    engine = opened()
    engine.apply([document("a")])
    meta = opened.folder / engine.status().generation / "data" / "meta.json"
    engine.close()
    meta.write_text("{")
    later = opened()
    for call in (lambda: later.search(EVERYBODY), lambda: later.apply([document("b")]), later.status):
        with pytest.raises(Unavailable, match="mentors index rebuild"):
            call()
    later.swap(later.start_generation())
    assert later.status().documents == 0


def test_views_are_kept_for_a_quarter_of_an_hour_and_sixty_four_of_them(opened: Opener) -> None:
    clock = Clock()
    engine = opened(clock=clock)
    request = SearchRequest(scope="public", sort="name", limit=2)
    engine.apply([document(name) for name in "abcd"])
    cursor = engine.search(request).cursor
    engine.apply([document("bb"), document("d", 2)])
    clock.now += 899
    assert ids(engine, replace(request, cursor=cursor)) == ["c", "d"]
    clock.now += 901
    assert ids(engine, replace(request, cursor=cursor)) == ["bb", "c"]
    cursor = engine.search(request).cursor
    for version in range(2, 66):
        engine.apply([document("aa" if version == 2 else "a", version)])
        engine.search(request)
    assert ids(engine, replace(request, cursor=cursor)) == ["bb", "c"]
    assert engine.search(replace(request, cursor=cursor)).total == 6


def test_a_view_that_was_kept_long_enough_lets_go_of_deleted_files_with_the_next_look(opened: Opener) -> None:
    clock = Clock()
    engine = opened(clock=clock)
    engine.apply([document(name) for name in "abcd"])
    assert engine.search(SearchRequest(scope="public", limit=2)).cursor
    old = str(opened.folder / engine.status().generation)
    engine.swap(engine.start_generation())

    def mapped() -> bool:
        return old in Path("/proc/self/maps").read_text(encoding="utf-8")

    clock.now += 899
    assert (engine.count(), mapped()) == (0, True)
    clock.now += 2
    assert (engine.count(), mapped()) == (0, False)


def test_a_costly_dictionary_is_read_once_a_minute_and_still_shows_nobody_who_left(opened: Opener) -> None:
    clock = Clock(step=0.1)
    engine = opened(clock=clock)

    def corrected(word: str) -> list[str]:
        return engine.corrections(word, scope="public", exclude=(), limit=3)

    engine.apply([replace(document("a"), texts={"bio": "sonography"})])
    assert corrected("sonograhpy") == ["sonography"]
    engine.apply([Tombstone("a", 2), replace(document("b"), texts={"bio": "simulation"})])
    assert corrected("sonograhpy") == corrected("simluation") == []
    clock.now += 60
    assert corrected("simluation") == ["simulation"]


def test_names_do_not_travel_in_cursors(opened: Opener) -> None:
    engine = opened()
    engine.apply(mentors())
    for sort in ("name", "confirmed", "fit"):
        page = engine.search(SearchRequest(scope="public", sort=sort, limit=1))
        shown = mentor(int(page.hits[0].id[-4:]))
        assert shown.name_sort not in page.cursor
        assert len(page.cursor) < 140


def test_long_selections_and_exclusions(opened: Opener) -> None:
    engine = opened()
    engine.apply(mentors())
    keys = (*(f"nobody-{number}" for number in range(400)), "example-1")
    request = SearchRequest(scope="public", filters={"institution": keys}, exclude=tuple(map(person, range(1, 120, 12))), limit=100)
    assert sorted(ids(engine, request)) == [person(number) for number in range(7, 120, 12) if number % 20 != 19]
