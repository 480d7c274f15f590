"""Cards are remembered, and still say what is so."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from directory.core.profile import Name, Provenance, facts_to_json
from directory.core.vocabulary_files import load_vocabularies
from directory.services.cards import CardMaker
from directory.settings import shipped_config
from directory.store.profiles import ProfileRow, provenance_to_json
from tests.store.samples import FACTS, NOW, profile_row

TODAY = NOW.date()
VOCABULARIES = load_vocabularies(shipped_config() / "vocabularies")


def maker() -> CardMaker:
    return CardMaker(VOCABULARIES, lapse_days=90)


def states(cards: CardMaker, row: ProfileRow, day: date) -> list[str]:
    return [offer.state.key for offer in cards.card(row, day).offers]


def test_a_card_is_made_once_for_each_version() -> None:
    cards, row = maker(), profile_row("m1")
    first = cards.card(row, TODAY)
    assert cards.card(replace(row), TODAY) is first
    renamed = replace(row, version=row.version + 1, facts=facts_to_json(replace(FACTS, name=Name("Renamed", "Ingrid"))))
    assert (cards.card(renamed, TODAY).name, first.name) == ("Ingrid Renamed", "Ingrid Okonjo-Vale")
    assert cards.card(profile_row("m2"), TODAY).id == "m2"


def test_the_calendar_is_not_remembered() -> None:
    cards, row = maker(), profile_row("m1", provenance=provenance_to_json({"offers": Provenance("plains", NOW)}))
    days = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=200), TODAY - timedelta(days=1)]
    assert [states(cards, row, day) for day in days] == [["paused"], ["open"], ["unconfirmed"], ["paused"]]


def test_highlights_belong_to_one_answer() -> None:
    cards, row = maker(), profile_row("m1")
    marked = cards.card(row, TODAY, {"headline": ("words",)})
    assert (marked.highlights, cards.card(row, TODAY).highlights) == ({"headline": ("words",)}, {})
    assert replace(marked, highlights={}) == cards.card(row, TODAY)


def test_no_more_than_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("directory.services.cards.REMEMBERED", 3)
    cards = maker()
    for number in range(10):
        cards.card(profile_row(f"m{number}"), TODAY)
        assert len(cards._made) <= 3
