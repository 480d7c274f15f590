"""Reads a source through its connector and the reader of records, the way a run does, and keeps everything that happened."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.base import BadItem, Completion, Connector, Item, Limits, Notice, NotOffered, Rejected, SourceConfig, Validators
from connectors.client import Client, ClientLimits
from connectors.registry import KINDS
from connectors.targets import EndpointPolicy
from directory.core.profile import Facts, Institution
from directory.core.record_reader import Parsed, RecordReader
from directory.core.vocabulary_files import load_vocabularies

VOCABULARIES = load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies")
READER = RecordReader(VOCABULARIES)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOTHING_KNOWN = Validators()
PLAINS = Institution("Example University of the Plains", "https://ror.org/05h9q1g27", "Lincoln", "NE")


def client(**limits: Any) -> Client:
    """A client that may ask the loopback address, without waiting or trying again."""
    return Client(
        limits=ClientLimits(**{"retries": 0, "total_seconds": 20, **limits}),
        policy=EndpointPolicy(allow_http=True, allow_private=True),
        rate=1000,
        user_agent="tests",
        sleep=lambda seconds: None,
    )


def source(kind: str, **values: Any) -> SourceConfig:
    """A source of the Example University of the Plains."""
    return SourceConfig(
        **{
            "name": "plains",
            "kind": kind,
            "label": "Plains",
            "institution": PLAINS,
            "every": timedelta(days=1),
            "limits": Limits(),
            **values,
        }
    )


@dataclass
class Outcome:
    """What one reading gave. `parsed` is by external id, `problems` are (locator, place, value, message, fatal)."""

    items: list[Item] = field(default_factory=list)
    bad: list[BadItem] = field(default_factory=list)
    not_offered: list[NotOffered] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    completion: Completion = field(default_factory=lambda: Completion(complete=False, reason="never ended"))
    parsed: dict[str, Parsed] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str, bool]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """External ids of the items, in order."""
        return [item.external_id for item in self.items]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Locator and code of the bad items."""
        return [(bad.locator, bad.code) for bad in self.bad]

    def facts(self, external_id: str) -> Facts:
        """The facts of a record that was taken."""
        record = self.parsed[external_id].record
        assert record is not None
        return record.facts


def connect(config: SourceConfig, http: Client | None = None) -> Connector:
    """The connector of a source."""
    return KINDS[config.kind](config, http or client(), VOCABULARIES)


def read(connector: Connector, state: Validators = NOTHING_KNOWN) -> Outcome:
    """One reading from beginning to end. The completion must come last and once."""
    outcome = Outcome()
    ended = False
    for event in connector.discover(state):
        assert not ended
        if isinstance(event, Item):
            outcome.items.append(event)
            _parse(connector, event, outcome)
        elif isinstance(event, BadItem):
            outcome.bad.append(event)
        elif isinstance(event, NotOffered):
            outcome.not_offered.append(event)
        elif isinstance(event, Notice):
            outcome.notices.append(event.message)
        else:
            outcome.completion = event
            ended = True
    assert ended
    return outcome


def _parse(connector: Connector, item: Item, outcome: Outcome) -> None:
    try:
        mapped = connector.map(item)
    except Rejected as error:
        outcome.rejected[item.external_id] = error
        return
    parsed = READER.read(mapped, source="plains", received_at=NOW)
    outcome.parsed[item.external_id] = parsed
    outcome.problems += [(item.locator, connector.place(item, p.field), p.value, p.message, p.fatal) for p in parsed.problems]
