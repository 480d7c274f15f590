"""What must hold between the values of a record: topics in their offer's arena, one offer per arena, one statement per purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from directory.core.profile import ConsentStatement, Offer, Window
from directory.core.record_nodes import DROPPED, Path, Reading
from directory.core.vocabulary import Vocabularies

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


class Offers:
    """Builds an offer and drops topics that belong to another arena."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._topics = vocabularies["topic"]
        self._arenas = vocabularies["arena"]

    def __call__(self, values: dict[str, Any], path: Path, reading: Reading, raw: Mapping[str, Any]) -> Any:  # noqa: ARG002 the shape of a finish
        """The `Offer`; see `record_nodes.Finish`."""
        topics: list[str] = []
        for place, value, found in values.pop("topics", ()):
            topic = self._within(values["arena"], found, place, value, reading)
            if topic and topic not in topics:
                topics.append(topic)
        return Offer(topics=tuple(topics), **values)

    def _within(self, arena: str, found: tuple[str, ...], place: Path, value: object, reading: Reading) -> str:
        terms = self._topics.terms
        here = tuple(topic for topic in found if terms[topic].parent == arena)
        if len(here) == 1:
            return here[0]
        if here:
            reading.report(place, value, f"can mean {' or '.join(terms[topic].label for topic in here)}; write one of them")
            return ""
        parents = " or ".join(dict.fromkeys(self._arenas.terms[parent].label for topic in found if (parent := terms[topic].parent)))
        reading.report(place, value, f"belongs to {parents}, not to {self._arenas.terms[arena].label}; put it into that offer")
        return ""


def read_window(values: dict[str, Any], path: Path, reading: Reading, raw: Mapping[str, Any]) -> Any:
    """The `Window`; one that ends before it begins is dropped."""
    if values["end"] > values["start"]:
        return Window(**values)
    reading.report((*path, "end"), raw["end"], "must be later than start; split a window that passes midnight")
    return DROPPED


def read_consent(values: dict[str, Any], path: Path, reading: Reading, raw: Mapping[str, Any]) -> Any:
    """The `ConsentStatement`. An agreement whose time can't be used is dropped: taken without, it would seem to be given today."""
    if values["state"] == "granted" and raw.get("at") not in (None, "") and "at" not in values:
        reading.report(path, raw.get("purpose"), "the agreement was not taken, because its time can't be used")
        return DROPPED
    return ConsentStatement(**values)


def merge_consent(statements: Sequence[ConsentStatement], reading: Reading) -> tuple[ConsentStatement, ...]:
    """One statement for each purpose: the newest; where that is not clear, the withdrawal."""
    merged: dict[str, ConsentStatement] = {}
    for statement in statements:
        earlier = merged.setdefault(statement.purpose, statement)
        if earlier is not statement:
            merged[statement.purpose] = chosen = _stronger(earlier, statement)
            reading.report(("consent",), statement.purpose, f"is stated more than once; taken was {chosen.state}")
    return tuple(merged.values())


def _stronger(one: ConsentStatement, other: ConsentStatement) -> ConsentStatement:
    if one.state != other.state and (one.at is None or other.at is None):
        return one if one.state == "withdrawn" else other
    return max(one, other, key=lambda statement: (statement.at or EARLIEST, statement.state == "withdrawn"))


def merge_offers(offers: Sequence[Offer], reading: Reading) -> tuple[Offer, ...]:
    """One offer for each arena, in the order of their first mention."""
    merged: dict[str, Offer] = {}
    for offer in offers:
        earlier = merged.setdefault(offer.arena, offer)
        if earlier is not offer:
            merged[offer.arena] = _join(earlier, offer)
            reading.report(("offers",), offer.arena, "a second offer for this arena was merged into the first")
    return tuple(merged.values())


def _join(one: Offer, other: Offer) -> Offer:
    """Both offers as one. Where they differ in places or dates, the one that asks less of the mentor counts."""
    capacities = [offer.capacity for offer in (one, other) if offer.capacity is not None]
    taken = [offer.taken for offer in (one, other) if offer.taken is not None]
    pauses: list[date] = [offer.paused_until for offer in (one, other) if offer.paused_until]
    confirmations: list[date] = [offer.confirmed_on for offer in (one, other) if offer.confirmed_on]
    return replace(
        one,
        topics=tuple(dict.fromkeys((*one.topics, *other.topics))),
        levels=tuple(dict.fromkeys((*one.levels, *other.levels))),
        capacity=min(capacities, default=None),
        taken=max(taken, default=None),
        note=one.note or other.note,
        paused_until=max(pauses, default=None),
        confirmed_on=min(confirmations, default=None),
    )
