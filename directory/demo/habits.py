"""How, when and in which language a mentor meets people."""

from typing import Any, Final

from directory.core.profile import DAYS
from directory.core.vocabulary import Vocabularies
from directory.demo.dice import Dice, Weighted
from directory.demo.institutions import DemoInstitution

_MODES: Final = (("video", 0.86), ("phone", 0.45), ("text", 0.5), ("in-person", 0.25), ("meetings", 0.33))
_CADENCES: Final = Weighted({"monthly": 45.0, "every-two-weeks": 20.0, "as-needed": 17.0, "quarterly": 10.0, "weekly": 8.0})
_DAYS: Final = Weighted({"mon": 19.0, "tue": 20.0, "wed": 20.0, "thu": 20.0, "fri": 15.0, "sat": 3.0, "sun": 3.0})
_STARTS: Final = (
    "06:30",
    "07:00",
    "07:30",
    "08:00",
    "09:00",
    "11:30",
    "12:00",
    "12:00",
    "12:30",
    "13:00",
    "14:00",
    "15:30",
    "16:00",
    "17:00",
    "17:30",
    "18:00",
    "19:00",
    "20:00",
)
_LENGTHS: Final = (60, 60, 90, 120, 120, 150, 180)
_SPANISH: Final = 0.075
"""Chance to speak Spanish without having it from home; with those who do, 15 in a hundred mentors speak it."""


def _later(start: str, minutes: int) -> str:
    end = int(start[:2]) * 60 + int(start[3:]) + minutes
    return f"{end // 60:02d}:{end % 60:02d}"


class Habits:
    """Draws modes, rhythm, windows, languages and style."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._styles = tuple(term.id for term in vocabularies["style"].active())
        self._foreign = tuple(term.id for term in vocabularies["language"].active() if term.id not in ("en", "es"))

    def languages(self, dice: Dice, tongues: tuple[tuple[str, float], ...]) -> list[str]:
        """English nearly always, then what may come with the name, then Spanish and now and then another."""
        found = {"en": None} if dice.chance(0.98) else {}
        for tongue, share in tongues:
            if dice.chance(share):
                found[tongue] = None
        if dice.chance(_SPANISH):
            found["es"] = None
        if dice.chance(0.015):
            found[dice.pick(self._foreign)] = None
        return list(found)

    def fill(self, record: dict[str, Any], dice: Dice, *, fullness: int, place: DemoInstitution, languages: list[str]) -> None:
        """Add to the record what a mentor with this care for the profile states."""
        if dice.chance(0.9):
            record["modes"] = [mode for mode, share in _MODES if dice.chance(share)] or ["video"]
        if dice.chance(0.45 + 0.2 * fullness):
            record["cadence"] = dice.draw(_CADENCES)
        if dice.chance(0.3 * fullness):
            record["windows"] = self._windows(dice)
            record["time_zone"] = place.zone
        if languages and dice.chance(0.45 + 0.25 * fullness):
            record["languages"] = languages
        if dice.chance(0.35 * fullness):
            record["style"] = dice.some(self._styles, dice.between(1, 4))

    @staticmethod
    def _windows(dice: Dice) -> list[dict[str, str]]:
        usual = dice.pick(_STARTS)
        chosen = dice.several(_DAYS, dice.between(1, 5))
        found = []
        for day in (day for day in DAYS if day in chosen):
            start = usual if dice.chance(0.6) else dice.pick(_STARTS)
            found.append({"day": day, "start": start, "end": _later(start, dice.pick(_LENGTHS))})
        return found
