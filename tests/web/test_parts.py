"""The small pure parts behind the pages."""

from datetime import UTC, date, datetime

import pytest

from directory.core.vocabulary_files import load_vocabularies
from directory.search.fields import FACETS
from directory.services.arguments import SearchArguments
from directory.services.search import Bucket, FacetView
from directory.settings import shipped_config
from directory.web import formatting
from directory.web.api_reference import kind
from directory.web.ledger import matching
from directory.web.operator import Contact, contact
from directory.web.pages.mentor import came_from
from directory.web.sidebar import SHOWN, Option, sections
from directory.web.tile_map import PLACES, tile_map

VOCABULARIES = load_vocabularies(shipped_config() / "vocabularies")


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ((720, 780), "12 to 1 PM"),
        ((570, 780), "9:30 AM to 1 PM"),
        ((0, 60), "12 to 1 AM"),
        ((1380, 1440), "11 PM to 12 AM"),
        ((540, 660), "9 to 11 AM"),
    ],
)
def test_hours(span: tuple[int, int], text: str) -> None:
    assert formatting.hours(*span) == text


@pytest.mark.parametrize(
    ("on", "text"),
    [
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 23), "today"),
        (date(2026, 11, 21), "1 day ago"),
        (date(2026, 8, 24), "90 days ago"),
        (date(2026, 8, 23), "on Aug 23, 2026"),
    ],
)
def test_ago(on: date, text: str) -> None:
    assert formatting.ago(on, date(2026, 11, 22)) == text


def test_words() -> None:
    assert formatting.moment(datetime(2026, 7, 4, 16, 5, tzinfo=UTC)) == "Jul 4, 2026, 12:05 PM Eastern"
    assert formatting.plural(1, "mentor") == "1 mentor"
    assert formatting.plural(3812, "mentor") == "3,812 mentors"
    assert [formatting.in_words(number) for number in (0, 6, 10, 1200)] == ["no", "six", "10", "1,200"]
    assert [formatting.listed(words) for words in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == ["", "a", "a and b", "a, b and c"]
    labels = ("Medical students", "PhD students", "First R01 or K award", "Getting through the IRB")
    lowered = ["medical students", "PhD students", "first R01 or K award", "getting through the IRB"]
    assert [formatting.lowered(label) for label in labels] == lowered
    assert formatting.highlighted("a <b> \ue000c\ue001") == "a &lt;b&gt; <mark>c</mark>"


def test_came_from_takes_searches_of_this_site_only() -> None:
    assert came_from("https://m.example.org/mentors?q=a%26b", "m.example.org") == "/mentors?q=a%26b"
    assert came_from("https://m.example.org/mentors", "m.example.org") == "/mentors"
    assert came_from("https://m.example.org/mentors/m1", "m.example.org") == ""
    assert came_from("https://other.example.org/mentors", "m.example.org") == ""


def test_every_state_has_one_tile() -> None:
    states = {term.id for term in VOCABULARIES["state"].active() if term.parent not in (None, "territories")}
    assert set(PLACES) == states
    assert len(set(PLACES.values())) == len(PLACES) == 51


def test_tiles_are_shaded_by_share_and_territories_stand_in_the_table() -> None:
    made = tile_map({"NY": 90, "TX": 60, "ME": 30, "PR": 5, "northeast": 120}, VOCABULARIES["state"])
    assert {tile.code: tile.shade for tile in made.tiles if tile.count} == {"NY": "c-act", "TX": "c-soft", "ME": "c-tint"}
    assert [(row.label, row.count) for row in made.rows] == [("New York", 90), ("Texas", 60), ("Maine", 30), ("Puerto Rico", 5)]
    assert tile_map({}, VOCABULARIES["state"]).finding == "Tile map of the states: no mentor is listed yet."


def keys(options: tuple[Option, ...]) -> list[str]:
    """All keys of a tree of options, headings left out."""
    found = []
    for option in options:
        found += [option.key] if option.key else []
        found += keys(option.below) + (keys(option.more.options) if option.more else [])
    return found


@pytest.mark.parametrize("name", [name for name in FACETS if FACETS[name].vocabulary and name not in ("topic", "arena")])
@pytest.mark.parametrize("chosen", [0, -1, None])
def test_every_counted_value_can_be_ticked_exactly_once(name: str, chosen: int | None) -> None:
    vocabulary = VOCABULARIES[FACETS[name].vocabulary]
    terms = vocabulary.active()
    picked = terms[chosen].id if chosen is not None else ""
    buckets = tuple(Bucket(term.id, term.label, len(terms) - at, term.id == picked, term.parent or "") for at, term in enumerate(terms))
    arguments = SearchArguments(filters={name: (picked,)} if picked else {})
    (section,) = sections([FacetView(name, FACETS[name].label, "", buckets, 0)], arguments, VOCABULARIES)
    shown = keys(section.options) + (keys(section.more.options) if section.more else [])
    assert sorted(shown) == sorted(term.id for term in terms)
    if picked:
        assert picked in keys(section.options)
    if len(terms) > 2 * SHOWN:
        assert len(section.options) <= SHOWN + 1


def test_every_topic_stands_below_its_arena_once() -> None:
    arenas = tuple(Bucket(term.id, term.label, 9, False, "") for term in VOCABULARIES["arena"].active())
    topics = tuple(Bucket(term.id, term.label, 5, term.id == "study-design", term.parent or "") for term in VOCABULARIES["topic"].active())
    views = [FacetView("arena", "Arena", "", arenas, 0), FacetView("topic", "Topic", "", topics, 3)]
    (section,) = sections(views, SearchArguments(filters={"topic": ("study-design",)}), VOCABULARIES)
    assert sorted(keys(section.options)) == sorted(bucket.key for bucket in (*arenas, *topics))
    assert section.chosen == 1
    assert [(box.facet, box.count) for box in section.unstated] == [("topic", 3)]
    opened = next(option for option in section.options if option.key == "research-skills")
    assert "study-design" in [option.key for option in opened.below]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"$ref": "#/components/schemas/MentorOut"}, "MentorOut"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"enum": ["fit", "name"]}, "one of fit, name"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, object], text: str) -> None:
    assert kind(schema) == text


@pytest.mark.parametrize(
    ("field", "fragment", "shown"),
    [
        ("topics", "Research skills; <Grant> writing; Residents", "<Grant> writing"),
        ("topics", "<a>; b; <a>; <c>; d <e>; <f>", "<a>; <c>; d <e>"),
        ("keywords", "sepsis; <lung> injury", "<lung> injury"),
        ("topics", "one <two; three> four", "one <two; three> four"),
        ("bio", "First; then <this>.", "First; then <this>."),
    ],
)
def test_of_a_list_only_labels_with_a_match_are_shown(field: str, fragment: str, shown: str) -> None:
    marks = str.maketrans("<>", "\ue000\ue001")
    assert matching(field, fragment.translate(marks)) == shown.translate(marks)


@pytest.mark.parametrize(
    ("stated", "address"),
    [
        ("help@mentors.example.org", "mailto:help@mentors.example.org"),
        (" https://example.org/contact ", "https://example.org/contact"),
        ("help@example.org?bcc=x@example.org", ""),
        ("data:text/html,x", ""),
        ("the library", ""),
    ],
)
def test_only_mail_and_pages_become_links(stated: str, address: str) -> None:
    assert contact(stated) == Contact(stated.strip(), address)
    assert contact(" ") is None
