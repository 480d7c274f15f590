"""What a source's runs must come to, worked out from the rules of a run and nothing else: the oracle of the property test."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.world import record

GRANT: Final = {"purpose": "listing", "state": "granted"}
"""Without a date, so that every new record says it anew."""
OUTCOMES: Final = ("received", "added", "updated", "unchanged", "withdrawn", "rejected", "held", "suppressed")


def item(name: str, kind: str) -> dict[str, Any]:
    """One item of a feed. A kind is `record-N`, `silent-N`, `refusal-N`, `reject`, `nameless` or `tombstone`."""
    head, _, number = kind.partition("-")
    texts: dict[str, Any] = {"headline": f"Version {number}"}
    match head:
        case "record":
            return record(name, consent=[GRANT], **texts)
        case "silent":
            return record(name, consent=None, **texts)
        case "refusal":
            return record(name, consent=[GRANT | {"state": "withdrawn"}], **texts)
        case "reject":
            return record(name, name={"given": "Ada"})
        case "nameless":
            return {"id": "", "name": {"family": "Nobody"}}
        case _:
            return {"id": name, "withdrawn": True}


@dataclass
class Stored:
    """One stored record: what it was read from, its state, and whether its source's word is yes."""

    kind: str
    state: str = "live"
    missing: int = 0
    granted: bool = False


@dataclass(frozen=True)
class Reading:
    """The item that counts of those with one id, how much it takes back, and whether it changes something."""

    kind: str
    denial: int = 0
    staged: bool = False


def denial(kind: str) -> int:
    """How much an item takes back: nothing, the agreement, the person."""
    return 2 if kind == "tombstone" else int(kind.startswith("refusal"))


@dataclass
class FeedModel:
    """The records of one source after each run."""

    hold_count: int
    hold_share: float
    stored: dict[str, Stored] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    held: list[tuple[str, str]] = field(default_factory=list)
    held_absent: list[str] = field(default_factory=list)

    def listed(self) -> list[str]:
        """Who is to be found."""
        return sorted(
            name for name, row in self.stored.items() if row.state == "live" and row.granted and name not in self.withdrawn
        )  # fmt: skip

    def run(self, items: Sequence[tuple[str, str]], *, complete: bool) -> tuple[str, Mapping[str, int]]:
        """The status and the counts of a run over the (name, kind) of its items."""
        counts = Counter({"received": len(items)})
        reading: dict[str, Reading] = {}
        for name, kind in items:
            if kind == "nameless":
                counts["rejected"] += 1
            else:
                self._read(name, kind, reading, counts)
        live = [name for name, row in self.stored.items() if row.state == "live"]
        work = [(name, found.kind) for name, found in reading.items() if found.staged]
        lapsed = sum(kind.startswith("silent") and self._grants(name) for name, kind in work)
        absent = [name for name in live if name not in reading] if complete else []
        hold = len(absent) + lapsed > max(self.hold_count, self.hold_share * len(live))
        self.held, self.held_absent = [], []
        self._withdraw(work, counts)
        imports = [pair for pair in work if pair[1] != "tombstone"]
        if hold:
            counts["held"] = len(imports)
            self.held, self.held_absent = imports, absent
            return "held", counts
        self._import(imports, counts)
        if complete and not (absent and any(kind == "nameless" for _, kind in items)):
            self._remove(absent, at=2)
        return "complete" if complete else "incomplete", counts

    def _read(self, name: str, kind: str, reading: dict[str, "Reading"], counts: Counter[str]) -> None:
        """One item. Of several with one id the first counts, unless a later one takes more back."""
        row, before = self.stored.get(name), reading.get(name)
        if kind == "reject" or (before and denial(kind) <= before.denial):
            counts["rejected"] += 1
            reading.setdefault(name, Reading(kind))
            return
        if row:
            row.missing = 0
        if before is None and row and row.state == "live" and row.kind == kind:
            counts["unchanged"] += 1
            reading[name] = Reading(kind, denial(kind))
            return
        counts["unchanged"] += bool(before and before.staged)
        known = kind == "tombstone" and (row is None or row.state == "withdrawn") and not (before and before.staged)
        counts["unchanged"] += known
        reading[name] = Reading(kind, denial(kind), staged=not known)

    def _grants(self, name: str) -> bool:
        row = self.stored.get(name)
        return row is not None and row.state == "live" and row.kind.startswith("record")

    def release(self) -> Mapping[str, int]:
        """The outcomes of what was held."""
        counts = Counter[str]()
        self._import(self.held, counts)
        self._remove(self.held_absent, at=1)
        self.held, self.held_absent = [], []
        return counts

    def _withdraw(self, work: Sequence[tuple[str, str]], counts: Counter[str]) -> None:
        for name, kind in work:
            if kind == "tombstone":
                row = self.stored.get(name)
                counts["withdrawn" if row and row.state == "live" else "unchanged"] += 1
                if row:
                    row.state, row.granted = "withdrawn", False

    def _import(self, imports: Sequence[tuple[str, str]], counts: Counter[str]) -> None:
        for name, kind in imports:
            row = self.stored.get(name)
            if name in self.withdrawn:
                counts["suppressed"] += 1
                continue
            live = row is not None and row.state == "live"
            same = row is not None and row.kind == kind  # what replaced an earlier item of its id was not compared yet
            counts["unchanged" if live and same else "updated" if live else "added"] += 1
            self.stored[name] = Stored(kind, granted=kind.startswith("record"))

    def _remove(self, absent: Sequence[str], *, at: int) -> None:
        for name in absent:
            row = self.stored[name]
            row.missing += 1
            if row.missing >= at:
                row.state, row.granted = "absent", False
