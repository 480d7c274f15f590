"""What the Elasticsearch engine says when the server is down, slow, full, foreign or refuses: in own words, and in time."""

import json
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from directory.core.errors import Unavailable
from directory.search.engine import SearchEngine, SearchRequest
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.elasticsearch.errors import (
    BUSY,
    FAILING,
    FOREIGN,
    FULL,
    NOT_ALLOWED,
    NOT_LET_IN,
    OTHER_LAYOUT,
    PROTECTED,
    REFUSED,
    SLOW,
    UNREACHABLE,
    UNTRUSTED,
)
from indexer.engines.first import NO_INDEX
from tests.connectors.test_client_tls import write_certificate
from tests.engines.asking import document, words
from tests.engines.fake_elasticsearch import GOOD, Answer, Rule, error, fake_elasticsearch, html

HITS: dict[str, Any] = {"total": {"value": 0, "relation": "eq"}, "hits": []}
REQUEST = SearchRequest(scope="public", query=words("ultrasound"))
REJECTED = {"root_cause": [{"type": "es_rejected_execution_exception"}], "caused_by": {"type": "es_rejected_execution_exception"}}


def engine_at(url: str, **changed: Any) -> ElasticsearchEngine:
    return ElasticsearchEngine(Address(url, "index", **changed), vocabularies_fingerprint="v")


def on(part: str, answer: Answer) -> Rule:
    return lambda path, body: answer if part in path else None


def failure(url: str, ask: Callable[[SearchEngine], object], **changed: Any) -> Unavailable:
    engine = engine_at(url, **changed)
    started = time.monotonic()
    try:
        with pytest.raises(Unavailable) as caught:
            ask(engine)
    finally:
        engine.close()
    assert time.monotonic() - started < 2.0
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def search(engine: SearchEngine) -> object:
    return engine.search(REQUEST)


def at_question(answer: Answer) -> Rule:
    """A view is given, and the question asked in it is answered so."""
    view = Answer(body={"id": "a-view"})
    return lambda path, body: answer if path == "/_msearch" else view if path.endswith("_pit") else None


def responses(answer: dict[str, Any]) -> Answer:
    return Answer(body={"responses": [{**answer, "status": 200}]})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(seconds=30.0), SLOW),
        (responses({"timed_out": True, "_shards": {"failed": 0}, "hits": HITS}), SLOW),
        (responses({"timed_out": False, "_shards": {"failed": 1}, "hits": HITS}), FAILING),
        (error(429, "search_phase_execution_exception", **REJECTED), BUSY),
        (error(429, "circuit_breaking_exception"), BUSY),
        (error(504, "search_timeout_exception"), FAILING),
        (error(503, "search_phase_execution_exception"), FAILING),
        (error(500, "illegal_state_exception"), FAILING),
        (error(400, "search_phase_execution_exception"), REFUSED),
        (error(404, "index_not_found_exception"), NO_INDEX),
        (error(401, "security_exception"), NOT_LET_IN),
        (error(403, "security_exception"), NOT_ALLOWED),
        (html(200), FOREIGN),
        (html(404), FOREIGN),
        (html(502), FAILING),
        (html(401), NOT_LET_IN),
        (Answer(body="not JSON {"), FOREIGN),
    ],
)
def test_a_search_that_fails_says_so_in_own_words_within_two_seconds(answer: Answer, sentence: str) -> None:
    with fake_elasticsearch(at_question(answer)) as fake:
        problem = failure(fake.url, search)
    assert str(problem) == sentence
    assert 5 <= problem.retry_after <= 60
    assert "/_msearch" in fake.asked


@pytest.mark.parametrize(
    ("answer", "sentence"), [(Answer(seconds=30.0), SLOW), (error(429, "circuit_breaking_exception"), BUSY), (html(502), FAILING)]
)
def test_a_search_without_a_view_fails_in_the_same_way(answer: Answer, sentence: str) -> None:
    with fake_elasticsearch(on("_pit", answer)) as fake:
        assert str(failure(fake.url, search)) == sentence
    assert "/_msearch" not in fake.asked


@pytest.mark.parametrize(
    "ask",
    [
        search,
        lambda engine: engine.suggest("oko", scope="public", exclude=(), limit=5),
        lambda engine: engine.corrections("ultrasuond", scope="public", exclude=(), limit=5),
        lambda engine: engine.matches("ultrasound", scope="public", exclude=()),
        lambda engine: engine.count(),
        lambda engine: engine.versions("", 10),
        lambda engine: engine.status(),
        lambda engine: engine.apply([document("a")]),
        lambda engine: engine.start_generation(),
    ],
)
def test_everything_fails_in_the_same_way_when_nobody_answers(ask: Callable[[SearchEngine], object]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    assert str(failure(url, ask)) == UNREACHABLE
    with fake_elasticsearch(lambda path, body: error(401, "security_exception")) as fake:
        assert str(failure(fake.url, ask)) == NOT_LET_IN


def test_a_search_takes_no_longer_than_its_limit_however_many_requests_it_needs() -> None:
    """Every single answer comes in time, all together do not."""
    with fake_elasticsearch(lambda path, body: Answer(body=GOOD if "_mapping" in path else {"id": "v"}, seconds=0.4)) as fake:
        asked = SearchRequest(scope="public", filters={"level": ("a", "b")}, facets=("arena",))
        assert str(failure(fake.url, lambda engine: engine.search(asked), seconds=1.0)) == SLOW
        assert len(fake.asked) == 3


def test_a_change_that_a_copy_of_the_index_does_not_show_yet_is_not_applied() -> None:
    written = {"items": [{"index": {"_index": "index-000001", "status": 201}}]}

    def rule(path: str, _body: str) -> Answer | None:
        if path.endswith("_bulk"):
            return Answer(body=written)
        return Answer(body={"_shards": {"total": 2, "successful": 1, "failed": 1}}) if path.endswith("_refresh") else None

    with fake_elasticsearch(rule) as fake:
        assert str(failure(fake.url, lambda engine: engine.apply([document("a")]))) == FAILING


def test_half_an_answer_of_a_group_is_none() -> None:
    good = {"timed_out": False, "_shards": {"failed": 0}, "hits": HITS, "status": 200}
    busy = {"error": {"type": "search_phase_execution_exception", "reason": "SECRET", "root_cause": []}, "status": 429}
    with fake_elasticsearch(at_question(Answer(body={"responses": [good, busy]}))) as fake:
        asked = SearchRequest(scope="public", facets=("mode",))
        assert str(failure(fake.url, lambda engine: engine.search(asked))) == BUSY


def test_an_index_that_this_program_did_not_make_is_not_read() -> None:
    mappings: list[dict[str, Any]] = [{}, {"_meta": {}}, {"_meta": {"owner": "somebody", "layout": "x"}}]
    for mapping in mappings:
        with fake_elasticsearch(on("_mapping", Answer(body={"index-000009": {"mappings": mapping}}))) as fake:
            assert str(failure(fake.url, search)) == OTHER_LAYOUT
            assert str(failure(fake.url, lambda engine: engine.apply([document("a")]))) == OTHER_LAYOUT


def test_an_alias_of_two_indexes_is_not_read() -> None:
    two = {**GOOD, "index-000002": GOOD["index-000001"]}
    with fake_elasticsearch(on("_mapping", Answer(body=two))) as fake:
        assert "several indexes" in str(failure(fake.url, search))


def bulk_rule(outcome: Callable[[list[str]], Answer]) -> Rule:
    """`outcome` gets the ids of a bulk request."""

    def rule(path: str, body: str) -> Answer | None:
        if not path.endswith("_bulk"):
            return None
        return outcome([json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]])

    return rule


def items(*rows: tuple[int, str]) -> Answer:
    made = []
    for status, kind in rows:
        problem = {"error": {"type": kind, "reason": "SECRET"}} if kind else {}
        made.append({"index": {"_index": "index-000001", "status": status, **problem}})
    return Answer(body={"items": made})


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ((429, "es_rejected_execution_exception"), BUSY),
        ((429, "cluster_block_exception"), FULL),
        ((403, "cluster_block_exception"), PROTECTED),
        ((403, "security_exception"), NOT_ALLOWED),
        ((503, "unavailable_shards_exception"), FAILING),
        ((400, "strict_dynamic_mapping_exception"), OTHER_LAYOUT),
        ((404, "index_not_found_exception"), NO_INDEX),
    ],
)
def test_a_change_that_the_server_can_not_take_now_fails_the_whole_call(row: tuple[int, str], sentence: str) -> None:
    """So that the changes go back to the outbox and none is parked for a fault of the server's."""
    with fake_elasticsearch(bulk_rule(lambda ids: items((201, ""), row))) as fake:
        assert str(failure(fake.url, lambda engine: engine.apply([document("a"), document("b")]))) == sentence


def test_outcomes_of_a_batch_are_told_apart() -> None:
    conflict, parsing = (409, "version_conflict_engine_exception"), (400, "document_parsing_exception")
    answer = items((201, ""), conflict, parsing, (200, ""), (400, "Bad Type!"))
    with fake_elasticsearch(bulk_rule(lambda ids: answer)) as fake:
        engine = engine_at(fake.url)
        applied = engine.apply([document(name) for name in "abcde"])
        engine.close()
    assert [row.outcome for row in applied] == ["applied", "stale", "rejected", "applied", "rejected"]
    assert applied[2].reason == "refused by the search engine: document_parsing_exception"
    assert applied[4].reason == "refused by the search engine"


@pytest.mark.parametrize("status", [400, 413])
def test_one_change_that_spoils_a_request_is_found(status: int) -> None:
    def outcome(ids: list[str]) -> Answer:
        return error(status, "action_request_validation_exception") if "c" in ids else items(*[(201, "")] * len(ids))

    with fake_elasticsearch(bulk_rule(outcome)) as fake:
        engine = engine_at(fake.url)
        applied = engine.apply([document(name) for name in "abcdefg"])
        engine.close()
    assert {row.id: row.outcome for row in applied} == {name: "rejected" if name == "c" else "applied" for name in "abcdefg"}


def test_a_node_that_is_down_is_left_for_the_next() -> None:
    found = {"timed_out": False, "_shards": {"failed": 0}, "hits": HITS, "aggregations": {"withdrawn": {"doc_count": 0}}}
    with socket.socket() as unused, fake_elasticsearch(on("_search", Answer(body=found))) as fake:
        unused.bind(("127.0.0.1", 0))
        engine = engine_at(f"http://127.0.0.1:{unused.getsockname()[1]}, {fake.url}")
        for _ in range(6):
            assert engine.count() == 0
        engine.close()


def test_only_a_server_with_a_trusted_certificate_gets_the_credentials(tmp_path: Path) -> None:
    folders = tmp_path / "server", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    certificate, other = map(write_certificate, folders)
    found = Answer(body={"timed_out": False, "_shards": {"failed": 0}, "hits": HITS, "aggregations": {"withdrawn": {"doc_count": 0}}})
    with fake_elasticsearch(on("_search", found), certificate=certificate) as fake:
        for ca_certs in (str(other), ""):
            problem = failure(fake.url, lambda engine: engine.count(), ca_certs=ca_certs, api_key="a2V5")
            assert (str(problem), fake.credentials) == (UNTRUSTED, set())
        engine = engine_at(fake.url, ca_certs=str(certificate), api_key="a2V5")
        assert engine.count() == 0
        engine.close()
        assert fake.credentials == {"ApiKey a2V5"}


def test_the_log_has_types_and_no_sentences(caplog: pytest.LogCaptureFixture) -> None:
    with fake_elasticsearch(at_question(error(400, "parsing_exception"))) as fake, caplog.at_level(logging.DEBUG, "indexer"):
        failure(fake.url, search)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("indexer")] == [
        "elasticsearch answered 400 parsing_exception"
    ]
    assert "SECRET" not in caplog.text
