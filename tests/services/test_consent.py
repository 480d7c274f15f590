"""A person's own decisions: what they change, what survives, and that they are all or nothing."""

from datetime import timedelta

import pytest

from directory.core.consent import PURPOSES, ConsentEvent
from directory.core.errors import Invalid, NotFound, Unavailable
from directory.services.consent import expire
from directory.store import ledger, outbox, profiles
from directory.store.journal import Entry, new_entry
from directory.store.replay import replay
from tests.dialects import both
from tests.world import CONSENT, DAY, World, orcid, record

UNKNOWN = "There is no person 'm00000000000'; ids look like m4k2x09abcde and stand in the address of a mentor's page."


def events(world: World, person: str) -> list[tuple[str, str, str]]:
    """Purpose, state and basis of each event."""
    with world.store.read() as conn:
        return [(event.purpose, event.state, event.basis) for event in ledger.of_people(conn, [person]).get(person, [])]


def journal(world: World) -> list[Entry]:
    return list(world.parts.journal.read())


@both
def test_a_withdrawal_is_in_ledger_journal_and_outbox_and_suppresses(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1)), record("b")])
    assert world.visible() == ["a", "b"]
    person = world.person("a")
    report = world.parts.consent.withdraw(person, evidence="letter")
    assert (report.listed, {decision.reason for decision in report.decisions.values()}) == (False, {"withdrawn by the person"})
    assert events(world, person)[1:] == [(purpose, "withdrawn", "self") for purpose in PURPOSES]
    assert [(entry.kind, entry.person_id, entry.purpose, len(entry.key_hashes)) for entry in journal(world)] == [
        ("withdraw", person, purpose, 2) for purpose in PURPOSES
    ]
    assert [(row[1], row[2]) for row in world.table("suppression")] == [(person, "withdraw")] * 2
    with world.store.read() as conn:
        assert outbox.pending_hidden(conn, 9) == [person]
        assert ledger.verify(conn) == 6
    assert world.shown() == ["b"]  # nobody has indexed it
    assert world.visible() == ["b"]


@both
def test_it_survives_twenty_harvests_and_a_second_institution(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    world.withdraw("a")
    for number in range(20):
        report = world.harvest([record("a", orcid=orcid(1), headline=f"Version {number // 2}")])
        assert report.counts["added"] + report.counts["updated"] == 0
        fresh = CONSENT | {"at": world.clock.now.isoformat(), "evidence": f"form {number}"}
        report = world.harvest([record(f"x{number}", orcid=orcid(1), consent=[fresh])], "harbor")
        assert report.counts["suppressed"] == 1
        assert world.visible() == []
    assert len(world.table("source_record")) == 1


def test_only_the_person_can_come_back(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    person = world.withdraw("a")
    report = world.parts.consent.grant(person, ["listing"], evidence="letter")
    assert report.listed
    assert world.table("suppression") == []
    assert world.visible() == ["a"]
    assert world.harvest([record("a", orcid=orcid(1), headline="New words")]).counts["updated"] == 1
    assert [entry.kind for entry in journal(world)] == ["withdraw"] * 4 + ["grant"]


@pytest.mark.parametrize("purpose", ["contact", "widgets", "federation"])
def test_one_purpose_alone(world: World, purpose: str) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    world.parts.consent.grant(person, ["listing", purpose], evidence="letter")
    report = world.parts.consent.withdraw(person, [purpose], evidence="letter")
    assert report.listed
    assert not report.decisions[purpose].allowed
    assert world.table("suppression") == []
    assert world.visible() == ["a"]
    with world.store.read() as conn:
        assert profiles.by_ids(conn, [person])[person].scopes == ("public",)


@both
def test_a_withdrawal_holds_though_the_clock_was_set_back(world: World) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    world.parts.consent.grant(person, ["listing"], evidence="letter")
    world.clock.now -= DAY
    assert not world.parts.consent.withdraw(person, evidence="second letter").listed
    world.clock.now += 2 * DAY
    assert not world.parts.consent.report(person).listed
    assert world.visible() == []


def test_an_institutions_word_holds_though_the_clock_was_set_back(world: World) -> None:
    """It stands against what another institution said before."""
    today = CONSENT | {"at": world.clock.now.isoformat()}
    for source in ("plains", "harbor"):
        world.harvest([record("a", orcid=orcid(1), consent=[today])], source)
    assert world.visible() == ["a"]
    world.clock.now -= DAY
    world.harvest([{"id": "a", "withdrawn": True}])
    assert world.visible() == []
    world.clock.now += 2 * DAY
    assert world.parts.consent.report(world.person("a", "harbor")).decisions["listing"].reason == "withdrawn by an institution"


@both
def test_what_the_journal_does_not_take_did_not_happen(world: World) -> None:
    world.harvest([record("a")])
    person = world.person("a")
    before = world.written()
    (world.data / "journal").write_text("a file where the folder should be")
    for verb in (lambda: world.parts.consent.withdraw(person, evidence="letter"), lambda: world.parts.consent.erase(person)):
        with pytest.raises(Unavailable, match="the journal of decisions can't be written"):
            verb()
    assert world.written() == before


def test_who_and_what_must_be_known(world: World) -> None:
    for verb in (world.parts.consent.report, world.parts.consent.erase):
        with pytest.raises(NotFound) as caught:
            verb("m00000000000")
        assert str(caught.value) == UNKNOWN
    world.harvest([record("a")])
    with pytest.raises(Invalid) as refused:
        world.parts.consent.withdraw(world.person("a"), ["listing", "parties"], evidence="letter")
    assert str(refused.value) == "'parties' is not a purpose; purposes are listing, widgets, federation, contact."
    assert (refused.value.where, refused.value.value, refused.value.allowed) == ("purpose", "parties", PURPOSES)
    assert journal(world) == []


@both
def test_an_erased_person_is_gone_and_stays_gone(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1), bio="Canary"), record("b", rank="baron")])
    world.harvest([record("x", orcid=orcid(1))], "harbor")
    person = world.person("a")
    world.drain()
    world.parts.consent.erase(person)
    assert world.shown() == ["b"]
    assert world.visible() == ["b"]
    assert {name: len(world.table(name)) for name in ("identity", "source_record", "profile")} == dict.fromkeys(
        ("identity", "source_record", "profile"), 1
    )
    assert events(world, person)[-4:] == [(purpose, "withdrawn", "self") for purpose in PURPOSES]
    assert [(row[1], row[2]) for row in world.table("suppression")] == [(person, "erase")] * 3
    assert world.harvest([record("a", orcid=orcid(1)), record("b", rank="baron")]).counts["suppressed"] == 1
    assert world.harvest([record("y", orcid=orcid(1))], "harbor").counts["suppressed"] == 1
    assert world.visible() == ["b"]
    assert world.differences() == 0


def test_an_erased_person_may_come_back_as_somebody_new(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    person = world.person("a")
    world.parts.consent.erase(person)
    world.parts.consent.grant(person, ["listing"], evidence="letter")
    assert world.harvest([record("a", orcid=orcid(1))]).counts["added"] == 1
    assert world.visible() == ["a"]
    assert world.person("a") != person


def test_a_replay_of_what_is_known_does_nothing(world: World) -> None:
    world.harvest([record("a")])
    world.withdraw("a")
    before = world.written()
    assert replay(world.store, world.parts.journal, world.parts.consent.apply).applied == 0
    assert world.written() == before


@both
def test_a_decision_that_only_the_journal_knows_is_carried_out(world: World) -> None:
    """The process died between the journal and the commit."""
    world.harvest([record("a", orcid=orcid(1)), record("b")])
    person = world.person("a")
    world.parts.journal.append([Entry("0" * 24, "withdraw", person, "listing", world.clock(), ())])
    assert world.visible() == ["a", "b"]
    assert replay(world.store, world.parts.journal, world.parts.consent.apply).applied == 1
    assert world.visible() == ["b"]


@both
def test_a_consent_runs_out_once(world: World) -> None:
    world.harvest([record("a"), record("b", consent=[CONSENT | {"at": "2026-11-20"}])])
    world.clock.now += 330 * DAY
    ids = [world.person("a"), world.person("b")]
    for _ in range(2):
        with world.store.write() as conn:
            expire(conn, ids, world.parts.policy, world.clock())
    assert events(world, ids[0]) == [("listing", "granted", "institution"), ("listing", "expired", "institution")]
    assert events(world, ids[1]) == [("listing", "granted", "institution")]
    with world.store.read() as conn:
        expired: ConsentEvent = ledger.of_people(conn, ids)[ids[0]][-1]
    assert expired.at.isoformat() == "2027-10-01T00:00:00+00:00"
    assert world.visible() == ["b"]


def test_another_grant_that_still_holds_keeps_the_listing(world: World) -> None:
    world.harvest([record("a", orcid=orcid(1))])
    world.harvest([record("x", orcid=orcid(1), consent=[CONSENT | {"at": "2026-11-20"}])], "harbor")
    world.clock.now += 330 * DAY
    with world.store.write() as conn:
        expire(conn, [world.person("a")], world.parts.policy, world.clock())
    assert world.visible() == ["x"]
    world.clock.now += timedelta(days=40)
    assert world.shown() == []


@both
def test_what_an_institution_withdrew_is_replayed_as_its_own_word(world: World) -> None:
    """Not a word of the person: it suppresses nothing, and the institution's later grant counts."""
    world.harvest([record("a", orcid=orcid(1)), record("b")])
    person = world.person("a")
    world.parts.journal.append([new_entry("withdraw", person, world.clock(), purpose="listing", source="plains")])
    assert replay(world.store, world.parts.journal, world.parts.consent.apply).applied == 1
    assert world.visible() == ["b"]
    assert events(world, person)[1:] == [("listing", "withdrawn", "institution")]
    assert world.table("suppression") == []
    world.harvest([record("a", orcid=orcid(1)), record("b")])
    assert world.visible() == ["b"]
    fresh = CONSENT | {"at": world.clock().isoformat(), "evidence": "form 13"}
    world.harvest([record("a", orcid=orcid(1), consent=[fresh]), record("b")])
    assert world.visible() == ["a", "b"]


def test_what_an_institution_withdrew_of_somebody_unknown_is_left_to_the_next_harvest(world: World) -> None:
    entry = new_entry("withdraw", "m00000000000", world.clock(), purpose="listing", key_hashes=["00"], source="plains")
    world.parts.journal.append([entry])
    assert replay(world.store, world.parts.journal, world.parts.consent.apply).applied == 1
    assert world.table("suppression") == []


def test_an_erasure_leaves_nothing_in_the_database_and_its_log(world: World) -> None:
    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in world.data.glob("directory.sqlite3*"))

    world.harvest([record("a", bio="An invented canary of a biography"), record("b")])
    assert b"invented canary" in on_disk()
    world.parts.consent.erase(world.person("a"))
    assert b"invented canary" not in on_disk()
    assert b"Inventedb" in on_disk()
