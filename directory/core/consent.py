"""Consent: what the events of the ledger allow now, and which new events a received record implies.

Missing means no. A person's own newest decision beats every source; without one, or once the person's grant has expired, an
institution's live grant counts unless an institution withdrew later. All functions are pure and do not depend on the order of
the events they get, but for the one exception named at `statements_to_events`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from directory.core.errors import Invalid
from directory.core.profile import ConsentStatement, SourceRecord

State = Literal["granted", "withdrawn", "expired"]
Basis = Literal["self", "institution"]

PURPOSES: Final = ("listing", "widgets", "federation", "contact")
SOURCE_PURPOSES: Final = ("listing", "contact")
"""The purposes that a source may speak for; the others need the person's own grant."""

SELF: Final = "self"
"""Basis of a person's own decisions, and name of the source that holds the person's own edits."""

NO_LONGER_STATED: Final = "no longer stated"
"""Evidence of the event that ends a source's grant because its record does not state it any more."""

_NEED_LISTING: Final = frozenset({"widgets", "federation"})
_STRICTNESS: Final = {"granted": 0, "expired": 1, "withdrawn": 2}
_STEP: Final = timedelta(microseconds=1)

GRANTED_BY_PERSON: Final = "granted by the person"
GRANTED_BY_INSTITUTION: Final = "granted by an institution"
WITHDRAWN_BY_PERSON: Final = "withdrawn by the person"
WITHDRAWN_BY_INSTITUTION: Final = "withdrawn by an institution"
EXPIRED: Final = "expired"
NEVER_GRANTED: Final = "never granted"
NOT_LISTED: Final = "not listed"


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One row of the ledger. `at` is when it took effect; `evidence` is a short reference, not a document. `given` is when a grant was
    made, where that was before `at`: an old agreement that is stated again does not live longer for it."""

    person_id: str
    purpose: str
    state: State
    basis: Basis
    source: str
    at: datetime
    evidence: str = ""
    given: datetime | None = None

    def ends(self, lifetime: timedelta) -> datetime:
        """When a grant runs out unless it is reaffirmed."""
        return (self.given or self.at) + lifetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Without a new event, `allowed` turns to no exactly at `until`. `since` and `basis` are those of the deciding event."""

    allowed: bool
    until: datetime | None
    basis: str
    since: datetime | None
    reason: str


_NEVER: Final = Decision(allowed=False, until=None, basis="", since=None, reason=NEVER_GRANTED)


def decide(events: Iterable[ConsentEvent], purpose: str, now: datetime, lifetime: timedelta) -> Decision:
    """Whether one person's events allow a purpose. A grant lives for `lifetime` after it was made.

    `widgets` and `federation` need `listing` as well. Raises Invalid for an unknown purpose.
    """
    if purpose not in PURPOSES:
        raise Invalid("This purpose is not known", where="purpose", value=purpose, allowed=PURPOSES)
    events = tuple(events)
    decision = _judge([event for event in events if event.purpose == purpose], purpose, now, lifetime)
    if purpose in _NEED_LISTING and decision.allowed:
        listing = _judge([event for event in events if event.purpose == "listing"], "listing", now, lifetime)
        return _with_listing(decision, listing)
    return decision


def purposes_allowed(events: Iterable[ConsentEvent], now: datetime, lifetime: timedelta) -> dict[str, Decision]:
    """`decide` for every purpose."""
    grouped: dict[str, list[ConsentEvent]] = {purpose: [] for purpose in PURPOSES}
    for event in events:
        if event.purpose in grouped:
            grouped[event.purpose].append(event)
    decisions = {purpose: _judge(own, purpose, now, lifetime) for purpose, own in grouped.items()}
    for purpose in _NEED_LISTING:
        if decisions[purpose].allowed:
            decisions[purpose] = _with_listing(decisions[purpose], decisions["listing"])
    return decisions


def statements_to_events(
    person_id: str, record: SourceRecord, previous_events: Iterable[ConsentEvent], now: datetime
) -> tuple[ConsentEvent, ...]:
    """The new ledger events that a received record implies; none for a record that says what it said before.

    Only `SOURCE_PURPOSES` count; other purposes in the record are passed over. `previous_events` are the person's events in the order
    of the ledger, which decides between two events of one source with the same time. A statement without a time, or with one in
    the future, counts as made now. A dated grant undoes an explicit withdrawal by the same source only if it is later. A grant that
    was not stated for a while takes effect again, but keeps the time at which it was `given`; one that ran out needs a newer time.
    Only call this for sources that may speak for people: public
    registries may not. The person's own edits imply nothing; their consents are given and withdrawn directly.
    """
    if record.source == SELF:
        return ()
    history: dict[str, list[ConsentEvent]] = {}
    for event in previous_events:
        if event.source == record.source and event.basis == "institution":
            history.setdefault(event.purpose, []).append(event)
    if not history and not record.consent:
        return ()
    for events in history.values():
        events.sort(key=_order)  # stable: at the same moment the order of the ledger decides
    found = (_implied(person_id, record, purpose, history.get(purpose, ()), now) for purpose in SOURCE_PURPOSES)
    return tuple(event for event in found if event)


def _order(event: ConsentEvent) -> tuple[datetime, int]:
    """At the same moment the stricter event counts as the later one."""
    return event.at, _STRICTNESS[event.state]


def _judge(events: list[ConsentEvent], purpose: str, now: datetime, lifetime: timedelta) -> Decision:
    if not events:
        return _NEVER
    own = [event for event in events if event.basis == SELF]
    others = [event for event in events if event.basis != SELF] if purpose in SOURCE_PURPOSES else []
    if not own:
        return _judge_institutions(others, now, lifetime)
    newest = max(own, key=_order)
    if newest.state == "withdrawn":
        return Decision(allowed=False, until=None, basis=SELF, since=newest.at, reason=WITHDRAWN_BY_PERSON)
    fallback = _judge_institutions(others, now, lifetime)
    until = newest.ends(lifetime)
    if newest.state == "granted" and now < until:
        if fallback.until and fallback.until > until:
            until = fallback.until
        return Decision(allowed=True, until=until, basis=SELF, since=newest.at, reason=GRANTED_BY_PERSON)
    return fallback if others else Decision(allowed=False, until=None, basis=SELF, since=newest.at, reason=EXPIRED)


def _judge_institutions(events: list[ConsentEvent], now: datetime, lifetime: timedelta) -> Decision:
    if not events:
        return _NEVER
    newest: dict[str, ConsentEvent] = {}
    withdrawn: datetime | None = None
    for event in events:
        known = newest.get(event.source)
        if known is None or _order(event) > _order(known):
            newest[event.source] = event
        if event.state == "withdrawn" and event.evidence != NO_LONGER_STATED and (withdrawn is None or event.at > withdrawn):
            withdrawn = event.at
    grants = [event for event in newest.values() if event.state == "granted" and (withdrawn is None or event.at > withdrawn)]
    if grants:
        longest = max(grants, key=lambda event: (event.ends(lifetime), event.at))
        if now < longest.ends(lifetime):
            return Decision(True, longest.ends(lifetime), "institution", longest.at, GRANTED_BY_INSTITUTION)  # noqa: FBT003 first field
        return Decision(allowed=False, until=None, basis="institution", since=longest.at, reason=EXPIRED)
    last = max(newest.values(), key=_order)
    reason = EXPIRED if withdrawn is None and last.state == "expired" else WITHDRAWN_BY_INSTITUTION
    return Decision(allowed=False, until=None, basis="institution", since=withdrawn or last.at, reason=reason)


def _with_listing(decision: Decision, listing: Decision) -> Decision:
    if not listing.allowed:
        return Decision(allowed=False, until=None, basis=listing.basis, since=listing.since, reason=NOT_LISTED)
    if listing.until and decision.until and listing.until < decision.until:
        return replace(decision, until=listing.until)
    return decision


def _stated(record: SourceRecord, purpose: str, now: datetime) -> ConsentStatement | None:
    """The newest statement for a purpose, its time never in the future; the stricter one at the same moment.

    Among several, a grant without a time counts as older than all others and an end without a time as newer: doubt is a no.
    """

    def newness(statement: ConsentStatement) -> tuple[int, datetime, int]:
        strictness = _STRICTNESS[statement.state]
        dated = 1 if statement.at else 2 if strictness else 0
        return dated, statement.at or now, strictness

    stated = [
        replace(statement, at=None) if statement.at and statement.at > now else statement
        for statement in record.consent
        if statement.purpose == purpose and statement.state in _STRICTNESS
    ]
    return max(stated, key=newness, default=None)


def _implied(person_id: str, record: SourceRecord, purpose: str, history: Sequence[ConsentEvent], now: datetime) -> ConsentEvent | None:
    """The event that a record implies for one purpose, given the source's own earlier events for it, in order."""
    last = history[-1] if history else None

    def event(state: State, at: datetime, evidence: str, given: datetime | None = None) -> ConsentEvent:
        return ConsentEvent(person_id, purpose, state, "institution", record.source, at, evidence, given if given != at else None)

    stated = _stated(record, purpose, now)
    if stated is None:
        return event("withdrawn", max(now, last.at), NO_LONGER_STATED) if last and last.state == "granted" else None
    if stated.state == "granted":
        at = _grant_time(stated, last, now)
        return event("granted", at, stated.evidence, _given(stated, history)) if at else None
    at = max(stated.at or now, last.at) if last else stated.at or now
    if stated.state == "expired":
        return event("expired", at, stated.evidence) if last and last.state == "granted" else None
    return None if last and _repeats(stated, last) else event("withdrawn", at, stated.evidence)


def _repeats(stated: ConsentStatement, last: ConsentEvent) -> bool:
    """Whether a stated withdrawal is the one that the ledger ends with."""
    return last.state == "withdrawn" and last.evidence == stated.evidence and (stated.at is None or stated.at <= last.at)


def _grant_time(stated: ConsentStatement, last: ConsentEvent | None, now: datetime) -> datetime | None:
    """When a stated grant takes effect; None if the ledger has it already, or has an explicit end that the grant does not undo."""
    if last is None or (stated.at and stated.at > last.at):
        return stated.at or now
    if last.state == "granted":
        return None if stated.evidence == last.evidence else max(stated.at or now, last.at)
    if last.evidence == NO_LONGER_STATED or (stated.at is None and last.state == "withdrawn"):
        return max(now, last.at + _STEP)
    return None


def _given(stated: ConsentStatement, history: Sequence[ConsentEvent]) -> datetime | None:
    """When the stated grant was made. One without a time that was merely not stated for a while is the earlier one."""
    if stated.at is not None:
        return stated.at
    granted = [event for event in history if event.state == "granted"]
    interrupted = bool(history) and (history[-1].evidence == NO_LONGER_STATED or history[-1].state == "granted")
    return (granted[-1].given or granted[-1].at) if granted and interrupted else None
