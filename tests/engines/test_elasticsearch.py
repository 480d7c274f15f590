"""What only the Elasticsearch engine has: indexes behind an alias, processes that share them, views that expire, a server that refuses."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from directory.core.errors import Conflict, Invalid, InvalidCursor, Unavailable
from directory.search.engine import Generation, OfferKeys, SearchRequest, Tombstone
from directory.search.fields import SORTS
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.elasticsearch.bulk import write
from indexer.engines.elasticsearch.connection import Session
from indexer.engines.elasticsearch.errors import FULL, IN_THE_WAY, OTHER_LAYOUT, PROTECTED
from indexer.engines.elasticsearch.generations import Generations
from indexer.engines.first import NO_INDEX, MayBegin, always
from tests.corpus import mentor, mentors, person
from tests.engines.asking import ALL, document, found, ids, walk, words
from tests.engines.conftest import ElasticsearchKit

EVERYBODY = SearchRequest(scope="public", limit=1000, sort="name")


@dataclass
class Bench:
    """A server, engines over one alias, and a client to look behind them."""

    address: Address
    client: Elasticsearch
    engines: list[ElasticsearchEngine] = field(default_factory=list)

    def open(
        self, *, read_only: bool = False, vocabularies: str = "corpus", may_begin: MayBegin = always, **changed: Any
    ) -> ElasticsearchEngine:
        address = replace(self.address, **changed)
        engine = ElasticsearchEngine(address, vocabularies_fingerprint=vocabularies, read_only=read_only, may_begin=may_begin)
        self.engines.append(engine)
        return engine

    def indexes(self) -> list[str]:
        return sorted(self.client.indices.get(index=f"{self.address.index}*", features="aliases").body)

    def aliases(self, index: str) -> list[str]:
        return sorted(self.client.indices.get_alias(index=index).body[index]["aliases"])

    def make(self, name: str, *, alias: bool = True, mappings: dict[str, Any] | None = None) -> str:
        """An index that the engine did not make."""
        index = f"{self.address.index}-{name}"
        self.client.indices.create(index=index, aliases={self.address.index: {}} if alias else {}, mappings=mappings or {})
        return index


@pytest.fixture
def bench() -> Iterator[Bench]:
    kit = ElasticsearchKit()
    with closing(Elasticsearch(kit.address.url, request_timeout=20)) as client:
        made = Bench(kit.address, client)
        yield made
        for engine in made.engines:
            engine.close()
    kit.close()


def everybody(engine: ElasticsearchEngine) -> list[str]:
    return ids(engine.search(EVERYBODY))


def everything_fails(engine: ElasticsearchEngine, sentence: str) -> None:
    asks: list[Callable[[], object]] = [
        lambda: engine.search(EVERYBODY),
        lambda: engine.suggest("a", scope="public", exclude=(), limit=5),
        lambda: engine.corrections("sonograhpy", scope="public", exclude=(), limit=5),
        lambda: engine.matches("a", scope="public", exclude=()),
        engine.count,
        lambda: engine.versions("", 5),
        lambda: engine.apply([document("a")]),
    ]
    for ask in asks:
        with pytest.raises(Unavailable) as caught:
            ask()
        assert str(caught.value) == sentence


# Processes


def test_every_process_writes_and_sees_every_change_at_once(bench: Bench) -> None:
    first, second, reader = bench.open(), bench.open(), bench.open(read_only=True)
    assert first.apply([document("a")])[0].outcome == "applied"
    assert second.apply([document("a"), document("b")])[0].outcome == "stale"
    assert everybody(first) == everybody(second) == everybody(reader) == ["a", "b"]
    first.apply([Tombstone("a", 2)])
    assert found(reader) == ["b"]


def test_a_reader_neither_writes_nor_makes_an_index(bench: Bench) -> None:
    reader = bench.open(read_only=True)
    with pytest.raises(Unavailable, match="no search index"):
        reader.search(EVERYBODY)
    assert (reader.status().generation, reader.status().spec) == ("", "")
    assert bench.indexes() == []
    bench.open().apply([document("a")])
    assert found(reader) == ["a"]
    for forbidden in (lambda: reader.apply([document("b")]), reader.start_generation):
        with pytest.raises(Conflict):
            forbidden()


def test_processes_that_start_together_make_one_index(bench: Bench) -> None:
    engines = [bench.open() for _ in range(6)]
    with ThreadPoolExecutor(len(engines)) as pool:
        assert list(pool.map(lambda engine: engine.count(), engines)) == [0] * 6
    assert bench.indexes() == [f"{bench.address.index}-000001"]


def test_a_change_during_a_swap_of_another_process_is_in_the_new_generation(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, operator = bench.open(), bench.open()
    worker.apply([document("a")])
    generation = operator.start_generation()
    generation.apply([document("a")])
    swaps = [generation]

    def write_and_swap(*asked: Any) -> object:
        written = write(*asked)
        if swaps:
            operator.swap(swaps.pop())
        return written

    monkeypatch.setattr("indexer.engines.elasticsearch.engine.write", write_and_swap)
    assert [outcome.outcome for outcome in worker.apply([document("b"), document("a")])] == ["applied", "stale"]
    assert everybody(operator) == everybody(worker) == ["a", "b"]
    assert worker.status().generation == generation.name


# Generations


def test_the_swap_deletes_the_generation_before(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    generation = engine.start_generation()
    assert [alias.startswith(f"{generation.name}.build-") for alias in bench.aliases(generation.name)] == [True]
    engine.swap(generation)
    assert bench.indexes() == [generation.name] == [f"{bench.address.index}-000002"]
    assert bench.aliases(generation.name) == [bench.address.index]
    made = bench.client.indices.get_settings(index=generation.name).body[generation.name]["settings"]["index"]
    assert (made["refresh_interval"], made["translog"]["durability"], made["number_of_replicas"]) == ("1s", "request", "0")
    generation.abandon()
    assert found(engine) == []


def test_the_latest_rebuild_goes_on_with_what_was_left_and_stops_the_one_before(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    stopped = engine.start_generation()
    stopped.apply([document("b"), Tombstone("c", 1)])
    (before,) = bench.aliases(stopped.name)
    foreign = bench.make("000007", alias=False)
    neighbor = bench.open(index=f"{bench.address.index}-other")
    neighbor.apply([document("z")])
    running = bench.open().start_generation()
    assert (running.name, running.resumed_after) == (stopped.name, "c")
    assert {foreign, neighbor.status().generation, running.name} < set(bench.indexes())
    (after,) = bench.aliases(running.name)
    assert before != after
    late: list[Callable[[], object]] = [
        lambda: stopped.apply([document("d")]),
        lambda: stopped.versions("", 5),
        stopped.count,
        lambda: engine.swap(stopped),
    ]
    for ask in late:
        with pytest.raises(Conflict):
            ask()
    stopped.abandon()
    assert (running.count(), found(engine), found(neighbor)) == (1, ["a"], ["z"])
    running.abandon()
    assert running.name not in bench.indexes()


def test_one_that_was_killed_in_its_swap_is_set_up_for_building_again(bench: Bench) -> None:
    engine = bench.open()
    killed = engine.start_generation()
    killed.apply([document("b")])
    bench.client.indices.put_settings(index=killed.name, settings={"refresh_interval": "1s", "number_of_replicas": 0, "blocks.write": True})
    running = engine.start_generation()
    assert (running.name, running.resumed_after) == (killed.name, "b")
    made = bench.client.indices.get_settings(index=running.name).body[running.name]["settings"]["index"]
    assert (made["refresh_interval"], made["translog"]["durability"], made.get("blocks", {})) == ("-1", "async", {})
    running.apply([document("c")])
    engine.swap(running)
    assert found(engine) == ["b", "c"]


@pytest.mark.parametrize("changed", ["vocabularies", "key", "alias"])
def test_one_that_would_be_made_differently_now_is_begun_again(bench: Bench, changed: str) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    killed = engine.start_generation()
    killed.apply([document("b")])
    if changed == "key":  # the serving index was deleted by hand and made anew
        bench.client.indices.delete(index=engine.status().generation)
        engine = bench.open()
        engine.apply([document("a")])
    elif changed == "alias":
        bench.client.indices.delete_alias(index=killed.name, name=bench.aliases(killed.name)[0])
    else:
        engine = bench.open(vocabularies="other")
    generation = engine.start_generation()
    assert (generation.resumed_after, generation.count()) == ("", 0)
    assert set(bench.indexes()) == {engine.status().generation, generation.name}


def test_two_that_go_on_with_the_same_one_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one looked before the quicker one took over."""
    engine, other = bench.open(), bench.open()
    engine.start_generation().apply([document("b")])
    look = Generations._indexes
    taken: list[Generation] = []

    def look_then_wait(self: Generations, session: Session) -> dict[str, Any]:
        found = look(self, session)
        monkeypatch.undo()
        taken.append(other.start_generation())
        return found

    monkeypatch.setattr(Generations, "_indexes", look_then_wait)
    with pytest.raises(Conflict, match="Another rebuild"):
        engine.start_generation()
    assert taken[0].resumed_after == "b"
    taken[0].apply([document("c")])
    assert taken[0].count() == 2


def test_a_generation_of_another_engine_can_not_serve(bench: Bench) -> None:
    generation = bench.open(index=f"{bench.address.index}-other").start_generation()
    with pytest.raises(Invalid):
        bench.open().swap(generation)


def test_another_vocabulary_asks_for_a_rebuild(bench: Bench) -> None:
    first = bench.open()
    first.apply([document("a")])
    changed = bench.open(vocabularies="other")
    assert changed.status().spec == first.spec != changed.spec
    assert found(changed) == ["a"]
    changed.swap(changed.start_generation())
    assert changed.status().spec == changed.spec


# An index that is not as it should be


def test_an_index_that_is_gone_stays_gone_until_a_rebuild(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    bench.client.indices.delete(index=bench.indexes()[0])
    everything_fails(engine, NO_INDEX)
    everything_fails(bench.engines[0], NO_INDEX)
    assert (bench.indexes(), engine.status().generation) == ([], "")
    generation = engine.start_generation()
    generation.apply([document("a"), document("b")])
    engine.swap(generation)
    assert everybody(engine) == ["a", "b"]


def test_an_index_that_is_gone_is_not_begun_anew_by_the_next_process(bench: Bench) -> None:
    bench.open().apply([document("a")])
    bench.client.indices.delete(index=bench.indexes()[0])
    started = bench.open(may_begin=lambda: False)
    everything_fails(started, NO_INDEX)
    assert (bench.indexes(), started.status().generation) == ([], "")
    started.swap(started.start_generation())
    assert found(started) == []


@pytest.mark.parametrize("mappings", [{}, {"_meta": {"owner": "mentor-directory", "layout": "old", "spec": "old"}}])
def test_an_index_of_another_layout_is_not_used_but_can_be_replaced(bench: Bench, mappings: dict[str, Any]) -> None:
    index = bench.make("000003", mappings=mappings)
    engine = bench.open()
    everything_fails(engine, OTHER_LAYOUT)
    status = engine.status()
    assert (status.generation, status.spec, status.documents) == (index, "old" if mappings else "", 0)
    generation = engine.start_generation()
    generation.apply([document("a")])
    engine.swap(generation)
    assert found(engine) == ["a"]
    assert (index in bench.indexes()) is not bool(mappings)


@pytest.mark.parametrize("label", [True, False])
def test_an_index_with_other_fields_is_not_used_but_can_be_replaced(bench: Bench, label: bool) -> None:
    """Somebody deleted the index and let the server guess the fields, with or without our label on it."""
    engine = bench.open()
    engine.apply([document("a")])
    name = bench.indexes()[0]
    meta = bench.client.indices.get_mapping(index=name).body[name]["mappings"]["_meta"]
    bench.client.indices.delete(index=name)
    bench.make("000001", mappings={"_meta": meta} if label else {})
    guessed = {"id": "a", "version": 1, "scope": "public", "facet_mode": "video", "text_bio": 7}
    bench.client.index(index=name, id="a", document=guessed, refresh=True)
    for asked in (replace(EVERYBODY, facets=ALL), EVERYBODY):  # the first is refused by the server, the second would be answered
        with pytest.raises(Unavailable) as caught:
            engine.search(asked)
        assert str(caught.value) == OTHER_LAYOUT
    everything_fails(engine, OTHER_LAYOUT)
    assert engine.status().spec == ""
    generation = engine.start_generation()
    generation.apply([document("a")])
    engine.swap(generation)
    assert (found(engine), engine.status().documents) == (["a"], 1)


def test_an_index_in_the_place_of_the_alias_is_named_and_left_alone(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    bench.client.indices.delete(index=bench.indexes()[0])
    bench.client.index(index=bench.address.index, document={"id": "a"}, refresh=True)
    asks: list[Callable[[], object]] = [lambda: engine.apply([document("a")]), engine.status, engine.start_generation, bench.open().count]
    for ask in asks:
        with pytest.raises(Unavailable) as caught:
            ask()
        assert str(caught.value) == IN_THE_WAY
    assert bench.indexes() == [bench.address.index]
    bench.client.indices.delete(index=bench.address.index)


def test_a_swap_to_another_layout_is_noticed_with_and_without_hits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.engines.elasticsearch.engine.CHECKED_FOR", 0.0)
    first, second = bench.open(), bench.open()
    first.apply([document("a")])
    assert found(second) == ["a"]
    old = bench.indexes()[0]
    index = bench.make("000005", alias=False)
    bench.client.index(index=index, document={"id": "a", "version": 1, "scope": "public"}, refresh=True)
    moved = [{"remove": {"index": old, "alias": bench.address.index}}, {"add": {"index": index, "alias": bench.address.index}}]
    bench.client.indices.update_aliases(actions=moved)
    for engine, request in ((first, EVERYBODY), (second, replace(EVERYBODY, query=words("nowhere")))):
        with pytest.raises(Unavailable, match="rebuild"):
            engine.search(request)


def test_a_full_disk_stops_writing_and_not_searching(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a")])
    for name, sentence in (("read_only_allow_delete", FULL), ("write", PROTECTED)):
        bench.client.indices.put_settings(index=bench.address.index, settings={f"index.blocks.{name}": True})
        for change in (document("b"), Tombstone("a", 2)):
            with pytest.raises(Unavailable) as caught:
                engine.apply([change])
            assert (str(caught.value), caught.value.retry_after) == (sentence, 30)
        assert found(engine) == ["a"]
        bench.client.indices.put_settings(index=bench.address.index, settings={f"index.blocks.{name}": None})
    assert [row.outcome for row in engine.apply([document("b"), Tombstone("a", 2)])] == ["applied", "applied"]
    assert found(engine) == ["b"]


# Walks


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", [(), words("medicine")])
def test_a_walk_whose_view_is_gone_goes_on_in_the_newest_state(bench: Bench, sort: str, query: Any) -> None:
    engine = bench.open()
    engine.apply(mentors())
    request = SearchRequest(scope="public", query=query, sort=sort, limit=7)
    expected = walk(engine, request)
    seen: list[str] = []
    cursor = ""
    while cursor or not seen:
        page = engine.search(replace(request, cursor=cursor))
        seen += ids(page)
        cursor = page.cursor
        for _, view in engine._search._views._opened:
            bench.client.options(ignore_status=404).close_point_in_time(id=view)
    assert seen == expected


def test_a_walk_whose_view_and_last_mentor_are_gone_goes_on_near_the_place(bench: Bench) -> None:
    engine = bench.open()
    engine.apply(mentors())
    for sort in SORTS:
        request = SearchRequest(scope="public", sort=sort, limit=10)
        expected = walk(engine, request)
        page = engine.search(request)
        for _, view in engine._search._views._opened:
            bench.client.options(ignore_status=404).close_point_in_time(id=view)
        engine.apply([Tombstone(expected[9], 2)])
        assert walk(engine, replace(request, cursor=page.cursor)) == expected[10:]


def test_a_view_of_a_deleted_generation_is_gone(bench: Bench) -> None:
    engine = bench.open()
    engine.apply(mentors())
    requests = [SearchRequest(scope="public", sort=sort, limit=50, facets=ALL[:1]) for sort in SORTS]
    expected = [walk(engine, request) for request in requests]
    pages = [engine.search(request) for request in requests]
    generation = engine.start_generation()
    generation.apply(mentors())
    engine.swap(generation)
    rest = [walk(engine, replace(request, cursor=page.cursor)) for request, page in zip(requests, pages, strict=True)]
    assert [ids(page) + ids_left for page, ids_left in zip(pages, rest, strict=True)] == expected


def test_a_process_does_not_keep_more_views_than_it_may(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.engines.elasticsearch.views.MOST", 3)
    engine = bench.open()
    engine.apply([document(name) for name in "abc"])
    request = SearchRequest(scope="public", sort="name", limit=2)
    pages = []
    for version in range(2, 7):
        pages.append(engine.search(request))
        engine.apply([document("a", version=version)])
    opened = [view for _, view in engine._search._views._opened]
    assert len(opened) == 3
    bench.client.close_point_in_time(id=opened[0])
    engine.search(request)  # closes it again, which does no harm
    assert [view for _, view in engine._search._views._opened][:2] == opened[1:]
    for page in pages:
        assert ids(engine.search(replace(request, cursor=page.cursor))) == ["c"]


def test_one_view_serves_all_questions_until_something_changes(bench: Bench) -> None:
    engine = bench.open()
    other = bench.open()
    engine.apply([document(name) for name in "abc"])
    requests = [SearchRequest(scope="public", query=query, sort=sort, limit=2) for query in ((), words("medicine")) for sort in SORTS]

    def views() -> int:
        for request in requests:
            engine.search(request)
        return len(engine._search._views._opened)

    assert (views(), views()) == (1, 1)
    other.apply([document("a", version=2)])  # as many documents as before
    first = views()
    assert first > 1
    assert views() == first
    other.apply([Tombstone("a", 3)])
    assert found(engine) == ["b", "c"]


def test_every_question_sees_what_another_process_has_just_changed(bench: Bench) -> None:
    engine = bench.open()
    other = bench.open()
    other.apply([document(name) for name in "abcd"])
    request = SearchRequest(scope="public", facets=ALL, limit=2)
    for version in range(2, 8):
        for _ in range(version % 3):  # after a change, and after calm
            assert engine.search(request).total == 4
        other.apply([Tombstone("d", 2 * version)])
        page = engine.search(request)
        assert (page.total, ids(engine.search(replace(request, cursor=page.cursor)))) == (3, ["c"])
        other.apply([document("d", version=2 * version + 1)])


def test_names_do_not_travel_in_cursors_and_no_one_else_makes_them(bench: Bench) -> None:
    engine = bench.open()
    engine.apply(mentors())
    for sort in SORTS:
        request = SearchRequest(scope="public", sort=sort, limit=1)
        page = engine.search(request)
        assert mentor(int(page.hits[0].id[-4:])).name_sort not in page.cursor
        assert len(page.cursor) < 600
        other = bench.open(index=f"{bench.address.index}-other")
        other.apply([document("a")])
        with pytest.raises(InvalidCursor):
            other.search(replace(request, cursor=page.cursor))


# Counts and words


def test_an_offer_counts_once_for_a_mentor_however_many_selections_it_fits(bench: Bench) -> None:
    engine = bench.open()
    first = OfferKeys("career", ("cv", "grants"), ("resident", "fellow"), "open")
    second = OfferKeys("research", ("grants",), ("fellow",), "waitlist")
    engine.apply([document("a", offers=(first, second)), document("b", offers=(second,)), document("c", offers=(first,))])
    asked = {"level": ("resident", "fellow"), "availability": ("open", "waitlist")}
    page = engine.search(SearchRequest(scope="public", filters=asked, facets=ALL))
    assert page.total == 3
    assert (page.facets["arena"], page.facets["topic"]) == ({"career": 2, "research": 2}, {"cv": 2, "grants": 3})
    assert (page.facets["level"], page.facets["availability"]) == ({"resident": 2, "fellow": 3}, {"open": 2, "waitlist": 2})


def test_long_selections_and_exclusions(bench: Bench) -> None:
    """More than one clause of Elasticsearch may hold, and more than a pattern may have characters."""
    engine = bench.open()
    engine.apply(mentors())
    keys = (*(f"nobody-{number}" for number in range(400)), "example-1")
    absent = (*(f"m-nobody-{number}" for number in range(70_000)), *map(person, range(1, 120, 12)))
    request = SearchRequest(scope="public", filters={"institution": keys}, exclude=absent, limit=100)
    assert sorted(ids(engine.search(request))) == [person(number) for number in range(7, 120, 12) if number % 20 != 19]
    levels = (*(f"nobody-(.*)-{number}" for number in range(400)), "resident", "fellow")
    page = engine.search(SearchRequest(scope="public", filters={"level": levels, "availability": ("open",)}, facets=ALL))
    plain = engine.search(SearchRequest(scope="public", filters={"level": ("resident", "fellow"), "availability": ("open",)}, facets=ALL))
    assert (page.total, page.facets) == (plain.total, plain.facets)


def test_the_dictionary_of_the_server_does_not_betray_who_left(bench: Bench) -> None:
    engine = bench.open()
    engine.apply([document("a", texts={"bio": "sonography"}), document("b", scopes=("widgets",), texts={"bio": "sonographer"})])
    engine.apply([Tombstone("a", 2)])
    assert engine.corrections("sonograhpy", scope="public", exclude=(), limit=5) == []
    assert engine.corrections("sonograhpher", scope="widgets", exclude=(), limit=5) == ["sonographer"]


def test_large_batches_go_in_parts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.engines.elasticsearch.bulk.MOST_BYTES", 5_000)
    monkeypatch.setattr("indexer.engines.elasticsearch.bulk.MOST_ROWS", 10)
    engine = bench.open()
    made = [document("big", texts={"bio": "sepsis " * 2_000}), *(document(f"d{number:02d}") for number in range(40))]
    outcomes = engine.apply([*made, document("bad", factor=9.0), Tombstone("d07", 0), document("d08", version=2)])
    assert [row.outcome for row in outcomes] == ["applied"] * 41 + ["rejected", "stale", "applied"]
    assert (engine.count(), engine.matches("sepsis", scope="public", exclude=())) == (41, 1)


def test_what_only_elasticsearch_can_not_hold_is_rejected_or_cut(bench: Bench) -> None:
    engine = bench.open()
    endless = document("endless", texts={"bio": "x" * 40_000 + " sepsis"}, name_sort="n" * 40_000)
    outcomes = engine.apply([document("é" * 300), endless])
    assert [(row.outcome, row.reason) for row in outcomes] == [("rejected", "id: not a usable key"), ("applied", "")]
    assert found(engine, query=words("sepsis"), sort="name") == ["endless"]
