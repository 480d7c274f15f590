"""Wall times of calls and their percentiles."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Times:
    """Milliseconds of many calls of one kind."""

    taken: list[float] = field(default_factory=list)

    def time(self, call: Callable[[], object]) -> None:
        """Add one call."""
        started = time.perf_counter()
        call()
        self.taken.append((time.perf_counter() - started) * 1000)

    @property
    def p50(self) -> float:
        """The median."""
        return percentile(self.taken, 0.50)

    @property
    def p95(self) -> float:
        """What 19 of 20 calls stay below."""
        return percentile(self.taken, 0.95)


def percentile(values: Iterable[float], share: float) -> float:
    """The value at a share from 0 to 1 of the sorted values (nearest rank). Raises ValueError for no values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there is nothing to take a percentile of")
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def side_by_side(ways: dict[str, Sequence[Callable[[], object]]], rounds: int) -> dict[str, Times]:
    """Time the same questions asked in several ways, one after the other, so that what else the machine does hits all alike.

    Every question is asked once in every way before anything is measured.
    """
    times = {way: Times() for way in ways}
    for number in range(rounds + 1):
        for same in zip(*ways.values(), strict=True):
            for way, call in zip(ways, same, strict=True):
                if number:
                    times[way].time(call)
                else:
                    call()
    return times
