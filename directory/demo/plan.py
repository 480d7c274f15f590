"""What the demo wrote, for those who load it and for tests that check the loading."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from directory.demo.institutions import DemoInstitution
from directory.demo.mess import REJECTING, Fault


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """What was written for one institution. `records` counts rows or items; `faults` the mistakes put in on purpose, by kind.

    `names` are the people of the profile server, by the last part of their page's address.
    """

    name: str
    kind: str
    path: Path
    institution: DemoInstitution
    records: int
    faults: Mapping[Fault, int]
    names: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """Records that can't be taken; from all others at most a single value is lost."""
        return sum(self.faults.get(fault, 0) for fault in REJECTING)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What `write_files` wrote. `twice` counts the mentors with a record at two institutions."""

    sources_file: Path
    sources: tuple[PlannedSource, ...]
    twice: int

    @property
    def records(self) -> int:
        """Rows and items of all files."""
        return sum(source.records for source in self.sources)
