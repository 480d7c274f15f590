"""What a mentor offers: arenas, topics, whom, how many places, and when that was last confirmed.

Places follow Luckhaupt 2005 (J Gen Intern Med 20:1014): a median of 5 mentees (quartiles 3 and 8) in all, a third of the mentors full.
"""

from datetime import date, timedelta
from typing import Any, Final

from directory.demo.dice import Dice, Weighted
from directory.demo.texts import Writer

_ARENA_COUNTS: Final = Weighted({1: 34.0, 2: 42.0, 3: 24.0})
_ARENA_WEIGHTS: Final = {"research-skills": 42.0, "career-development": 37.0, "personal-goals": 21.0}
_PLACES: Final = {
    "early": (1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5),
    "mid": (1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 8),
    "senior": (2, 3, 3, 4, 4, 5, 5, 6, 6, 8, 10, 12),
    "emeritus": (1, 2, 3, 3, 4, 6),
}
_LEVELS: Final = {
    "research-skills": (
        ("resident", 0.7),
        ("fellow", 0.55),
        ("student", 0.45),
        ("junior-faculty", 0.5),
        ("postdoc", 0.18),
        ("phd-student", 0.12),
        ("undergraduate", 0.08),
        ("other-trainee", 0.03),
    ),
    "career-development": (
        ("resident", 0.62),
        ("fellow", 0.6),
        ("student", 0.4),
        ("junior-faculty", 0.6),
        ("mid-career-faculty", 0.16),
        ("postdoc", 0.06),
        ("advanced-practice", 0.08),
    ),
    "personal-goals": (
        ("resident", 0.75),
        ("fellow", 0.6),
        ("student", 0.5),
        ("junior-faculty", 0.6),
        ("mid-career-faculty", 0.2),
        ("advanced-practice", 0.1),
        ("undergraduate", 0.04),
    ),
}
_CONFIRMED: Final = 0.7
_LONG_AGO: Final = 0.9


class Offers:
    """Draws the offers of one mentor."""

    def __init__(self, writer: Writer) -> None:
        self._topics = writer.by_arena
        self._arenas = Weighted({arena: _ARENA_WEIGHTS.get(arena, 10.0) for arena in self._topics})

    def draw(self, dice: Dice, *, stage: str, fullness: int, today: date) -> tuple[list[dict[str, Any]], list[str], int]:
        """The offers, all their topics, and for how many days nobody confirmed or changed them."""
        roll = dice.roll()
        ago = 1 + int(89 * dice.roll() ** 1.2) if roll < _CONFIRMED else dice.between(91, 400)
        stated = roll < _LONG_AGO
        count = 1 if not fullness else dice.draw(_ARENA_COUNTS)
        arenas = dice.several(self._arenas, count + 1)[:count]
        offers = [self._offer(dice, arena, stage, fullness) for arena in self._topics if arena in arenas]
        paused = dice.chance(0.05)
        for offer in offers:
            if stated:
                own = ago if dice.chance(0.85) else min(ago + dice.between(0, 60), 420)
                offer["confirmed_on"] = (today - timedelta(days=own)).isoformat()
            if paused and dice.chance(0.8):
                offer["paused_until"] = (today + timedelta(days=dice.between(7, 200))).isoformat()
            elif dice.chance(0.015):
                offer["paused_until"] = (today - timedelta(days=dice.between(1, 120))).isoformat()
        return offers, [topic for offer in offers for topic in offer.get("topics", ())], ago

    def _offer(self, dice: Dice, arena: str, stage: str, fullness: int) -> dict[str, Any]:
        offer: dict[str, Any] = {"arena": arena}
        if fullness or dice.chance(0.3):
            offer["topics"] = dice.several(self._topics[arena], dice.between(2, 3 + fullness))
        if dice.chance(0.93 if fullness else 0.6):
            levels = [level for level, share in _LEVELS.get(arena, _LEVELS["personal-goals"]) if dice.chance(share)]
            offer["levels"] = levels or ["resident"]
        if dice.chance(0.94 if fullness else 0.7):
            capacity = offer["capacity"] = dice.pick(_PLACES[stage])
            if dice.chance(0.95):
                offer["taken"] = capacity if dice.chance(0.3) else int(capacity * (0.1 + 0.88 * dice.roll()))
        return offer
