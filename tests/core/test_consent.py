from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.core.consent import NO_LONGER_STATED, PURPOSES, ConsentEvent, Decision, decide, purposes_allowed, statements_to_events
from directory.core.errors import Invalid
from directory.core.profile import ConsentStatement, Facts, SourceRecord

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
INSTANT = timedelta(microseconds=1)


def at(day: float) -> datetime:
    return T0 + timedelta(days=day)


def event(state: str, day: float, source: str = "self", purpose: str = "listing", evidence: str = "") -> ConsentEvent:
    basis = "self" if source == "self" else "institution"
    return ConsentEvent("m0", purpose, state, basis, source, at(day), evidence)  # type: ignore[arg-type]


def listing(*events: ConsentEvent, day: float = 100) -> Decision:
    return decide(events, "listing", at(day), YEAR)


def yes(basis: str, since: float, until: float) -> Decision:
    reason = "granted by the person" if basis == "self" else "granted by an institution"
    return Decision(allowed=True, until=at(until), basis=basis, since=at(since), reason=reason)


def no(reason: str, basis: str = "", since: float | None = None) -> Decision:
    return Decision(allowed=False, until=None, basis=basis, since=None if since is None else at(since), reason=reason)


def test_missing_means_no() -> None:
    assert listing() == no("never granted")
    assert listing(event("granted", 1, purpose="contact")) == no("never granted")


def test_the_persons_own_newest_decision_counts() -> None:
    assert listing(event("granted", 1)) == yes("self", 1, 366)
    assert listing(event("granted", 1), event("withdrawn", 2)) == no("withdrawn by the person", "self", 2)
    assert listing(event("granted", 1), event("withdrawn", 2), event("granted", 3)) == yes("self", 3, 368)
    assert listing(event("granted", 2), event("withdrawn", 2)) == no("withdrawn by the person", "self", 2)


@pytest.mark.parametrize("source", ["self", "plains"])
def test_a_grant_ends_exactly_at_its_until(source: str) -> None:
    grant = event("granted", 1, source)
    basis = grant.basis
    assert decide([grant], "listing", at(366) - INSTANT, YEAR) == yes(basis, 1, 366)
    assert decide([grant], "listing", at(366), YEAR) == no("expired", basis, 1)


def test_the_person_beats_sources_both_ways() -> None:
    assert listing(event("withdrawn", 1), event("granted", 50, "plains")) == no("withdrawn by the person", "self", 1)
    assert listing(event("granted", 1), event("withdrawn", 50, "plains")) == yes("self", 1, 366)
    assert listing(event("withdrawn", 1), event("granted", 900, "plains"), day=1000) == no("withdrawn by the person", "self", 1)


def test_an_expired_grant_of_the_person_leaves_it_to_the_institutions() -> None:
    own, theirs = event("granted", 0), event("granted", 300, "plains")
    assert listing(own, theirs, day=100) == yes("self", 0, 665)
    assert listing(own, theirs, day=400) == yes("institution", 300, 665)
    assert listing(own, day=400) == no("expired", "self", 0)
    assert listing(own, event("expired", 10), day=100) == no("expired", "self", 10)
    assert listing(own, event("expired", 10), theirs, day=310) == yes("institution", 300, 665)
    assert listing(own, theirs, event("withdrawn", 301, "coast"), day=400) == no("withdrawn by an institution", "institution", 301)


def test_institutions() -> None:
    grant = event("granted", 10, "plains")
    assert listing(grant) == yes("institution", 10, 375)
    assert listing(grant, day=375) == no("expired", "institution", 10)
    assert listing(grant, event("withdrawn", 11, "plains")) == no("withdrawn by an institution", "institution", 11)
    assert listing(grant, event("withdrawn", 11, "coast")) == no("withdrawn by an institution", "institution", 11)
    assert listing(grant, event("withdrawn", 9, "coast")) == yes("institution", 10, 375)
    assert listing(grant, event("withdrawn", 10, "coast")) == no("withdrawn by an institution", "institution", 10)
    assert listing(event("withdrawn", 9, "plains"), grant) == yes("institution", 10, 375)
    assert listing(grant, event("granted", 20, "coast")) == yes("institution", 20, 385)
    assert listing(grant, event("expired", 11, "plains")) == no("expired", "institution", 11)


def test_no_longer_stated_ends_only_the_sources_own_grant() -> None:
    lapse = event("withdrawn", 50, "plains", evidence=NO_LONGER_STATED)
    assert listing(event("granted", 10, "plains"), lapse) == no("withdrawn by an institution", "institution", 50)
    assert listing(event("granted", 10, "plains"), event("granted", 12, "coast"), lapse) == yes("institution", 12, 377)


def test_widgets_and_federation_need_listing_and_the_persons_own_grant() -> None:
    for purpose in ("widgets", "federation"):
        own = event("granted", 5, purpose=purpose)
        assert decide([own], purpose, at(6), YEAR) == no("not listed")
        assert decide([own, event("granted", 1, "plains")], purpose, at(6), YEAR) == yes("self", 5, 366)
        assert decide([own, event("granted", 9)], purpose, at(10), YEAR) == yes("self", 5, 370)
        assert decide([own, event("withdrawn", 9)], purpose, at(10), YEAR) == no("not listed", "self", 9)
        theirs = event("granted", 5, "plains", purpose=purpose)
        assert decide([theirs, event("granted", 1)], purpose, at(6), YEAR) == no("never granted")
    assert decide([event("granted", 5, purpose="contact")], "contact", at(6), YEAR) == yes("self", 5, 370)


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(Invalid, match=r"^This purpose is not known$") as refusal:
        decide([], "marketing", T0, YEAR)
    assert (refusal.value.value, refusal.value.allowed) == ("marketing", ("listing", "widgets", "federation", "contact"))


SOURCES = st.sampled_from(["plains", "coast", "hills"])
DAYS = st.integers(0, 400)
MOSTLY_LISTING = st.sampled_from(["listing", "listing", "listing", *PURPOSES])
INSTITUTIONAL = st.builds(
    event,
    st.sampled_from(["granted", "withdrawn", "expired"]),
    DAYS,
    SOURCES,
    MOSTLY_LISTING,
    st.sampled_from(["", "form 12", NO_LONGER_STATED]),
)
PERSONAL = st.builds(event, st.sampled_from(["granted", "withdrawn", "expired"]), DAYS, st.just("self"), MOSTLY_LISTING)
EVENTS = st.lists(INSTITUTIONAL | PERSONAL, max_size=8)
MOMENTS = st.integers(0, 900).map(at)


@given(st.lists(INSTITUTIONAL, max_size=8), st.lists(PERSONAL, max_size=4), DAYS, MOMENTS, st.randoms())
def test_a_withdrawal_by_the_person_beats_every_source_in_any_order(
    theirs: list[ConsentEvent], own: list[ConsentEvent], day: int, now: datetime, random: Random
) -> None:
    earlier = [replace(one, at=min(one.at, at(day))) for one in own]
    events = [*theirs, *earlier, event("withdrawn", day)]
    random.shuffle(events)
    for purpose in ("listing", "widgets", "federation"):
        assert not decide(events, purpose, now, YEAR).allowed


@given(EVENTS, MOMENTS)
def test_without_a_grant_the_answer_is_no(events: list[ConsentEvent], now: datetime) -> None:
    for purpose, decision in purposes_allowed([one for one in events if one.state != "granted"], now, YEAR).items():
        assert not decision.allowed, purpose


@given(EVENTS, MOMENTS, st.randoms())
def test_the_order_of_events_does_not_matter(events: list[ConsentEvent], now: datetime, random: Random) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert purposes_allowed(shuffled, now, YEAR) == purposes_allowed(events, now, YEAR)


@given(EVENTS, MOMENTS)
def test_purposes_allowed_is_decide_for_each(events: list[ConsentEvent], now: datetime) -> None:
    assert purposes_allowed(events, now, YEAR) == {purpose: decide(iter(events), purpose, now, YEAR) for purpose in PURPOSES}


@given(EVENTS, MOMENTS, MOMENTS, st.sampled_from(PURPOSES))
def test_a_decision_holds_exactly_until_its_end(events: list[ConsentEvent], now: datetime, later: datetime, purpose: str) -> None:
    decision = decide(events, purpose, now, YEAR)
    assert decision.allowed == (decision.until is not None)
    if decision.until is None:
        assert not decide(events, purpose, max(now, later), YEAR).allowed
    else:
        assert now < decision.until
        assert decide(events, purpose, decision.until - INSTANT, YEAR).allowed
        assert not decide(events, purpose, decision.until, YEAR).allowed
        assert decide(events, purpose, max(now, later), YEAR).allowed == (max(now, later) < decision.until)


@given(EVENTS, MOMENTS)
def test_listing_follows_the_rule_spelled_out(events: list[ConsentEvent], now: datetime) -> None:
    """The rule once more, as quantifiers over all events instead of one pass."""
    events = [one for one in events if one.purpose == "listing"]

    def later_or_stricter(one: ConsentEvent, other: ConsentEvent) -> bool:
        rank = ["granted", "expired", "withdrawn"]
        return (one.at, rank.index(one.state)) > (other.at, rank.index(other.state))

    own = [one for one in events if one.basis == "self"]
    newest = [one for one in own if not any(later_or_stricter(other, one) for other in own)]
    if any(one.state == "withdrawn" for one in newest):
        expected = False
    elif any(one.state == "granted" and now - one.at < YEAR for one in newest):
        expected = True
    else:
        theirs = [one for one in events if one.basis == "institution"]
        expected = any(
            one.state == "granted"
            and now - one.at < YEAR
            and not any(later_or_stricter(other, one) for other in theirs if other.source == one.source)
            and not any(
                other.state == "withdrawn" and other.evidence != NO_LONGER_STATED and other.at >= one.at for other in theirs
            )
            for one in theirs
        )  # fmt: skip
    assert decide(events, "listing", now, YEAR).allowed == expected


def record(*statements: ConsentStatement, source: str = "plains") -> SourceRecord:
    return SourceRecord(source, "a-17", Facts(), statements, T0)


def granted(day: float | None = None, evidence: str = "", purpose: str = "listing") -> ConsentStatement:
    return ConsentStatement(purpose, "granted", None if day is None else at(day), evidence)


def withdrawn(day: float | None = None, evidence: str = "") -> ConsentStatement:
    return ConsentStatement("listing", "withdrawn", None if day is None else at(day), evidence)


def implied(received: SourceRecord, *previous: ConsentEvent, day: float = 100) -> tuple[ConsentEvent, ...]:
    return statements_to_events("m0", received, previous, at(day))


def test_a_first_statement_is_recorded_with_its_own_time() -> None:
    assert implied(record(granted(10, "form 12"))) == (event("granted", 10, "plains", evidence="form 12"),)
    assert implied(record(granted())) == (event("granted", 100, "plains"),)
    assert implied(record(withdrawn(10))) == (event("withdrawn", 10, "plains"),)
    assert implied(record()) == ()
    assert implied(record(ConsentStatement("listing", "expired", at(10)))) == ()


def test_a_statement_from_the_future_counts_as_made_now() -> None:
    assert implied(record(granted(5000))) == (event("granted", 100, "plains"),)
    assert implied(record(granted(5000)), event("granted", 100, "plains"), day=200) == ()


def test_sources_speak_for_listing_and_contact_only() -> None:
    both = record(granted(1), granted(2, purpose="contact"), granted(3, purpose="widgets"), granted(4, purpose="federation"))
    assert implied(both) == (event("granted", 1, "plains"), event("granted", 2, "plains", "contact"))


def test_the_persons_own_edits_imply_nothing() -> None:
    assert implied(record(granted(1), source="self")) == ()


def test_a_grant_that_is_not_stated_any_more_ends() -> None:
    before = event("granted", 10, "plains", evidence="form 12")
    lapse = event("withdrawn", 100, "plains", evidence=NO_LONGER_STATED)
    assert implied(record(), before) == (lapse,)
    assert implied(record(), before, lapse, day=101) == ()
    assert implied(record(), event("granted", 10, "coast"), event("granted", 20)) == ()


def test_a_grant_stated_again_after_it_was_not_keeps_its_age() -> None:
    ledger = (event("granted", 10, "plains", evidence="form 12"), event("withdrawn", 100, "plains", evidence=NO_LONGER_STATED))
    again = replace(event("granted", 110, "plains", evidence="form 12"), given=at(10))
    assert implied(record(granted(10, "form 12")), *ledger, day=110) == (again,)
    assert implied(record(granted(10, "form 12")), *ledger, again, day=120) == ()
    assert listing(*ledger, again, day=120) == yes("institution", 110, 375)
    assert listing(*ledger, again, day=375) == no("expired", "institution", 110)
    undated = (event("granted", 10, "plains"), event("withdrawn", 100, "plains", evidence=NO_LONGER_STATED))
    assert implied(record(granted()), *undated, day=110) == (replace(event("granted", 110, "plains"), given=at(10)),)


def test_a_grant_that_ran_out_needs_a_newer_time() -> None:
    ledger = (event("granted", 10, "plains"), event("expired", 375, "plains"))
    assert implied(record(granted()), *ledger, day=400) == ()
    assert implied(record(granted(10)), *ledger, day=400) == ()
    assert implied(record(granted(380)), *ledger, day=400) == (event("granted", 380, "plains"),)


def test_an_old_grant_does_not_come_to_life_by_an_absence() -> None:
    long_ago = (event("granted", -2500, "plains"), event("withdrawn", 100, "plains", evidence=NO_LONGER_STATED))
    again = implied(record(granted(-2500)), *long_ago, day=110)
    assert listing(*long_ago, *again, day=110) == no("expired", "institution", 110)


def test_only_a_later_grant_undoes_an_explicit_withdrawal() -> None:
    ledger = (event("granted", 10, "plains"), event("withdrawn", 50, "plains"))
    assert implied(record(granted(40)), *ledger) == ()
    assert implied(record(granted(60)), *ledger) == (event("granted", 60, "plains"),)
    assert implied(record(granted()), *ledger) == (event("granted", 100, "plains"),)


def test_a_backdated_withdrawal_still_ends_the_sources_own_grant() -> None:
    before = event("granted", 50, "plains")
    assert implied(record(withdrawn(40, "letter")), before) == (event("withdrawn", 50, "plains", evidence="letter"),)
    assert not listing(before, *implied(record(withdrawn(40)), before)).allowed


def test_reaffirmation_and_new_evidence_are_recorded() -> None:
    before = event("granted", 10, "plains", evidence="form 12")
    assert implied(record(granted(90, "form 12")), before) == (event("granted", 90, "plains", evidence="form 12"),)
    assert implied(record(granted(10, "form 13")), before) == (event("granted", 10, "plains", evidence="form 13"),)
    assert implied(record(granted(5, "form 12")), before) == ()


def test_of_several_statements_the_newest_and_then_the_strictest_counts() -> None:
    assert implied(record(granted(1), withdrawn(2), granted(3))) == (event("granted", 3, "plains"),)
    assert implied(record(granted(2), withdrawn(2))) == (event("withdrawn", 2, "plains"),)
    assert implied(record(granted(2), withdrawn())) == (event("withdrawn", 100, "plains"),)
    assert implied(record(granted(), withdrawn(2))) == (event("withdrawn", 2, "plains"),)


STATEMENTS = st.lists(
    st.builds(
        ConsentStatement,
        st.sampled_from(PURPOSES),
        st.sampled_from(["granted", "withdrawn", "expired"]),
        st.none() | st.integers(0, 900).map(at),
        st.sampled_from(["", "form 12", NO_LONGER_STATED]),
    ),
    max_size=3,
)


@given(st.lists(st.tuples(SOURCES, STATEMENTS, st.integers(0, 40)), max_size=8), st.integers(0, 400), PERSONAL | st.none())
@example([("plains", [granted(0)], 0), ("plains", [], 0), ("plains", [granted(0)], 0)], 0, None)
@example([("plains", [withdrawn(5)], 9), ("plains", [ConsentStatement("listing", "expired", at(9))], 0)], 0, None)
def test_a_history_of_harvests(harvests: list[tuple[str, list[ConsentStatement], int]], start: int, own: ConsentEvent | None) -> None:
    """Harvest after harvest: an identical record adds nothing, sources touch only what is theirs, and nobody is dated ahead."""
    ledger = [own] if own else []
    now = at(start)
    for source, statements, pause in harvests:
        now += timedelta(days=pause)
        received = record(*statements, source=source)
        new = statements_to_events("m0", received, ledger, now)
        assert all(one.source == source and one.basis == "institution" and one.purpose in {"listing", "contact"} for one in new)
        assert len({one.purpose for one in new}) == len(new)
        assert all(one.at <= now + len(ledger) * INSTANT for one in new)
        ledger += new
        assert statements_to_events("m0", received, ledger, now) == ()
        if all(statement.at is None or statement.at <= now for statement in statements):
            assert statements_to_events("m0", received, ledger, now + 30 * DAY) == ()
        assert_source_has_its_say(source, statements, ledger, now)


def assert_source_has_its_say(source: str, statements: Sequence[ConsentStatement], ledger: list[ConsentEvent], now: datetime) -> None:
    alone = [one for one in ledger if one.source == source]
    for purpose in ("listing", "contact"):
        if not any(one.purpose == purpose and one.state == "granted" for one in statements):
            assert not decide(alone, purpose, now, YEAR).allowed
    if not alone or all(one.state == "granted" for one in alone):
        stated = {one.purpose: one for one in statements if one.state == "granted" and one.at is None}
        for purpose in stated.keys() & {"listing", "contact"}:
            if [one.purpose for one in statements].count(purpose) == 1:
                assert decide(alone, purpose, now, timedelta(days=3650)).allowed
