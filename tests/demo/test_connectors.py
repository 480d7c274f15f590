"""The files of the demo through the real connectors: what is wrong on purpose is found, all the rest gets in unchanged."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import BadItem, Completion, Item, Notice, NotOffered, SourceConfig, Validators
from connectors.client import Client, ClientLimits, EndpointPolicy
from connectors.config import load_sources
from connectors.registry import KINDS
from directory.core.profile import Facts, SourceRecord
from directory.core.record_reader import FieldProblem, RecordReader, Tombstone
from directory.core.vocabulary import Vocabularies
from directory.demo.mess import Fault, fault_of
from directory.demo.people import Cast
from directory.demo.plan import DemoPlan
from tests.demo.conftest import TODAY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Outcome:
    """What one source gave."""

    records: dict[str, SourceRecord]
    tombstones: list[Tombstone]
    again: list[str]
    not_offered: list[NotOffered]
    bad: list[BadItem]
    refused: list[FieldProblem]
    reported: list[FieldProblem]
    notices: list[str]
    completion: Completion


def read_source(config: SourceConfig, client: Client, vocabularies: Vocabularies, reader: RecordReader) -> Outcome:
    connector = KINDS[config.kind](config, client, vocabularies)
    outcome = Outcome({}, [], [], [], [], [], [], [], Completion(complete=False))
    seen: set[str] = set()
    for event in connector.discover(Validators()):
        match event:
            case Item() if event.external_id in seen:
                outcome.again.append(event.external_id)
            case Item():
                seen.add(event.external_id)
                parsed = reader.read(connector.map(event), source=config.name, received_at=NOW)
                fatal = [problem for problem in parsed.problems if problem.fatal]
                outcome.reported += [problem for problem in parsed.problems if not problem.fatal]
                outcome.refused += fatal[:1]
                if parsed.record:
                    outcome.records[parsed.record.external_id] = parsed.record
                elif parsed.tombstone:
                    outcome.tombstones.append(parsed.tombstone)
            case BadItem():
                outcome.bad.append(event)
            case NotOffered():
                outcome.not_offered.append(event)
            case Notice():
                outcome.notices.append(event.message)
            case Completion():
                outcome.completion = event
    return outcome


@pytest.fixture(scope="module")
def outcomes(served: DemoPlan, vocabularies: Vocabularies) -> Iterator[dict[str, Outcome]]:
    policy = EndpointPolicy(allow_http=True, allow_private=True)
    reader = RecordReader(vocabularies)
    with Client(limits=ClientLimits(retries=0), policy=policy, rate=1000, user_agent="tests (mailto:ops@example.org)") as client:
        yield {name: read_source(config, client, vocabularies, reader) for name, config in load_sources(served.sources_file).items()}


def test_every_source_is_complete_and_counts_add_up(served: DemoPlan, outcomes: dict[str, Outcome]) -> None:
    for source in served.sources:
        outcome = outcomes[source.name]
        assert outcome.completion.complete, (source.name, outcome.completion.reason)
        found = (outcome.records, outcome.tombstones, outcome.again, outcome.not_offered, outcome.bad, outcome.refused)
        assert sum(map(len, found)) == source.records, source.name


def test_rejected_are_exactly_those_that_are_wrong_on_purpose(served: DemoPlan, outcomes: dict[str, Outcome]) -> None:
    for source in served.sources:
        outcome = outcomes[source.name]
        assert (outcome.bad, len(outcome.again)) == ([], source.faults.get("duplicate", 0)), source.name
        assert [problem.field for problem in outcome.refused] == ["name.family"] * source.faults.get("family", 0), source.name
        assert len(outcome.again) + len(outcome.refused) == source.rejected, source.name


def test_reported_values_are_exactly_those_that_are_wrong_on_purpose(served: DemoPlan, outcomes: dict[str, Outcome]) -> None:
    fields: dict[Fault, str] = {"specialty": "specialties", "date": "offers", "orcid": "orcid"}
    for source in served.sources:
        expected = {field: source.faults.get(fault, 0) for fault, field in fields.items() if source.faults.get(fault)}
        found = Counter(problem.field.split(".")[0] for problem in outcomes[source.name].reported)
        assert found == expected, (source.name, outcomes[source.name].reported)


def test_misspelt_specialties_get_a_suggestion(outcomes: dict[str, Outcome]) -> None:
    messages = [problem.message for outcome in outcomes.values() for problem in outcome.reported if problem.field.startswith("specialties")]
    assert len(messages) >= 3
    assert all("did you mean" in message for message in messages)


def test_notices_tell_what_is_odd_about_a_file(outcomes: dict[str, Outcome]) -> None:
    notices = {name: " | ".join(outcome.notices) for name, outcome in outcomes.items()}
    assert "lines that are not UTF-8 were read as Windows-1252" in notices["harbor"]
    assert '"Building"' in notices["harbor"]
    assert '"Office", "Fiscal year"' in notices["highdesert"]
    assert 'never read, because the directory does not want what they hold: "Phone"' in notices["highdesert"]
    assert '"EMAIL"' in notices["bluegrass"]
    assert 'mentoring type "Residents - Community service" is not in the table' in notices["goldenbay"]
    assert "formulas were turned into text" in " ".join(notices.values())
    assert notices["plains"] == notices["redmesa"] == notices["lakes"] == notices["northfield"] == ""


def test_csv_and_feed_bring_in_the_same_facts(served: DemoPlan, outcomes: dict[str, Outcome], vocabularies: Vocabularies) -> None:
    """Every untouched mentor, through whichever file, comes out as if the record had been read directly."""
    reader = RecordReader(vocabularies)
    names = {source.institution.ror: source.name for source in served.sources if source.kind != "ucsf-profiles"}
    compared = Counter[str]()
    for number, record in enumerate(Cast(vocabularies, today=TODAY).records(3000)):
        name = names.get(record["institution"]["ror"])
        if name is None or fault_of(number):
            continue
        wanted = reader.read(record, source=name, received_at=NOW).record
        found = outcomes[name].records[record["id"]]
        assert wanted is not None
        assert {statement.purpose: statement.state for statement in found.consent} == {
            statement.purpose: statement.state for statement in wanted.consent
        }
        if name in FAITHFUL:
            assert by_arena(found.facts) == by_arena(wanted.facts)
            assert found.consent == wanted.consent
        else:
            assert comparable(name, found.facts) == comparable(name, wanted.facts)
        compared[name] += 1
    assert len(compared) == 11
    assert compared.total() > 2850


FAITHFUL = {"plains", "redmesa", "cascade", "gulf", "northfield", "lakes", "highdesert", "bluegrass", "tradewinds"}


def by_arena(facts: Facts) -> Facts:
    """The facts with offers in one order, because columns may stand in any."""
    return replace(facts, offers=tuple(sorted(facts.offers, key=lambda offer: offer.arena)))


def comparable(name: str, facts: Facts) -> Any:
    """What a file keeps that loses letters (harbor) or the details of offers (northernlights)."""
    if name == "harbor":
        return replace(facts, name=None, bio="", headline="", offers=tuple(replace(offer, note="") for offer in facts.offers))
    return replace(facts, offers=()), {offer.arena: offer.topics for offer in facts.offers}


def test_two_employers_share_an_orcid(served: DemoPlan, outcomes: dict[str, Outcome]) -> None:
    owners: dict[str, set[str]] = {}
    for name, outcome in outcomes.items():
        for record in outcome.records.values():
            if record.facts.orcid:
                owners.setdefault(record.facts.orcid, set()).add(name)
    shared = [names for names in owners.values() if len(names) > 1]
    assert served.twice - 3 <= len(shared) <= served.twice
    assert all(len(names) == 2 for names in shared)


def test_profile_server_people_are_not_listed_by_it(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["goldenbay"]
    assert not any(record.consent for record in outcome.records.values())
    assert 5 <= len(outcome.not_offered) <= 12
    assert all(record.facts.offers for record in outcome.records.values())
    assert {offer.arena for record in outcome.records.values() for offer in record.facts.offers} == {
        "research-skills",
        "career-development",
        "personal-goals",
    }
