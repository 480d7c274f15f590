"""What a publisher has to correct, kept until the source has corrected it."""

from datetime import datetime

from connectors.gather import FIELD, Gathered
from connectors.report import MOST_PROBLEMS, RunReport
from connectors.source_lease import SourceLease
from directory.core.identity import MatchKey, key_hash
from directory.store import quarantine, suppressions
from directory.store.quarantine import QuarantineRow
from directory.store.session import Store


def keep_problems(store: Store, lease: SourceLease, report: RunReport, gathered: Gathered, now: datetime, secret: bytes) -> None:
    """Replace what is known to be wrong at the source by what this run found; an identical report writes nothing. Of people who withdrew
    or were erased nothing is kept. `secret` keys the marks by which they are known."""
    barred = _barred(store, report, secret)
    rows = (_row(report, number, now) for number in range(len(report.problems)))
    new = {_essence(row): row for row in rows if row.external_id not in barred}
    with store.read() as conn:
        known = quarantine.of_source(conn, report.source, limit=MOST_PROBLEMS * 2)
    before = {_essence(row) for row in known}
    over = [row.id for row in known if _essence(row) not in new and not _stands(row, gathered)]
    fresh = [row for essence, row in new.items() if essence not in before]
    if fresh or over:
        with lease.write() as conn:
            quarantine.remove(conn, over)
            quarantine.add(conn, fresh)


def _barred(store: Store, report: RunReport, secret: bytes) -> set[str]:
    ids = {problem.external_id for problem in report.problems if problem.external_id}
    marks = {key_hash(secret, MatchKey("source", f"{report.source}/{external_id}")): external_id for external_id in ids}
    with store.read() as conn:
        return {marks[found][:200] for found in suppressions.find(conn, list(marks))}


def _row(report: RunReport, number: int, now: datetime) -> QuarantineRow:
    problem = report.problems[number]
    return QuarantineRow(
        report.source, report.run, problem.where[:300], problem.code, problem.message[:2000], now,
        problem.external_id[:200], problem.field[:300], problem.value[:300], problem.excerpt[:2000],
    )  # fmt: skip


def _stands(row: QuarantineRow, gathered: Gathered) -> bool:
    """Whether a problem still holds that this run did not find: the item was not read anew, or the run never came to it."""
    if row.external_id and gathered.has(row.external_id):
        return row.code == FIELD and gathered.kept(row.external_id)
    return not gathered.completion.complete


def _essence(row: QuarantineRow) -> tuple[str, ...]:
    return row.locator, row.field, row.code, row.value, row.message
