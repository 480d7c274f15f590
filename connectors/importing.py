"""Import: carry out what a run staged, batch by batch, one transaction each."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from connectors.report import RunReport
from connectors.source_lease import SourceLease
from connectors.staging import Staging, parts
from directory.core.clock import Clock
from directory.core.profile import SourceRecord, facts_from_json
from directory.services.ingest import Arrival, IngestPolicy, take_in, take_out
from directory.store import people, records, runs
from directory.store.records import consent_from_json
from directory.store.runs import StagedItem

MISSING_RUNS_TO_REMOVE = 2


class Importer:
    """Carries out what is in `staging`. Every transaction checks the lease."""

    def __init__(self, staging: Staging, lease: SourceLease, report: RunReport, policy: IngestPolicy, clock: Clock, batch: int) -> None:
        self._staging = staging
        self._lease = lease
        self._report = report
        self._run = report.run or 0
        self._policy = policy
        self._clock = clock
        self._batch = batch

    def withdraw(self) -> None:
        """Take out whom the source says to have withdrawn."""
        for part in self._staging.pages("withdraw", self._batch):
            with self._lease.write() as conn:
                names = [item.external_id for item in part]
                ended = take_out(conn, self._report.source, names, self._policy, self._clock(), explicit=True)
                self._report.count("withdrawn", len(ended))
                self._report.count("unchanged", len(part) - len(ended))
                self._done(conn, part)

    def take_in(self, *, only: Callable[[StagedItem], bool] = lambda _: True) -> None:
        """Import the staged records, or `only` some of them; those that were held get another outcome now."""
        for page in self._staging.pages("import", self._batch):
            part = list(filter(only, page))
            if not part:
                continue
            with self._lease.write() as conn:
                now = self._clock()
                arrivals = [
                    Arrival(
                        _record(self._report.source, item, item.changed_at or now),
                        item.raw_hash, item.contract, item.facts, item.consent, dated=item.changed_at is not None,
                    )
                    for item in part
                ]  # fmt: skip
                for outcome in take_in(conn, self._report.source, arrivals, self._policy, now):
                    self._report.count(outcome)
                self._report.counts["held"] = max(0, self._report.counts["held"] - len(part))
                self._done(conn, part)

    def remove_absent(self, *, confirmed: bool) -> None:
        """Count absences; who was absent in two complete runs (or in one that an operator `confirmed`) is taken off the list."""
        source = self._report.source
        for part in self._staging.pages("absent", self._batch):
            with self._lease.write() as conn:
                names = [item.external_id for item in part]
                people.lock(conn, [stamp.person_id for stamp in records.hashes(conn, source, names).values()])
                missing = records.mark_missing(conn, source, names)
                gone = [name for name, times in missing.items() if confirmed or times >= MISSING_RUNS_TO_REMOVE]
                self._report.removed += len(take_out(conn, source, gone, self._policy, self._clock(), explicit=False))
                self._done(conn, part)

    def note_back(self, external_ids: Sequence[str]) -> None:
        """These records are there again: their absence no longer counts."""
        for part in parts(external_ids, self._batch):
            with self._lease.write() as conn:
                records.mark_seen(conn, self._report.source, part)

    def _done(self, conn: Connection, items: Sequence[StagedItem]) -> None:
        self._staging.done(conn, items)
        runs.progress(conn, self._run, self._report.stored_counts())


def _record(source: str, item: StagedItem, changed_at: datetime) -> SourceRecord:
    return SourceRecord(source, item.external_id, facts_from_json(item.facts or {}), consent_from_json(item.consent or ()), changed_at)
