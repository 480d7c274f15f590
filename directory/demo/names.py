"""Names from many origins, put together as people of that origin write them in the USA."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from directory.demo.dice import Dice, Weighted
from directory.demo.tables import table

_INITIALS = tuple(f"{letter}." for letter in "ABCDEFGHJKLMNOPRSTVW")
_SUFFIXES = ("Jr.", "II", "III", "IV")
_SUFFIXED = ("english", "african-american", "irish-scottish")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name comes from; the chances are explained in data/names.toml."""

    id: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    tongues: tuple[tuple[str, float], ...]
    middle: float
    second: float
    joints: tuple[str, ...]
    single: float
    mixed: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A name in the parts of the wire format, and the languages that may come with it."""

    name: dict[str, str]
    tongues: tuple[tuple[str, float], ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def _origin(values: Mapping[str, Any]) -> Origin:
    return Origin(
        id=values["id"], given=_words(values["given"]), family=_words(values["family"]), tongues=tuple(values.get("tongue", {}).items()),
        middle=values["middle"], second=values["second"], joints=tuple(values["joint"].split("|")), single=values.get("single", 0.0),
        mixed=values.get("mixed", 0.08),
    )  # fmt: skip


class Names:
    """Draws names. `mixed` is the chance of an English given name beside the family name, or of a family name from elsewhere."""

    def __init__(self) -> None:
        rows = table("names")["origin"]
        origins = {row["id"]: _origin(row) for row in rows}
        self._origins = Weighted({origins[row["id"]]: row["weight"] for row in rows})
        self._english = origins["english"]

    def draw(self, dice: Dice) -> Drawn:
        """The next name. Always a family name; the given name is missing for the rare people who have one name only."""
        origin = dice.draw(self._origins)
        if origin.single and dice.chance(origin.single):
            return Drawn({"family": dice.pick(origin.given)}, origin.tongues)
        name = {"given": self._given(origin, dice)}
        if dice.chance(origin.middle):
            name["middle"] = dice.pick(_INITIALS)
        name["family"] = self._family(origin, dice)
        if origin.id in _SUFFIXED and dice.chance(0.03):
            name["suffix"] = dice.pick(_SUFFIXES)
        return Drawn(name, origin.tongues)

    def _given(self, origin: Origin, dice: Dice) -> str:
        return dice.pick(self._english.given if dice.chance(origin.mixed) else origin.given)

    def _family(self, origin: Origin, dice: Dice) -> str:
        family = dice.pick(origin.family)
        if dice.chance(origin.second):
            second = dice.pick((origin if dice.chance(0.6) else dice.draw(self._origins)).family)
            joint = dice.pick(origin.joints)
            if second != family and not ("-" in joint and ("-" in family or "-" in second or " " in second)):
                return f"{family}{joint}{second}"
        return family
