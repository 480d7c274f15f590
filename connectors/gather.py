"""Gather and fetch: read a source to its end and sort every item, without changing any profile.

What would change something is handed to `stage` in batches; an item that is what the store has costs one comparison of hashes.
Of several items with one id the first counts, unless a later one takes back what it says: pages may be read while somebody withdraws.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

from connectors.base import BadItem, Completion, Connector, Item, Notice, NotOffered, Rejected, Validators
from connectors.report import Problem, RunReport
from directory.core.errors import SourceError
from directory.core.profile import SourceRecord, facts_to_json
from directory.core.record_reader import Parsed, RecordReader, Tombstone
from directory.services.ingest import is_unchanged
from directory.store import records, runs
from directory.store.records import RecordStamp
from directory.store.session import Store

Progress = Callable[[int, int | None], None]
BATCH = 500
MOST_NAMES = 200_000
"""iDs of one run that are looked at for a second name; bounds the memory of a very large source."""

FIELD = "field"
FATAL = "record"
DUPLICATE = "duplicate-id"

SAYS_YES_OR_NOTHING: Final = 0
SAYS_NO: Final = 1
WITHDRAWS: Final = 2


class Known(Protocol):
    """What is known of a source's records before it is read."""

    def stamps(self, external_ids: Sequence[str]) -> Mapping[str, RecordStamp]:
        """The stamps of those ids that there is a record for."""
        ...

    def stating(self, external_ids: Sequence[str], state: str) -> set[str]:
        """Those of the live records that say `state` of the listing."""
        ...


class StoredRecords:
    """The records of a source in the store."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source

    def stamps(self, external_ids: Sequence[str]) -> Mapping[str, RecordStamp]:
        """See `Known`."""
        with self._store.read() as conn:
            return records.hashes(conn, self._source, external_ids)

    def stating(self, external_ids: Sequence[str], state: str) -> set[str]:
        """See `Known`."""
        with self._store.read() as conn:
            return records.stating(conn, self._source, external_ids, state)

    def absent(self, gathered: "Gathered") -> Iterator[str]:
        """Live records of the source that did not occur."""
        with self._store.read() as conn:
            for external_id in records.live_ids(conn, self._source):
                if not gathered.has(external_id):
                    yield external_id


class NoRecords:
    """A source that nothing is known of: a file that an institution only wants to have checked."""

    def stamps(self, external_ids: Sequence[str]) -> Mapping[str, RecordStamp]:  # noqa: ARG002 the protocol's signature
        """See `Known`."""
        return {}

    def stating(self, external_ids: Sequence[str], state: str) -> set[str]:  # noqa: ARG002 the protocol's signature
        """See `Known`."""
        return set()


class Counting(NamedTuple):
    """The item that counts of those with one id. `staged` is its number among the staged items, 0 if it is not staged; `denial` is how
    much it takes back, None for one that was not read because it is what the store has."""

    locator: str
    staged: int = 0
    denial: int | None = SAYS_YES_OR_NOTHING


@dataclass(slots=True)
class Gathered:
    """What reading the source gave beside the staged items, with external ids as digests: `counting` the item of each id, `refused` ids of
    items that could not be read, `mapped` those read anew because something differed, `lapsed` those whose record no longer states a
    consent. `back` are ids whose count of missing runs ends; `unidentified` items could not be tied to anybody."""

    completion: Completion = field(default_factory=lambda: Completion(complete=False, reason="the source ended without saying so"))
    counting: dict[bytes, Counting] = field(default_factory=dict)
    refused: set[bytes] = field(default_factory=set)
    mapped: set[bytes] = field(default_factory=set)
    lapsed: set[bytes] = field(default_factory=set)
    back: list[str] = field(default_factory=list)
    unidentified: int = 0

    def has(self, external_id: str) -> bool:
        """Whether the id occurred in this run."""
        mark = _mark(external_id)
        return mark in self.counting or mark in self.refused

    def kept(self, external_id: str) -> bool:
        """Whether the id occurred with the content that the store has, so that what is known of it still holds."""
        return self.has(external_id) and _mark(external_id) not in self.mapped


def _mark(external_id: str) -> bytes:
    return blake2b(external_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()


class Gatherer:
    """Reads one source once. `stage` is called with what would change something, in order of arrival; a number that was staged before
    replaces that item."""

    def __init__(
        self,
        known: Known,
        connector: Connector,
        reader: RecordReader,
        report: RunReport,
        stage: Callable[[Sequence[runs.StagedItem]], None],
        now: datetime,
        progress: Progress,
    ) -> None:
        self._known = known
        self._connector = connector
        self._reader = reader
        self._report = report
        self._stage = stage
        self._now = now
        self._progress = progress
        self._gathered = Gathered()
        self._ungranted: set[bytes] = set()
        self._names: dict[str, tuple[str, str]] = {}

    def run(self, state: Validators) -> Gathered:
        """Read to the end. Raises SourceError when nothing of the source can be used; afterwards nothing was staged."""
        batch: list[Item] = []
        try:
            for event in self._connector.discover(state):
                if isinstance(event, Item):
                    batch.append(event)
                    if len(batch) >= BATCH:
                        self._sort(batch)
                        batch = []
                else:
                    self._note(event)
        except SourceError as error:
            if not self._report.counts["received"] and not batch:
                raise
            self._gathered.completion = Completion(complete=False, reason=str(error))
        self._sort(batch)
        self._report.lapsed = len(self._gathered.lapsed)
        if waiting := len(self._ungranted):
            who = "1 new or changed record grants" if waiting == 1 else f"{waiting} new or changed records grant"
            self._report.notices.append(f"{who} no listing: stored, and not shown while nobody agrees")
        return self._gathered

    def _note(self, event: BadItem | NotOffered | Notice | Completion) -> None:
        if isinstance(event, Notice):
            self._report.notices.append(event.message)
        elif isinstance(event, Completion):
            self._gathered.completion = event
        elif isinstance(event, NotOffered):
            self._report.count("received")
            self._report.count("unchanged")  # whoever was offered before counts as absent
        else:
            self._report.count("received")
            self._reject(event.locator, event.external_id, event.code, event.message, excerpt=event.excerpt)

    def _reject(
        self, locator: str, external_id: str, code: str, message: str, *, field: str = "", value: str = "", excerpt: str = ""
    ) -> None:
        self._report.count("rejected")
        self._report.add(
            Problem(locator, field, value[:80], message, fatal=True, code=code, external_id=external_id, excerpt=excerpt)
        )  # fmt: skip
        self._refuse(external_id)

    def _refuse(self, external_id: str) -> None:
        if external_id:
            self._gathered.refused.add(_mark(external_id))
        else:
            self._gathered.unidentified += 1

    def _sort(self, batch: Sequence[Item]) -> None:
        if not batch:
            return
        first = self._report.counts["received"] + 1
        self._report.count("received", len(batch))
        stamps = self._known.stamps([item.external_id for item in batch if item.external_id])
        staged: dict[int, runs.StagedItem] = {}
        for number, item in enumerate(batch, first):
            if (found := self._one(number, item, stamps)) is not None:
                staged[found.seq] = found
        for one in staged.values():
            note = self._ungranted.add if one.verb == "import" and not _grants(one) else self._ungranted.discard
            note(_mark(one.external_id))
        imports = [item for item in staged.values() if item.verb == "import" and item.external_id in stamps]
        if silent := [item.external_id for item in imports if not _speaks(item)]:
            self._gathered.lapsed.update(map(_mark, self._known.stating(silent, "granted")))
        if staged:
            self._stage(list(staged.values()))
        self._progress(self._report.counts["received"], self._gathered.completion.total)

    def _one(self, number: int, item: Item, stamps: Mapping[str, RecordStamp]) -> runs.StagedItem | None:
        stamp = stamps.get(item.external_id) if item.external_id else None
        before = self._gathered.counting.get(_mark(item.external_id)) if item.external_id else None
        if before is None and is_unchanged(stamp, item.raw_hash, self._connector.contract):
            self._seen(item.external_id, stamp, Counting(item.locator, denial=None))
            self._report.count("unchanged")
            return None
        read = self._read(item)
        found = None if isinstance(read, Rejected) else read.record or read.tombstone
        if found is not None and not item.external_id:
            before = self._gathered.counting.get(_mark(found.external_id))
            stamp = self._known.stamps([found.external_id]).get(found.external_id)
        if before is not None and not self._takes_back(found, before):
            external_id = found.external_id if found else item.external_id
            message = f"has the id of {before.locator}, which is the one that counts"
            self._reject(item.locator, external_id, DUPLICATE, message, field="id", value=external_id)
            return None
        self._note_problems(item, read)
        if isinstance(found, SourceRecord):
            self._note_twin(item, found)
        if found is None:
            if item.external_id:
                self._gathered.counting[_mark(item.external_id)] = Counting(item.locator)
            return None
        return self._staged(number, item, found, stamp, before)

    def _read(self, item: Item) -> Parsed | Rejected:
        try:
            mapped = self._connector.map(item)
        except Rejected as error:
            return error
        return self._reader.read(mapped, source=self._report.source, received_at=self._now)

    def _takes_back(self, found: SourceRecord | Tombstone | None, before: Counting) -> bool:
        """Whether an item takes back more than the one with its id that counts so far."""
        if found is None:
            return False
        denial = before.denial
        if denial is None:  # it is what the store has
            denial = SAYS_NO if self._known.stating([found.external_id], "withdrawn") else SAYS_YES_OR_NOTHING
        return _denial(found) > denial

    def _note_problems(self, item: Item, read: Parsed | Rejected) -> None:
        if isinstance(read, Rejected):
            self._reject(item.locator, item.external_id, read.code, str(read), field=read.field, value=read.value)
            return
        if item.external_id:
            self._gathered.mapped.add(_mark(item.external_id))
        for row in read.problems:
            where = self._connector.place(item, row.field)
            code = FATAL if row.fatal else FIELD
            self._report.add(Problem(item.locator, where, row.value, row.message, row.fatal, code, item.external_id))
        if not (read.record or read.tombstone):
            self._report.count("rejected")
            self._refuse(item.external_id)

    def _note_twin(self, item: Item, found: SourceRecord) -> None:
        """An iD that two rows with different names state is one mentor here; more often it is a row that was copied down."""
        if not found.facts.orcid or found.facts.name is None:
            return
        family = found.facts.name.family.casefold()
        known = self._names.get(found.facts.orcid)
        if known is None:
            if len(self._names) < MOST_NAMES:
                self._names[found.facts.orcid] = (family, item.locator)
        elif known[0] != family:
            message = f"{known[1]} states the same ORCID iD with another family name; records with one iD are shown as one mentor"
            where = self._connector.place(item, "orcid")
            self._report.add(Problem(item.locator, where, found.facts.orcid, message, False, FIELD, item.external_id))  # noqa: FBT003 not fatal

    def _seen(self, external_id: str, stamp: RecordStamp | None, counting: Counting) -> None:
        self._gathered.counting[_mark(external_id)] = counting
        if stamp is not None and stamp.missing_runs:
            self._gathered.back.append(external_id)

    def _staged(
        self, number: int, item: Item, found: SourceRecord | Tombstone, stamp: RecordStamp | None, before: Counting | None
    ) -> runs.StagedItem | None:
        if before is not None:
            self._note_replaced(item, found, before)
        known = isinstance(found, Tombstone) and (stamp is None or stamp.state == "withdrawn")
        seq = before.staged if before and before.staged else 0 if known else number
        self._seen(found.external_id, stamp, Counting(item.locator, seq, _denial(found)))
        if not seq:
            self._report.count("unchanged")  # nothing is held of this person, or the withdrawal is known
            return None
        if isinstance(found, Tombstone):
            return runs.StagedItem(seq, found.external_id, "withdraw", item.locator)
        return runs.StagedItem(
            seq, found.external_id, "import", item.locator, item.raw_hash, self._connector.contract,
            facts_to_json(found.facts), records.consent_to_json(found.consent),
            None if found.changed_at == self._now else found.changed_at,
        )  # fmt: skip

    def _note_replaced(self, item: Item, found: SourceRecord | Tombstone, before: Counting) -> None:
        """Another item of this id counted so far. If it was staged it changes nothing any more; else it has its outcome."""
        if before.staged:
            self._report.count("unchanged")
        self._gathered.lapsed.discard(_mark(found.external_id))
        message = f"takes back what {before.locator} says, which has the same id; the withdrawal is what counts"
        self._report.add(Problem(item.locator, "id", found.external_id[:80], message, code=DUPLICATE, external_id=found.external_id))


def _denial(found: SourceRecord | Tombstone) -> int:
    if isinstance(found, Tombstone):
        return WITHDRAWS
    return SAYS_NO if any(said.purpose == "listing" and said.state == "withdrawn" for said in found.consent) else SAYS_YES_OR_NOTHING


def _grants(item: runs.StagedItem) -> bool:
    return any(statement["purpose"] == "listing" and statement["state"] == "granted" for statement in item.consent or ())


def refuses(item: runs.StagedItem) -> bool:
    """Whether a record takes some consent back in so many words. One that says nothing of listing does not count: to import it would end
    the listing by its silence."""
    return _speaks(item) and any(statement["state"] == "withdrawn" for statement in item.consent or ())


def _speaks(item: runs.StagedItem) -> bool:
    """The record states something about listing in so many words; silence is what may be an accident."""
    return any(statement["purpose"] == "listing" for statement in item.consent or ())
