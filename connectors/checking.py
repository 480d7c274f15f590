"""Checking: what a run of a source would do, item by item, without writing anything."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.base import Connector, Validators
from connectors.gather import Gathered, Gatherer, Known, Progress
from connectors.report import RunReport
from directory.core.record_reader import RecordReader
from directory.store.runs import StagedItem

IMPORTS: Final = ("added", "updated")
WITHDRAWALS: Final = ("unchanged", "withdrawn")
"""Outcomes of an item whose person the source had no live record of, and had one."""


def check(
    connector: Connector, reader: RecordReader, name: str, known: Known, now: datetime, progress: Progress
) -> tuple[RunReport, Gathered]:
    """Read the source called `name` to its end. Raises SourceError."""
    report = RunReport(name)
    outcomes: dict[int, str] = {}

    def note(items: Sequence[StagedItem]) -> None:
        stamps = known.stamps([item.external_id for item in items])
        for item in items:
            stamp = stamps.get(item.external_id)
            live = stamp is not None and stamp.state == "live"
            outcomes[item.seq] = WITHDRAWALS[live] if item.verb == "withdraw" else IMPORTS[live]

    gathered = Gatherer(known, connector, reader, report, note, now, progress).run(Validators())
    for outcome, number in Counter(outcomes.values()).items():
        report.count(outcome, number)
    report.status, report.reason = "checked", gathered.completion.reason
    return report, gathered
