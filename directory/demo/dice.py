"""Repeatable choices: the same seed and index always give the same sequence, on every platform and release of Python."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Values with weights, ready to be drawn from."""

    __slots__ = ("_sums", "values")

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.values = tuple(weights)
        self._sums = tuple(accumulate(weights.values()))

    def at(self, point: float) -> T:
        """The value at `point`, 0 <= point < 1, of the line of weights."""
        return self.values[bisect(self._sums, point * self._sums[-1])]


class Dice:
    """A source of choices that is set to an index and then draws; far from any other index, however close the numbers."""

    __slots__ = ("_generator", "_seed", "roll")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._generator = Random(seed)  # noqa: S311 repeatability is the purpose
        self.roll = self._generator.random

    def set(self, index: int) -> None:
        """Begin the sequence of `index`."""
        self._generator.seed((self._seed << 64) | index)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.roll() < probability

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, all equally likely."""
        return values[int(self.roll() * len(values))]

    def draw(self, values: Weighted[T]) -> T:
        """One of the values by weight."""
        return values.at(self.roll())

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.roll() * (high - low + 1))

    def some(self, values: Sequence[T], count: int) -> list[T]:
        """Up to `count` different values, in random order."""
        size = len(values)
        if count * 3 > size:
            return self._shuffled(values)[:count]
        found: dict[int, None] = {}
        while len(found) < count:
            found[int(self.roll() * size)] = None
        return [values[place] for place in found]

    def several(self, values: Weighted[T], count: int) -> list[T]:
        """Up to `count` different values by weight; a repeated draw is not made up for."""
        return list(dict.fromkeys(values.at(self.roll()) for _ in range(count)))

    def _shuffled(self, values: Sequence[T]) -> list[T]:
        mixed = list(values)
        for last in range(len(mixed) - 1, 0, -1):
            other = int(self.roll() * (last + 1))
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
