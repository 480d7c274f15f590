"""The parts of the Elasticsearch engine that need no server."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from directory.bootstrap import open_engine
from directory.core.errors import Invalid
from directory.core.vocabulary_files import load_vocabularies
from directory.search.engine import Document, OfferKeys, Tombstone
from directory.settings import Elasticsearch, load_settings
from indexer.engines.analysis import analyzers
from indexer.engines.documents import UnusableDocument
from indexer.engines.elasticsearch import Address, ElasticsearchEngine
from indexer.engines.elasticsearch.documents import given, row
from indexer.engines.elasticsearch.mapping import GAP, properties
from indexer.engines.elasticsearch.offers import accepted_keys, by_value, offer_keys, pattern
from indexer.engines.fragments import fragment
from tests.corpus import mentor
from tests.engines.asking import document

WORDS = ("The", "bedside", "of", "İstanbul", "Straße", "O'Brien", "x_y", "3.5", "will", "ünd", "studies", "—", "R01")


def by_position(text: str) -> str:
    """The terms with gaps as the analyzer's own positions tell."""
    parts: list[str] = []
    following = -1
    for token in analyzers().stemmed.pre_tokenize(text).tokens:
        if following >= 0:
            parts += [GAP] * (token.position - following)
        parts.append(token.text)
        following = token.position + 1
    return " ".join(parts)


@generated(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6))).map(" ".join).filter(lambda text: text.isprintable()))
def test_stop_words_leave_gaps_where_the_analyzer_says(text: str) -> None:
    assert given(text, stem=True) == by_position(text)
    assert given(text, stem=False) == " ".join(analyzers().folded.analyze(text))


def test_a_document_has_only_fields_of_the_mapping() -> None:
    known = {name for name, kind in properties().items() if kind}
    for change in (mentor(0), mentor(7), document("plain")):
        action, made = map(json.loads, row(change).lines.splitlines())
        assert action == {"index": {"_id": change.id, "version": change.version, "version_type": "external"}}
        assert set(made) <= known


def test_a_tombstone_is_versioned_and_holds_nothing() -> None:
    action, made = map(json.loads, row(Tombstone("a", 7)).lines.splitlines())
    assert action == {"index": {"_id": "a", "version": 7, "version_type": "external"}}
    assert made == {"id": "a", "version": 7, "withdrawn": True}


def test_names_and_texts_of_others_are_kept_nowhere_but_for_highlights() -> None:
    made = json.loads(row(mentor(8)).lines.splitlines()[1])
    assert set(made["shown"]) == {"name", "topics", "bio"}
    assert made["text_name"] == "ingrid munoz"
    assert made["words"].startswith("ingrid munoz ")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"id": "é" * 257}, "id: not a usable key"), ({"name_sort": "lone \ud800"}, "a text or key can't be encoded")],
)
def test_what_the_server_would_refuse_a_whole_request_for_is_refused_before(changed: dict[str, Any], reason: str) -> None:
    made: Document = document(changed.pop("id", "a"), **changed)
    with pytest.raises(UnusableDocument, match=reason):
        row(made)


def test_keys_of_offers_tell_one_offer_from_the_next() -> None:
    keys = offer_keys([OfferKeys("a", ("t",), (), "open"), OfferKeys("b", (), ("l", "m"), "paused")])
    assert keys["offer_arena_availability"] == ["a\x1eopen", "b\x1epaused"]
    assert keys["offer_topic_level"] == ["t\x1e-", "-\x1el", "-\x1em"]
    assert len(keys) == 15
    chosen = {"level": frozenset({"l", "m"}), "arena": frozenset({"b"})}
    assert accepted_keys(chosen) == ["b\x1el", "b\x1em"]
    assert by_value("availability", chosen, {"b\x1el\x1eopen": 2, "b\x1em\x1eopen": 1, "a\x1el\x1eopen": 5}) == {
        "open": {"b\x1el\x1eopen": 2, "b\x1em\x1eopen": 1}
    }


def test_patterns_take_keys_by_the_letter() -> None:
    assert pattern("arena", {"level": frozenset({"a.b|c", "é(*)"})}) == "[^\x1e]*\x1e(a\\.b\\|c|\\é\\(\\*\\))"
    assert pattern("arena", {"level": frozenset({"x" * 1000})}) == ""


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"url": ""}, "url"),
        ({"url": "es.example.org:9200"}, "url"),
        ({"url": "ftp://es.example.org"}, "url"),
        ({"url": "http://es.example.org:nine"}, "url"),
        ({"url": "http://a.example.org:9200,https://b.example.org:9200"}, "url"),
        ({"url": "http://user:SECRET@es.example.org:9200"}, "url"),
        ({"url": "https://es.example.org", "ca_certs": "/nowhere/ca.pem"}, "ca_certs"),
        ({"url": "https://es.example.org", "ca_certs": __file__}, "ca_certs"),
        ({"index": "Mentors"}, "index"),
        ({"index": ""}, "index"),
        ({"index": "-x"}, "index"),
        ({"index": "a*"}, "index"),
        ({"index": "a,b"}, "index"),
    ],
)
def test_settings_that_can_not_be_used_are_refused_at_the_start(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid) as caught:
        ElasticsearchEngine(Address(**{"url": "http://127.0.0.1:9200", "index": "mentors", **changed}), vocabularies_fingerprint="v")
    assert caught.value.where == f"elasticsearch.{key}"
    assert caught.value.allowed
    assert "SECRET" not in str(caught.value)


def test_every_setting_reaches_the_engine() -> None:
    assert {row.name for row in fields(Address)} == {row.name for row in fields(Elasticsearch)}
    settings = load_settings({"MENTORS_ENGINE": "elasticsearch", "MENTORS_ELASTICSEARCH_INDEX": "one"})
    engine, spec = open_engine(settings, load_vocabularies(settings.config / "vocabularies"), read_only=True)
    assert isinstance(engine, ElasticsearchEngine)
    assert (engine.spec, engine._address.index, engine._address.seconds) == (spec, "one", 1.5)
    engine.close()


def test_credentials_are_not_shown() -> None:
    assert "SECRET" not in repr(Address("https://a.example.org", "mentors", api_key="SECRET", password="SECRET"))


@pytest.mark.parametrize(
    ("changed", "sent"), [({"api_key": "a2V5", "username": "u"}, "ApiKey a2V5"), ({"username": "u", "password": "p"}, "Basic dTpw")]
)
def test_credentials_and_nodes_reach_the_client(changed: dict[str, Any], sent: str) -> None:
    address = Address(**{"url": "https://a.example.org,https://b.example.org:9200", "index": "mentors", **changed})
    made = ElasticsearchEngine(address, vocabularies_fingerprint="v")
    assert made._client._headers["authorization"] == sent
    assert sorted(node.config.port for node in made._client.transport.node_pool.all()) == [443, 9200]
    made.close()


# Fragments


def test_a_fragment_has_most_of_the_words_and_whole_ones() -> None:
    text = "one sepsis " + "filler " * 60 + "Sepsis, airway & airways at last " + "filler " * 60
    found = fragment(text, frozenset({"sepsi", "airway"}), stem=True, limit=80)
    assert "\ue000Sepsis\ue001, \ue000airway\ue001 & \ue000airways\ue001 at last" in found
    assert len(found) <= 80 + 6
    assert set(found.replace("\ue000", "").replace("\ue001", "").split()) <= set(text.split())


def test_a_short_text_is_its_own_fragment() -> None:
    assert fragment("José Muñoz Jr.", frozenset({"munoz"}), stem=False, limit=100) == "José \ue000Muñoz\ue001 Jr."
    assert fragment("José Muñoz", frozenset({"li"}), stem=False, limit=100) == ""
    assert fragment("José Muñoz", frozenset(), stem=False, limit=100) == ""


@generated(
    st.lists(st.sampled_from(["ax", "sepsis", "Straße", "\n", "\U0001d4b3y", "a" * 30, ","]), max_size=40).map(" ".join), st.integers(1, 60)
)
def test_a_fragment_is_a_part_of_the_text(text: str, limit: int) -> None:
    found = fragment(text, frozenset({"sepsis", "strasse"}), stem=False, limit=limit)
    plain = found.replace("\ue000", "").replace("\ue001", "")
    assert plain in text
    assert bool(found) is ("sepsis" in text or "Straße" in text)
    assert len(plain) <= max(limit, 8) + 1
