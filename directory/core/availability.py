"""Availability of offers: derived from places, pauses and the age of the last confirmation, never typed.

Days are UTC dates. An offer that nobody confirmed for `lapse_days` is `unconfirmed` and does not count as open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from typing import Final, Literal

from directory.core.profile import Offer, Profile

OfferState = Literal["open", "waitlist", "paused", "unconfirmed"]

STATES: Final[tuple[OfferState, ...]] = ("open", "waitlist", "paused", "unconfirmed")
"""Best first."""

LAPSE_DAYS: Final = 90

_DAY_AHEAD: Final = 1
"""A confirmation may be dated one day ahead of UTC (time zones); one further ahead is a slip and confirms nothing yet."""

_FULL_AT: Final = 4
_UNSTATED_PLACES: Final = 1


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as it stands on one day. `paused_until` is set only while the pause lasts; `places_left` only if it is known."""

    arena: str
    topics: tuple[str, ...]
    levels: tuple[str, ...]
    state: OfferState
    places_left: int | None
    capacity: int | None
    paused_until: date | None
    confirmed_on: date
    note: str


def offer_state(offer: Offer, confirmed_on: date, today: date, lapse_days: int = LAPSE_DAYS) -> OfferState:
    """The state on a day. A pause ends on the morning of `paused_until`; places taken but not stated count as none."""
    if offer.paused_until is not None and offer.paused_until > today:
        return "paused"
    if not -_DAY_AHEAD <= today.toordinal() - confirmed_on.toordinal() <= lapse_days:
        return "unconfirmed"
    if offer.capacity is not None and (offer.taken or 0) >= offer.capacity:
        return "waitlist"
    return "open"


def offer_views(profile: Profile, today: date, lapse_days: int = LAPSE_DAYS) -> tuple[OfferView, ...]:
    """Every offer of a profile, in its order."""
    return tuple([_view(offer, _confirmed(profile, offer), today, lapse_days) for offer in profile.facts.offers])


def overall(states: Iterable[OfferState]) -> OfferState | Literal[""]:
    """The best of the states; empty for a mentor without offers."""
    return min(states, key=STATES.index, default="")


def next_change(profile: Profile, today: date, lapse_days: int = LAPSE_DAYS) -> date | None:
    """The first day after `today` on which the calendar alone gives some offer another state than today's; None if there is none."""
    return min(
        (day for offer in profile.facts.offers if (day := _next_change(offer, _confirmed(profile, offer), today, lapse_days)) is not None),
        default=None,
    )


def factor(views: Sequence[OfferView]) -> float:
    """What multiplies a mentor's text score: 1 without an open offer, else 1.7 to 2 by the places left, in steps of 0.1.

    The best offer counts. Places grow on a logarithmic scale up to four; places not stated count as one.
    """
    return max((_factor(view) for view in views), default=1.0)


def _factor(view: OfferView) -> float:
    if view.state != "open":
        return 1.0
    places = _UNSTATED_PLACES if view.places_left is None else view.places_left
    return round(1.5 + 0.5 * min(1.0, log2(1 + places) / log2(1 + _FULL_AT)), 1)


def _confirmed(profile: Profile, offer: Offer) -> date:
    """The offer's own confirmation, else the day on which its source last changed the offers."""
    if offer.confirmed_on is not None:
        return offer.confirmed_on
    source = profile.provenance.get("offers")
    return source.at.date() if source else date.min


def _view(offer: Offer, confirmed_on: date, today: date, lapse_days: int) -> OfferView:
    paused = offer.paused_until is not None and offer.paused_until > today
    return OfferView(
        arena=offer.arena,
        topics=offer.topics,
        levels=offer.levels,
        state=offer_state(offer, confirmed_on, today, lapse_days),
        places_left=_places_left(offer),
        capacity=offer.capacity,
        paused_until=offer.paused_until if paused else None,
        confirmed_on=confirmed_on,
        note=offer.note,
    )


def _places_left(offer: Offer) -> int | None:
    """Known only if both numbers are, or if there are no places at all: a capacity alone does not say that they are free."""
    if not offer.capacity:
        return offer.capacity
    return None if offer.taken is None else max(0, offer.capacity - offer.taken)


def _next_change(offer: Offer, confirmed_on: date, today: date, lapse_days: int) -> date | None:
    confirmed = confirmed_on.toordinal()
    turns = [confirmed - _DAY_AHEAD, confirmed + lapse_days + 1]
    if offer.paused_until is not None:
        turns.append(offer.paused_until.toordinal())
    now = offer_state(offer, confirmed_on, today, lapse_days)
    for turn in sorted(turns):
        if today.toordinal() < turn <= date.max.toordinal():
            day = date.fromordinal(turn)
            if offer_state(offer, confirmed_on, day, lapse_days) != now:
                return day
    return None
