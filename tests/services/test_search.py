"""The search service: what words find, what is offered and corrected, what would be found otherwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.errors import InvalidCursor
from directory.search.engine import Group, Key, Phrase, Word
from directory.services.arguments import SearchArguments
from directory.services.search import SearchResult
from directory.services.spelling import Correction, corrected, pack, unpack
from tests.api.people import Directory, open_directory, record

TODAY = "2026-11-20"
PEOPLE = [
    record(
        "a-1",
        "Achterberg",
        headline="Sepsis trials in small hospitals",
        specialties=["emergency-ultrasound"],
        languages=["en", "es"],
        modes=["video"],
        stage="mid",
        offers=[{"arena": "research-skills", "topics": ["study-design"], "levels": ["resident"], "confirmed_on": TODAY}],
    ),
    record(
        "a-2",
        "Brightwater",
        headline="Sepsis registries",
        specialties=["emergency-medicine"],
        languages=["en"],
        modes=["phone"],
        offers=[{"arena": "career-development", "levels": ["student"], "capacity": 1, "taken": 1, "confirmed_on": TODAY}],
    ),
    record("a-3", "Quenneville", headline="Delirium on the wards", specialties=["neurology"], modes=["video"], stage="early"),
    record("a-4", "Ashgrove", headline="Delirium, and zygomycosis", institution={"name": "Example Harbor College", "state": "ME"}),
]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Four mentors. Read only."""
    with open_directory(tmp_path_factory.mktemp("few")) as made:
        made.harvest(PEOPLE)
        made.index()
        yield made


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[Directory]:
    """The same four, for a test that changes something."""
    with open_directory(tmp_path / "changing") as made:
        made.harvest(PEOPLE)
        made.index()
        yield made


def asked(directory: Directory, q: str = "", **filters: str | tuple[str, ...]) -> SearchResult:
    chosen = {name: (keys,) if isinstance(keys, str) else keys for name, keys in filters.items()}
    return directory.parts.search.search(SearchArguments(q=q, filters=chosen))


def names(result: SearchResult) -> list[str]:
    return sorted(card.name.removeprefix("Ines ") for card in result.items)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", ["Achterberg", "Ashgrove", "Brightwater", "Quenneville"]),
        ("sepsis", ["Achterberg", "Brightwater"]),
        ("sepsis trial", ["Achterberg"]),
        ("SEPSIS registry", ["Brightwater"]),
        ('"sepsis trials"', ["Achterberg"]),
        ('"trials sepsis"', []),
        ("quenneville", ["Quenneville"]),
        ("EM", ["Achterberg", "Brightwater"]),
        ("POCUS", ["Achterberg"]),
        ("spanish", ["Achterberg"]),
        ("mentor for residents", ["Achterberg"]),
        ("medical students", ["Brightwater"]),
        ("maine", ["Ashgrove"]),
        ("northeast", ["Ashgrove"]),
        ("video delirium", ["Quenneville"]),
        ("study design", ["Achterberg"]),
        ("the", ["Achterberg", "Ashgrove", "Brightwater", "Quenneville"]),
        ("sepsis delirium", []),
    ],
)
def test_what_words_find(few: Directory, q: str, expected: list[str]) -> None:
    result = asked(few, q)
    assert (names(result), result.total, result.corrections) == (expected, len(expected), ())


def test_filters_that_the_words_name_are_offered_with_what_they_leave(few: Directory) -> None:
    result = asked(few, "EM")
    assert [(row.facet, row.key, row.label, row.count, row.typed) for row in result.offered] == [
        ("specialty", "emergency-medicine", "Emergency Medicine", 2, "EM")
    ]
    assert result.total == 2
    assert asked(few, "EM", specialty="emergency-medicine").offered == ()  # in force already
    assert asked(few, "EM", specialty="neurology").offered == ()
    for row in asked(few, "EM residents spanish research video").offered:
        assert asked(few, "EM residents spanish research video", **{row.facet: row.key}).total == row.count == 1


def test_a_filter_that_would_leave_nobody_is_not_offered(few: Directory) -> None:
    assert asked(few, "sepsis neurology").offered == ()


@pytest.mark.parametrize(
    ("q", "typed", "used", "expected"),
    [
        ("sepcis", "sepcis", "sepsis", ["Achterberg", "Brightwater"]),
        ("trails sepsis", "trails", "trials", ["Achterberg"]),
        ("Delerium", "Delerium", "delirium", ["Ashgrove", "Quenneville"]),
        ("Quennevile", "Quennevile", "quenneville", ["Quenneville"]),
        ("em trials", "em", "emergency medicine", ["Achterberg"]),
    ],
)
def test_a_slip_is_corrected_and_reported(few: Directory, q: str, typed: str, used: str, expected: list[str]) -> None:
    result = asked(few, q)
    assert result.corrections == (Correction(typed, used),)
    assert names(result) == expected


@pytest.mark.parametrize("q", ["sepsis", "xqzvw", "sep", '"sepcis trials"', "sepsis delirium"])
def test_words_that_somebody_uses_and_words_near_nothing_are_left_alone(few: Directory, q: str) -> None:
    assert asked(few, q).corrections == ()


def test_a_filter_that_nobody_passes_is_no_slip(few: Directory) -> None:
    result = asked(few, "sepsis", specialty="neurology")
    assert (result.total, result.corrections) == (0, ())


def withdraw(directory: Directory, person: str) -> None:
    directory.parts.consent.withdraw(person, evidence="letter")


def erase(directory: Directory, person: str) -> None:
    directory.parts.consent.erase(person)


@pytest.mark.parametrize("leave", [withdraw, erase])
def test_a_correction_tells_nothing_of_who_left(changing: Directory, leave: Callable[[Directory, str], None]) -> None:
    assert asked(changing, "zygomicosis").corrections == (Correction("zygomicosis", "zygomycosis"),)
    assert asked(changing, "Ashgrave").corrections == (Correction("Ashgrave", "ashgrove"),)
    leave(changing, changing.id_of("Ashgrove"))
    assert [asked(changing, q).corrections for q in ("zygomicosis", "Ashgrave")] == [(), ()]
    changing.index()
    assert [asked(changing, q).corrections for q in ("zygomicosis", "Ashgrave")] == [(), ()]
    assert asked(changing, "delerium").total == 1


def test_open_mentors_are_counted_unless_a_filter_makes_it_meaningless(few: Directory) -> None:
    assert asked(few).open_total == 1
    assert asked(few, availability="open").open_total == 1
    assert asked(few, availability=("open", "waitlist")).open_total == 1
    assert asked(few, availability="waitlist").open_total is None
    assert few.parts.search.search(SearchArguments(), facets=("mode",)).open_total is None


def test_facets_stand_in_the_order_of_their_counts_and_show_what_is_selected(few: Directory) -> None:
    (view,) = few.parts.search.search(SearchArguments(filters={"mode": ("in-person",)}), facets=("mode",)).facets
    assert [(row.key, row.label, row.count, row.selected, row.parent) for row in view.buckets] == [
        ("video", "Video", 2, False, ""),
        ("phone", "Phone", 1, False, ""),
        ("in-person", "In person", 0, True, ""),
    ]
    assert ([row.key for row in view.selected], view.not_stated) == (["in-person"], 1)
    (places,) = few.parts.search.search(SearchArguments(), facets=("institution",)).facets
    assert [(row.label, row.count) for row in places.buckets] == [("Example University of the Plains", 3), ("Example Harbor College", 1)]


def test_what_dropping_one_filter_would_give(few: Directory) -> None:
    arguments = SearchArguments(q="sepsis", filters={"mode": ("phone",), "stage": ("mid",), "state": ("ME",)})
    assert few.parts.search.relaxations(arguments) == ()
    arguments = SearchArguments(q="sepsis", filters={"mode": ("phone",), "stage": ("mid",)})
    found = [(row.facet, row.key, row.label, row.total) for row in few.parts.search.relaxations(arguments)]
    assert found == [("mode", "phone", "Phone", 1), ("stage", "mid", few.parts.vocabularies["stage"].terms["mid"].label, 1)]
    arguments = SearchArguments(filters={"mode": ("in-person", "text"), "stage": ("mid",)})
    assert [row.facet for row in few.parts.search.relaxations(arguments)] == []


QUERY = (Group("sepsys", (Word("sepsys"),)), Group("x y", (Phrase(("x", "y")), Key("mode", "video"))))


def test_replacements_become_further_alternatives() -> None:
    query, told = corrected(QUERY, {"sepsys": ("sepsis", "septic shock"), "x": ("z",)})
    assert query == (Group("sepsys", (Word("sepsys"), Word("sepsis"), Phrase(("septic", "shock")))), QUERY[1])
    assert told == (Correction("sepsys", "sepsis"),)
    assert corrected(QUERY, {}) == (QUERY, ())


@given(
    st.text("abcXYZ019-_", max_size=40),
    st.dictionaries(st.text(max_size=9), st.lists(st.text(max_size=9), min_size=1, max_size=3).map(tuple), max_size=4),
)
def test_replacements_travel_in_the_cursor(cursor: str, replaced: dict[str, tuple[str, ...]]) -> None:
    packed = pack(cursor, replaced)
    assert unpack(packed) == ((cursor, replaced) if cursor else ("", {}))
    assert packed.isascii()


@pytest.mark.parametrize(
    "text", ["a.", "a.x", "a.bnVsbA==", "a.WzFd", "a.eyJhIjoxfQ==", "a.eyJhIjpbMV19", "a.b.c", "é.é", "." * 9, "a" * 8001]
)
def test_a_damaged_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        unpack(text)
