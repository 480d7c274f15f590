"""How every engine reads words: texts, highlights, suggestions and spelling."""

from collections.abc import Sequence

import pytest

from directory.core.errors import Invalid
from directory.search.engine import (
    Key,
    OfferKeys,
    Phrase,
    SearchEngine,
    SearchRequest,
    Tombstone,
    Word,
)
from tests.corpus import FAMILY, SIZE, mentors
from tests.engines.asking import WORDS, document, found, group, words
from tests.oracle import answer


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("ultrasound",), {"a", "b"}),
        (("ultrasounds",), {"a", "b"}),
        (("mueller",), set()),
        (("muller", "ultrasound"), {"a"}),
        (("MÜLLER",), {"a"}),
        (("ultrasound", "and", "education"), {"b"}),
        (("educating",), {"b"}),
        (("well-being",), {"b"}),
        (("being-well",), set()),
        (('"a:x AND (',), set()),
        (("name:muller",), set()),
        (("*",), {"a", "b", "c"}),
        (("\ud800",), {"a", "b", "c"}),
        (("lincoln", "NE"), {"c"}),
    ],
)
def test_all_words_must_stand_in_any_field(engine: SearchEngine, typed: Sequence[str], expected: set[str]) -> None:
    engine.apply(
        [
            document("a", texts={"name": "Jürgen Müller", "bio": "Ultrasound at the bedside"}),
            document("b", texts={"headline": "Ultrasounds for education", "bio": "Well-being of residents"}),
            document("c", texts={"place": "Example University, Lincoln, NE", "keywords": "a b"}),
        ]
    )
    assert set(found(engine, query=words(*typed))) == expected


def test_stop_words_exclude_nobody_but_may_prefer_a_name(engine: SearchEngine) -> None:
    engine.apply([document("a", texts={"name": "Ann Lee"}, factor=1.5), document("b", texts={"name": "Ann Will"}, factor=1.5)])
    assert found(engine, query=words("will")) == ["b", "a"]
    assert found(engine, query=words("ann", "will")) == ["b", "a"]
    assert set(found(engine, query=words("with", "the"))) == {"a", "b"}


def test_alternatives_are_words_phrases_and_keys(engine: SearchEngine) -> None:
    engine.apply(
        [
            document("a", texts={"bio": "emergency medicine"}),
            document("b", texts={"bio": "medicine for an emergency"}),
            document("c", keys={"specialty": ("emergency-medicine",)}),
        ]
    )
    em = group(Phrase(("emergency", "medicine")), Key("specialty", "emergency-medicine"))
    assert set(found(engine, query=(em,))) == {"a", "c"}
    assert set(found(engine, query=(group("nowhere", Word("emergency")),))) == {"a", "b"}
    with pytest.raises(Invalid):
        found(engine, query=(group(Key("arena", "research")),))


def test_a_phrase_stays_in_one_field_and_in_order(engine: SearchEngine) -> None:
    engine.apply([document("a", texts={"headline": "first", "bio": "r01 first"}), document("b", texts={"bio": "her first R01 grant"})])
    assert found(engine, query=(group(Phrase(("first", "r01"))),)) == ["b"]


def test_unknown_names_are_refused(engine: SearchEngine) -> None:
    for asked in ({"filters": {"color": ("red",)}}, {"facets": ("color",)}, {"include": frozenset({"color"})}, {"sort": "color"}):
        with pytest.raises(Invalid) as caught:
            found(engine, **asked)
        assert caught.value.value == "color"
        assert caught.value.allowed


def test_keys_with_control_characters_match_nothing(engine: SearchEngine) -> None:
    engine.apply([document("a", offers=(OfferKeys("x", ("t",), ("l",), "open"),))])
    for key in ("x\x1ft", "l\x1eopen", "*", "", "\ud800"):
        assert found(engine, filters={"arena": (key,)}) == found(engine, filters={"level": (key,)}) == []


def test_matches_are_marked_in_plain_text(engine: SearchEngine) -> None:
    long = "Lorem & dolor <b>sit</b>. " * 40
    texts = {
        "name": "José Muñoz",
        "headline": "Ultrasounds & <i>more</i>",
        "bio": long + "At the café: ultrasound \ue000 works. " + long,
        "place": "ultrasound",
    }
    engine.apply([document("a", texts=texts)])
    hit = engine.search(SearchRequest(scope="public", query=words("munoz", "ultrasound"), highlight=True)).hits[0]
    assert hit.highlights["name"] == ("José \ue000Muñoz\ue001",)
    assert hit.highlights["headline"] == ("\ue000Ultrasounds\ue001 & <i>more</i>",)
    assert "\ue000ultrasound\ue001" in hit.highlights["bio"][0]
    assert len(hit.highlights["bio"][0]) < 300
    assert set(hit.highlights) == {"name", "headline", "bio"}
    assert engine.search(SearchRequest(scope="public", query=words("munoz"))).hits[0].highlights == {}
    assert engine.search(SearchRequest(scope="public", highlight=True)).hits[0].highlights == {}


def test_people_are_suggested_by_the_beginnings_of_their_names(engine: SearchEngine) -> None:
    engine.apply(
        [
            document("a", texts={"name": "Ingrid Okonjo-Vale"}, factor=1.2),
            document("b", texts={"name": "Chidi Okonjo"}, factor=1.8),
            document("c", texts={"name": "Ångström Strauß"}),
        ]
    )

    def suggested(prefix: str) -> list[str]:
        return [hit.id for hit in engine.suggest(prefix, scope="public", exclude=(), limit=5)]

    assert suggested("ok") == ["b", "a"]
    assert suggested("ingrid ok") == suggested("okonjo-v") == ["a"]
    assert suggested("ANG") == suggested("strauss") == ["c"]
    assert suggested("onjo") == suggested("") == suggested(" - ") == suggested("ingrid x") == []
    assert [hit.id for hit in engine.suggest("o", scope="public", exclude=(), limit=1)] == ["b"]


def test_corrections_are_near_words_of_visible_mentors(engine: SearchEngine) -> None:
    engine.apply(
        [
            document("a", texts={"bio": "ultrasound grants simulation café"}),
            document("b", texts={"bio": "ultrasound grant", "name": "Grandt"}),
            document("c", texts={"bio": "ultrasounds", "headline": "ultrasound"}),
        ]
    )

    def corrected(word: str, limit: int = 5) -> list[str]:
        return engine.corrections(word, scope="public", exclude=(), limit=limit)

    assert corrected("ultrasuond") == ["ultrasound", "ultrasounds"]
    assert corrected("ultrasuond", 1) == ["ultrasound"]
    assert corrected("Ultrasound") == ["ultrasounds"]
    assert corrected("grnat") == ["grant"]
    assert corrected("grnats") == ["grants"]
    assert corrected("caffé") == ["cafe"]
    assert corrected("simluatoin") == ["simulation"]
    assert corrected("smlton") == corrected("gr") == corrected("") == corrected("two words") == corrected("x" * 5000) == []
    assert engine.corrections("ultrasuond", scope="public", exclude=("c",), limit=5) == ["ultrasound"]  # only c has the other form
    engine.apply([Tombstone("a", 2)])
    assert corrected("simluation") == []


def test_a_word_matches_as_often_as_a_search_finds_it(corpus_engine: SearchEngine) -> None:
    for word in (*WORDS, "nowhere"):
        expected = len(answer(mentors(), SearchRequest(scope="public", query=words(word))).ids)
        if word not in {"the", "will"}:
            assert corpus_engine.matches(word, scope="public", exclude=()) == expected
    wills = [number for number in range(SIZE) if number % 20 != 19 and FAMILY[number // 8 % 15] == "Will"]
    assert corpus_engine.matches("will", scope="public", exclude=()) == len(wills)
    assert corpus_engine.matches("-", scope="public", exclude=()) == 0
