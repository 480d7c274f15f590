"""The runner: takes a source through gather, fetch and import, and gives every item exactly one outcome.

A run is a staged snapshot. Nothing is imported before the whole source was read and looked at: a run that would take more
people off the list than the settings allow is held for an operator, and nobody is removed by it. Absence removes only after
two complete runs. A run that was killed leaves nothing half-done: the next one reads again and finds done work unchanged.
An explicit withdrawal is never held back, not even in a run that is.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from connectors.base import Connector, SourceConfig, Stoppable, Validators
from connectors.checking import check
from connectors.gather import Gathered, Gatherer, Progress, StoredRecords, refuses
from connectors.importing import Importer
from connectors.problems import keep_problems
from connectors.report import OUTCOMES, RunReport
from connectors.source_lease import SourceLease
from connectors.staging import Held, Spool, Staging, parts
from directory.core.clock import Clock
from directory.core.errors import DirectoryError, NotFound, Stopped
from directory.core.record_reader import RecordReader
from directory.services.ingest import IngestPolicy
from directory.store import records, runs
from directory.store.runs import SourceRun, StagedItem, Status
from directory.store.session import Store
from directory.store.tables import LONG, SHORT

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(minutes=5)
MOST_NOTICES = 100


@dataclass(frozen=True, slots=True)
class RunLimits:
    """From the settings. A run is held that would remove more people than `hold_count` and than `hold_share` of the source; `lease` is
    the time after which a worker that fell silent loses its source."""

    batch: int = 500
    hold_count: int = 5
    hold_share: float = 0.10
    lease: timedelta = timedelta(seconds=60)


def nobody_watches(_done: int, _total: int | None) -> None:
    """Progress without a bar."""


class Runner:
    """Runs sources. `connect` gives the connector of a source for as long as its context lasts."""

    def __init__(
        self,
        store: Store,
        sources: Mapping[str, SourceConfig],
        connect: Callable[[SourceConfig], AbstractContextManager[Connector]],
        reader: RecordReader,
        policy: IngestPolicy,
        clock: Clock,
        limits: RunLimits,
    ) -> None:
        self._store = store
        self._sources = sources
        self._connect = connect
        self._reader = reader
        self._policy = policy
        self._clock = clock
        self._limits = limits

    def source(self, name: str) -> SourceConfig:
        """The configuration of a source. Raises NotFound naming what there is."""
        if name not in self._sources:
            known = ", ".join(self._sources) or "none"
            raise NotFound(f"There is no source {name[:60]!r} in sources.toml; sources are {known}.")
        return self._sources[name]

    def run(self, name: str, progress: Progress = nobody_watches, stop: Callable[[], bool] = lambda: False) -> RunReport:
        """One run. Raises NotFound, Conflict (somebody else runs it), SourceError (nothing could be read), Unavailable, and Stopped when
        `stop` says so while the source is read."""
        config = self.source(name)
        with self._lease(name) as lease:
            report = self._start(lease, name)
            try:
                with self._connect(config) as connector:
                    self._go(config, Stoppable(connector, stop), lease, report, progress)
            except Stopped as error:
                self._finish(lease, report, "interrupted", str(error))
                raise
            except Exception as error:  # whatever it was, this run is over and has to say so
                with suppress(DirectoryError):
                    reason = str(error) if isinstance(error, DirectoryError) else f"unforeseen error {type(error).__name__}"
                    self._finish(lease, report, "failed", reason)
                    self._put_off(lease, config)
                raise
        return report

    def check(self, name: str, progress: Progress = nobody_watches) -> RunReport:
        """What a run would do, item by item, without writing anything. Raises NotFound, SourceError, Unavailable."""
        config = self.source(name)
        known = StoredRecords(self._store, name)
        with self._connect(config) as connector:
            report, gathered = check(connector, self._reader, name, known, self._clock(), progress)
        if gathered.completion.complete:
            report.absent = sum(1 for _ in known.absent(gathered))
        return report

    def release(self, name: str) -> RunReport:
        """Carry out the held run of a source, removals included: an operator looked at it and says that it is right."""
        config = self.source(name)
        with self._lease(name) as lease:
            held = self._held(name)
            report = RunReport(
                name, held.id, counts={key: held.counts.get(key, 0) for key in ("received", *OUTCOMES)}, notices=list(held.notices),
                absent=held.counts.get("absent", 0), removed=held.counts.get("removed", 0), lapsed=held.counts.get("lapsed", 0),
            )  # fmt: skip
            importer = self._importer(Held(self._store, held.id), lease, report)
            importer.withdraw()
            importer.take_in()
            importer.remove_absent(confirmed=True)
            self._finish(lease, report, "released", "released by an operator")
            self._schedule(lease, config)
        return report

    def drop(self, name: str) -> SourceRun:
        """Forget the held run of a source; nothing more of it is imported. Raises NotFound when none is held."""
        self.source(name)
        with self._lease(name) as lease:
            held = self._held(name)
            with lease.write() as conn:
                _drop(conn, held, self._clock, "dropped by an operator")
        return held

    def _lease(self, name: str) -> SourceLease:
        return SourceLease(self._store, name, self._clock, self._limits.lease)

    def _importer(self, staging: Staging, lease: SourceLease, report: RunReport) -> Importer:
        return Importer(staging, lease, report, self._policy, self._clock, self._limits.batch)

    def _held(self, name: str) -> SourceRun:
        with self._store.read() as conn:
            held = runs.held(conn, name)
        if held is None:
            raise NotFound(f"No run of {name} is held.")
        return held

    def _start(self, lease: SourceLease, name: str) -> RunReport:
        now = self._clock()
        with lease.write() as conn:
            for left in runs.interrupt(conn, name, now):
                runs.clear_staged(conn, left)
            held = runs.held(conn, name)
            if held is not None:
                _drop(conn, held, self._clock, "a later run took its place")
            return RunReport(name, runs.start(conn, name, now))

    def _validators(self, name: str, contract: str) -> Validators:
        """What allows the source to answer "not modified"; nothing while that answer would not settle everything."""
        with self._store.read() as conn:
            state = runs.state_of(conn, name)
            # after an absence the same unchanged copy is the second complete run: it has to be read, not skipped
            counting = records.count_missing(conn, name)
        return Validators() if counting or state.contract != contract else Validators(state.etag, state.last_modified)

    def _go(self, config: SourceConfig, connector: Connector, lease: SourceLease, report: RunReport, progress: Progress) -> None:
        with Spool(self._store.data_dir) as spool:
            self._carry_out(config, connector, spool, lease, report, progress)

    def _carry_out(
        self, config: SourceConfig, connector: Connector, spool: Spool, lease: SourceLease, report: RunReport, progress: Progress
    ) -> None:
        gathered = self._gather(connector, spool, report, progress)
        if gathered.completion.not_modified:
            self._finish(lease, report, "not-modified", "")
            self._schedule(lease, config)
            return
        keep_problems(self._store, lease, report, gathered, self._clock(), self._policy.secret)
        self._forget_validators(lease, config.name)
        importer = self._importer(spool, lease, report)
        importer.note_back(gathered.back)
        if gathered.completion.complete:
            self._stage_absent(spool, report, gathered)
        if self._must_hold(report):
            self._hold(spool, lease, report)
            self._schedule(lease, config)
            return
        importer.withdraw()
        importer.take_in()
        self._end(config, connector, importer, lease, report, gathered)

    def _end(
        self,
        config: SourceConfig,
        connector: Connector,
        importer: Importer,
        lease: SourceLease,
        report: RunReport,
        gathered: Gathered,
    ) -> None:
        if not gathered.completion.complete:
            self._finish(lease, report, "incomplete", gathered.completion.reason)
            self._put_off(lease, config)
            return
        reason = ""
        if gathered.unidentified and report.absent:
            reason = f"It is not known whose the {gathered.unidentified} rejected items without an id are, so nobody counts as absent."
        else:
            importer.remove_absent(confirmed=False)
        self._finish(lease, report, "complete", reason)
        self._schedule(lease, config, gathered, connector.contract)

    def _gather(self, connector: Connector, spool: Spool, report: RunReport, progress: Progress) -> Gathered:
        known = StoredRecords(self._store, report.source)
        validators = self._validators(report.source, connector.contract)
        return Gatherer(known, connector, self._reader, report, spool.add, self._clock(), progress).run(validators)

    def _stage_absent(self, spool: Spool, report: RunReport, gathered: Gathered) -> None:
        numbered = enumerate(StoredRecords(self._store, report.source).absent(gathered), start=report.counts["received"] + 1)
        for part in parts(numbered, self._limits.batch):
            spool.add(StagedItem(number, name, "absent") for number, name in part)
            report.absent += len(part)

    def _must_hold(self, report: RunReport) -> bool:
        with self._store.read() as conn:
            live = records.count_live(conn, report.source)
        leaving = report.absent + report.lapsed
        if leaving <= max(self._limits.hold_count, self._limits.hold_share * live):
            return False
        counted = [f"{report.absent} are not in it"] if report.absent else []
        counted += [f"{report.lapsed} no longer state a consent"] if report.lapsed else []
        report.reason = f"It would take {leaving} of {live} mentors off the list: {' and '.join(counted)}."
        return True

    def _hold(self, spool: Spool, lease: SourceLease, report: RunReport) -> None:
        """Keep what was read for an operator; who takes back a consent does not wait."""
        held = Held(self._store, report.run or 0)
        held.take(lease, spool, self._limits.batch)
        importer = self._importer(held, lease, report)
        importer.withdraw()
        importer.take_in(only=refuses)
        with self._store.read() as conn:
            report.count("held", runs.count_staged(conn, report.run or 0).get("import", 0))
        self._finish(lease, report, "held", report.reason)
        log.warning("run %s of %s is held: %d absent, %d without consent", report.run, report.source, report.absent, report.lapsed)

    def _finish(self, lease: SourceLease, report: RunReport, status: Status, reason: str) -> None:
        report.status, report.reason = status, reason
        if status in ("complete", "incomplete", "released"):
            report.settle()
        counts, notices = report.stored_counts(), report.notices[:MOST_NOTICES]
        with lease.write() as conn:
            if status != "held":
                runs.clear_staged(conn, report.run or 0)
            runs.finish(conn, report.run or 0, status, counts=counts, now=self._clock(), reason=reason[:LONG], notices=notices)

    def _forget_validators(self, lease: SourceLease, name: str) -> None:
        """From here on the store is no longer the copy that they describe, until this run is complete."""
        with self._store.read() as conn:
            state = runs.state_of(conn, name)
        if state.etag or state.last_modified:
            with lease.write() as conn:
                runs.save_state(conn, replace(state, etag="", last_modified=""))

    def _put_off(self, lease: SourceLease, config: SourceConfig) -> None:
        """Try again soon, and ever later while it keeps failing."""
        with lease.write() as conn:
            state = runs.state_of(conn, config.name)
            wait = min(config.every, FIRST_RETRY * 2 ** min(state.failures, 8))
            runs.save_state(conn, replace(state, next_due=self._clock() + wait, failures=state.failures + 1))

    def _schedule(self, lease: SourceLease, config: SourceConfig, gathered: Gathered | None = None, contract: str = "") -> None:
        """Next time as configured; after a complete run (`gathered`) with what the source said of its state."""
        with lease.write() as conn:
            state = replace(runs.state_of(conn, config.name), next_due=self._clock() + config.every, failures=0)
            if gathered is not None:
                done = gathered.completion
                state = replace(
                    state,
                    etag=done.etag if len(done.etag) <= LONG else "",
                    last_modified=done.last_modified if len(done.last_modified) <= SHORT else "",
                    contract=contract,
                )
            runs.save_state(conn, state)


def _drop(conn: Connection, held: SourceRun, clock: Clock, reason: str) -> None:
    runs.clear_staged(conn, held.id)
    runs.finish(conn, held.id, "dropped", counts=held.counts, now=clock(), reason=reason, notices=held.notices)
