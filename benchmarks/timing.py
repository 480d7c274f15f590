"""Wall times of calls and their percentiles."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def side_by_side(
    ways: Mapping[str, Sequence[Callable[[], object]]], rounds: int, seldom: Mapping[str, int] | None = None
) -> dict[str, Times]:
    """Time the same questions asked in several ways, one after the other, so that what else the machine does hits all alike.

    Every question is asked once in every way before anything is measured, and each way comes first in turn, because what the one before
    it left in the caches costs the next one time. `seldom` names ways that are asked only one question in so many.
    """
    times = {way: Times() for way in ways}
    order = list(ways)
    for round_number in range(rounds + 1):
        for place, same in enumerate(zip(*ways.values(), strict=True)):
            calls = dict(zip(ways, same, strict=True))
            for way in order:
                if place % (seldom or {}).get(way, 1):
                    continue
                if round_number:
                    times[way].time(calls[way])
                else:
                    calls[way]()
            order.append(order.pop(0))
    return times
