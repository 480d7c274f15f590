"""What a run reports: counts by outcome, problems with their place, and how it ended."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

log = logging.getLogger(__name__)

OUTCOMES: Final = ("added", "updated", "unchanged", "withdrawn", "rejected", "held", "suppressed")
"""Every received item ends in exactly one of these."""

MOST_PROBLEMS: Final = 10_000
"""Problems kept of one run; the counts go on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a publisher can correct. `where` is the place in the source, `fatal` says that the item was rejected."""

    where: str
    field: str
    value: str = dataclasses.field(repr=False)
    message: str
    fatal: bool = False
    code: str = "field"
    external_id: str = dataclasses.field(default="", repr=False)
    excerpt: str = dataclasses.field(default="", repr=False)


@dataclass(slots=True)
class RunReport:
    """The course of one run. `absent` counts live records that the source did not send, `removed` those taken off for it,
    `lapsed` those whose record no longer states a consent."""

    source: str
    run: int | None = None
    status: str = "running"
    reason: str = ""
    counts: dict[str, int] = dataclasses.field(default_factory=lambda: dict.fromkeys(("received", *OUTCOMES), 0))
    absent: int = 0
    removed: int = 0
    lapsed: int = 0
    problems: list[Problem] = dataclasses.field(default_factory=list)
    problems_left_out: int = 0
    notices: list[str] = dataclasses.field(default_factory=list)

    def count(self, outcome: str, number: int = 1) -> None:
        """Give `number` received items their outcome."""
        self.counts[outcome] += number

    def add(self, problem: Problem) -> None:
        """Note a problem; past `MOST_PROBLEMS` only its number is kept."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.problems_left_out += 1

    @property
    def adds_up(self) -> bool:
        """The sum check: every received item has exactly one outcome."""
        return self.counts["received"] == sum(self.counts[outcome] for outcome in OUTCOMES)

    def settle(self) -> None:
        """The sum check at the end. Items that were staged and are gone belong to people who were erased meanwhile; anything else that
        does not add up is a mistake of this program and is logged."""
        gone, self.counts["held"] = self.counts["held"], 0  # of a run that is released, what it still held is not there any more
        self.count("suppressed", gone)
        if self.adds_up:
            return
        missing = self.counts["received"] - sum(self.counts[outcome] for outcome in OUTCOMES)
        if missing > 0:
            self.count("suppressed", missing)
        else:
            log.error("run %s of %s does not add up: %d outcomes too many", self.run, self.source, -missing)

    def as_json(self) -> dict[str, Any]:
        """The one object that `--json` prints."""
        return {
            "source": self.source,
            "run": self.run,
            "status": self.status,
            "reason": self.reason,
            **self.counts,
            "absent": self.absent,
            "removed": self.removed,
            "lapsed": self.lapsed,
            "notices": self.notices,
            "problems": [{"where": row.where, "field": row.field, "value": row.value, "message": row.message} for row in self.problems],
            "problems_left_out": self.problems_left_out,
        }

    def stored_counts(self) -> Mapping[str, int]:
        """What the store keeps of the run."""
        return {**self.counts, "absent": self.absent, "removed": self.removed, "lapsed": self.lapsed}
