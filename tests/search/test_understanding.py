"""What is understood of a typed query: words, phrases, abbreviations, and the filters that are offered."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.vocabulary_files import load_vocabularies
from directory.search.engine import Alternative, Group, Key, Phrase, Query, Word
from directory.search.fields import FACETS, MENTOR_FACETS
from directory.search.understanding import MOST_WORDS, STOP_WORDS, QueryReader

VOCABULARIES = load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies")
READER = QueryReader(VOCABULARIES)


def query(text: str) -> Query:
    return READER.read(text).query


def words(text: str) -> list[str]:
    """The first alternative of every group, as text."""
    return [written(group.alternatives[0]) for group in query(text)]


def written(alternative: Alternative) -> str:
    if isinstance(alternative, Key):
        return f"{alternative.facet}:{alternative.key}"
    return alternative.text if isinstance(alternative, Word) else " ".join(alternative.words)


def offered(text: str) -> list[tuple[str, str, str]]:
    return [(row.facet, row.key, row.typed) for row in READER.read(text).filters]


def test_an_abbreviation_is_offered_and_searched_for_in_full() -> None:
    understood = READER.read("EM ultrasound")
    assert [(row.facet, row.key, row.typed) for row in understood.filters] == [
        ("specialty", "emergency-medicine", "EM"),
        ("specialty", "emergency-ultrasound", "ultrasound"),
    ]
    assert understood.query == (
        Group("EM", (Word("em"), Phrase(("emergency", "medicine")), Key("specialty", "emergency-medicine"))),
        Group("ultrasound", (Word("ultrasound"), Phrase(("emergency", "ultrasound")), Key("specialty", "emergency-ultrasound"))),
    )


@pytest.mark.parametrize("typed", ["em", "Em", "eM"])
def test_an_abbreviation_that_is_also_a_word_counts_only_in_capitals(typed: str) -> None:
    assert query(f"tell {typed} all") == (Group("tell", (Word("tell"),)), Group(typed, (Word("em"),)), Group("all", (Word("all"),)))
    assert offered(f"tell {typed} all") == []
    assert READER.abbreviated("em") == ("emergency medicine",)


@pytest.mark.parametrize("word", ["peds", "emergency", "medicine", "nothing", ""])
def test_other_words_are_no_abbreviations_in_small_letters(word: str) -> None:
    assert READER.abbreviated(word) == ()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("(EM)", [("specialty", "emergency-medicine", "(EM)")]),
        ("EM, please", [("specialty", "emergency-medicine", "EM,")]),
        ("peds", [("specialty", "pediatrics", "peds")]),
        ("PM&R", [("specialty", "physical-medicine-and-rehabilitation", "PM&R")]),
        ("heme/onc", [("specialty", "hematology-oncology", "heme/onc")]),
        ("research skills", [("arena", "research-skills", "research skills")]),
        ("first R01", [("topic", "first-r01-or-k-award", "first R01")]),
        ("med students", [("level", "student", "med students")]),
        ("Nebraska", [("state", "NE", "Nebraska")]),
        ("Midwest", [("state", "midwest", "Midwest")]),
        ("NE", [("state", "NE", "NE")]),
        ("Spanish", [("language", "es", "Spanish")]),
        ("video", [("mode", "video", "video")]),
        ("in or me", []),
        ("pa ne", [("state", "NE", "ne")]),
    ],
)
def test_what_is_offered(typed: str, expected: list[tuple[str, str, str]]) -> None:
    assert offered(typed) == expected


def test_the_longest_meaning_wins() -> None:
    assert offered("pediatric emergency medicine") == [("specialty", "pediatric-emergency-medicine", "pediatric emergency medicine")]
    assert offered("emergency ultrasound and pediatric things")[0] == ("specialty", "emergency-ultrasound", "emergency ultrasound")


def test_an_ambiguous_abbreviation_offers_all_its_meanings() -> None:
    keys = {key for _, key, _ in offered("trauma")}
    assert len(keys) > 1
    (group,) = query("trauma")
    assert {part.key for part in group.alternatives if isinstance(part, Key)} == keys


def test_a_label_as_it_stands_is_searched_for_word_by_word() -> None:
    assert query("Emergency Medicine") == (Group("Emergency", (Word("emergency"),)), Group("Medicine", (Word("medicine"),)))


def test_what_no_text_of_a_mentor_says_is_found_by_its_key() -> None:
    assert query("Spanish") == (Group("Spanish", (Word("spanish"), Key("language", "es"))),)
    assert query("midwest") == (Group("midwest", (Word("midwest"), Key("state", "midwest"))),)
    assert query("New York") == (Group("New York", (Phrase(("new", "york")), Key("state", "NY"))),)
    assert query("phone") == (Group("phone", (Word("phone"), Key("mode", "phone"))),)


def test_keys_are_of_facets_of_mentors_only() -> None:
    text = "first R01 for med students, EM research skills, waitlist, open, residents, video, Nebraska, burnout"
    keys = [part.facet for group in query(text) for part in group.alternatives if isinstance(part, Key)]
    assert keys
    assert set(keys) <= set(MENTOR_FACETS)
    assert {facet for facet, _, _ in offered(text)} <= set(FACETS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ('"small questions" first', [Phrase(("small", "questions")), Word("first")]),
        ("“small questions” first", [Phrase(("small", "questions")), Word("first")]),
        ("«small questions»", [Phrase(("small", "questions"))]),
        ('"sepsis"', [Word("sepsis")]),
        ('say "sepsis', [Word("say"), Word("sepsis")]),
        ('"a b" "c', [Phrase(("a", "b")), Word("c")]),
        ('""', []),
        ('" "', []),
        ('"..."', []),
        ('"to be"', []),
        ('"to be seen"', [Phrase(("to", "be", "seen"))]),
    ],
)
def test_quotes(typed: str, expected: list[Alternative]) -> None:
    assert [group.alternatives[0] for group in query(typed)] == expected


def test_quoted_words_are_taken_as_they_stand() -> None:
    assert query('"EM"') == (Group("EM", (Word("em"),)),)
    assert query('"mentor"') == (Group("mentor", (Word("mentor"),)),)
    assert offered('"Nebraska"') == []


def test_words_that_say_nothing_are_left_out() -> None:
    assert words("the burnout of a resident, in which it was") == ["burnout", "resident", "which"]
    assert words("a mentor for mentoring in sepsis") == ["sepsis"]
    assert [query(text) for text in ("", "  ", "the", "of a", "mentor", "Mentors", "!?", "\x00", "😀")] == [()] * 9
    assert all(query(word) == () for word in STOP_WORDS)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Núñez", ["nunez"]),
        ("O'Brien\u2019s", ["obriens"]),
        ("point-of-care", ["point", "care"]),
        ("\uff25\uff2d\uff12", ["em2"]),
        ("sepsis sepsis SEPSIS", ["sepsis"]),
        ("ﬁrst-gen", ["first gen"]),
        ("AND NOT (a:b) [c TO d] field:* x~2 y^3", ["a", "b", "c", "d", "field", "x", "2", "y", "3"]),
    ],
)
def test_words_are_folded_and_operators_are_words(typed: str, expected: list[str]) -> None:
    found = words(typed)
    assert [word for word in found if word not in STOP_WORDS] == [word for word in expected if word not in STOP_WORDS]


def test_a_long_query_is_cut() -> None:
    assert len(query(" ".join(f"word{number}" for number in range(500)))) == MOST_WORDS
    assert len(query(" ".join(f'"one{number} two{number}"' for number in range(500)))) == MOST_WORDS


@given(st.text(max_size=200))
def test_everything_that_can_be_typed_is_understood(text: str) -> None:
    understood = READER.read(text)
    assert len(understood.query) <= MOST_WORDS
    for group in understood.query:
        assert group.alternatives
        for part in group.alternatives:
            spelled = written(part)
            assert spelled.strip() == spelled != ""
            assert isinstance(part, Key) or all(char.isalnum() or char == " " for char in spelled)
    for row in understood.filters:
        assert row.key in VOCABULARIES[FACETS[row.facet].vocabulary].terms
    assert READER.read(text) == understood


LONG_WORDS = [phrase for phrase in VOCABULARIES["specialty"].phrases if " " not in phrase and len(phrase) > 4]


@given(st.lists(st.sampled_from(LONG_WORDS), max_size=3))
def test_every_specialty_that_is_named_is_offered(typed: list[str]) -> None:
    expected = {key for phrase in typed for key in VOCABULARIES["specialty"].phrases[phrase]}
    assert {key for facet, key, _ in offered(" xx ".join(typed)) if facet == "specialty"} == expected
