from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.availability import OfferView, factor, next_change, offer_state, offer_views, overall
from directory.core.profile import Facts, Offer, Profile, Provenance

TODAY = date(2026, 11, 20)
DAYS = st.integers(-150, 150).map(lambda days: TODAY + timedelta(days=days))


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def profile(*offers: Offer, changed: date = TODAY) -> Profile:
    moment = datetime(changed.year, changed.month, changed.day, 23, 59, tzinfo=UTC)
    return Profile(Facts(offers=offers), {"offers": Provenance("plains", moment)})


OFFERS = st.builds(
    Offer,
    arena=st.sampled_from(["research-skills", "career-development"]),
    capacity=st.none() | st.integers(0, 4),
    taken=st.none() | st.integers(0, 5),
    paused_until=st.none() | DAYS,
    confirmed_on=st.none() | DAYS,
)
PROFILES = st.builds(lambda offers, changed: profile(*offers, changed=changed), st.lists(OFFERS, max_size=3), DAYS)


@pytest.mark.parametrize(
    ("offer", "confirmed", "state"),
    [
        (Offer("a"), 0, "open"),
        (Offer("a", capacity=5, taken=4), 0, "open"),
        (Offer("a", capacity=5, taken=5), 0, "waitlist"),
        (Offer("a", capacity=5, taken=7), 0, "waitlist"),
        (Offer("a", capacity=5), 0, "open"),
        (Offer("a", capacity=0), 0, "waitlist"),
        (Offer("a", taken=7), 0, "open"),
        (Offer("a"), -90, "open"),
        (Offer("a"), -91, "unconfirmed"),
        (Offer("a", capacity=1, taken=1), -91, "unconfirmed"),
        (Offer("a"), 1, "open"),
        (Offer("a"), 2, "unconfirmed"),
        (Offer("a", paused_until=day(1)), 0, "paused"),
        (Offer("a", paused_until=day(1)), -91, "paused"),
        (Offer("a", paused_until=day(1), capacity=1, taken=1), 0, "paused"),
        (Offer("a", paused_until=TODAY), 0, "open"),
    ],
)
def test_states(offer: Offer, confirmed: int, state: str) -> None:
    assert offer_state(offer, day(confirmed), TODAY) == state


def test_views() -> None:
    offers = (
        Offer("research-skills", ("t",), ("resident",), 5, 3, "Fridays", day(-5), day(-10)),
        Offer("career-development", capacity=2, taken=4, paused_until=day(9)),
        Offer("personal-goals", capacity=3),
        Offer("personal-goals", capacity=0),
    )
    assert offer_views(profile(*offers, changed=day(-3)), TODAY) == (
        OfferView("research-skills", ("t",), ("resident",), "open", 2, 5, None, day(-10), "Fridays"),
        OfferView("career-development", (), (), "paused", 0, 2, day(9), day(-3), ""),
        OfferView("personal-goals", (), (), "open", None, 3, None, day(-3), ""),
        OfferView("personal-goals", (), (), "waitlist", 0, 0, None, day(-3), ""),
    )


def test_offers_of_unknown_origin_are_unconfirmed() -> None:
    bare = Profile(Facts(offers=(Offer("a"),)), {})
    assert [view.state for view in offer_views(bare, TODAY)] == ["unconfirmed"]
    assert next_change(bare, TODAY) is None


def test_overall_is_the_best() -> None:
    assert overall([]) == ""
    assert overall(["unconfirmed", "paused"]) == "paused"
    assert overall(["paused", "waitlist", "unconfirmed"]) == "waitlist"
    assert overall(["waitlist", "open"]) == "open"


def test_next_change_examples() -> None:
    assert next_change(profile(), TODAY) is None
    assert next_change(profile(Offer("a")), TODAY) == day(91)
    assert next_change(profile(Offer("a")), TODAY, lapse_days=30) == day(31)
    assert next_change(profile(Offer("a", paused_until=day(7))), TODAY) == day(7)
    assert next_change(profile(Offer("a", confirmed_on=day(-100))), TODAY) is None
    assert next_change(profile(Offer("a", confirmed_on=day(20))), TODAY) == day(19)
    assert next_change(profile(Offer("a", paused_until=day(7)), Offer("b", confirmed_on=day(-88))), TODAY) == day(3)
    assert next_change(profile(Offer("a", paused_until=date.max, confirmed_on=date.max)), TODAY) == date.max
    assert next_change(profile(Offer("a", confirmed_on=date.max)), date.max) is None


@given(PROFILES, st.integers(1, 200))
def test_an_offer_is_never_open_when_full_paused_or_lapsed(mentor: Profile, lapse_days: int) -> None:
    for offer, view in zip(mentor.facts.offers, offer_views(mentor, TODAY, lapse_days), strict=True):
        full = offer.capacity is not None and offer.capacity <= (offer.taken or 0)
        paused = offer.paused_until is not None and offer.paused_until > TODAY
        lapsed = not day(-lapse_days) <= view.confirmed_on <= day(1)
        assert (view.state == "open") == (not full and not paused and not lapsed)
        assert (view.paused_until is not None) == (view.state == "paused")
        assert view.places_left is None or view.places_left >= 0
        assert view.places_left != 0 or view.state != "open"


@given(PROFILES, st.integers(1, 200))
def test_next_change_is_the_next_day_on_which_a_state_differs(mentor: Profile, lapse_days: int) -> None:
    def states(offset: int) -> list[str]:
        return [view.state for view in offer_views(mentor, day(offset), lapse_days)]

    searched = next((day(offset) for offset in range(1, 401) if states(offset) != states(0)), None)
    assert next_change(mentor, TODAY, lapse_days) == searched


def view(state: str, places: int | None) -> OfferView:
    return OfferView("a", (), (), state, places, None, None, TODAY, "")  # type: ignore[arg-type]


def test_factor_by_places() -> None:
    assert factor([]) == 1.0
    assert factor([view("waitlist", 0), view("paused", 3), view("unconfirmed", 3)]) == 1.0
    assert [factor([view("open", places)]) for places in (None, 1, 2, 3, 4, 50)] == [1.7, 1.7, 1.8, 1.9, 2.0, 2.0]
    assert factor([view("paused", 9), view("open", 1), view("open", 2)]) == 1.8


@given(PROFILES, st.integers(0, 300))
def test_factor_is_bounded_and_above_one_only_for_open_mentors(mentor: Profile, offset: int) -> None:
    views = offer_views(mentor, day(offset))
    value = factor(views)
    assert 1.0 <= value <= 2.0
    assert (value > 1.0) == (overall(one.state for one in views) == "open")
