"""Specialty, degrees, stage, rank and department of a mentor, such that they go together."""

from dataclasses import dataclass
from typing import Final

from directory.core.vocabulary import Vocabularies
from directory.demo.dice import Dice, Weighted
from directory.demo.tables import table

_TAIL: Final = 1.0
"""Weight of a specialty that data/specialties.toml does not name."""
_DOCTORATE: Final = frozenset(
    {"clinical-psychology", "neuropsychology", "biostatistics", "basic-science-research", "medical-physics", "medical-humanities"}
)
_DENTAL: Final = frozenset({"oral-and-maxillofacial-surgery"})
_STAGES: Final = Weighted({"early": 39.0, "mid": 35.0, "senior": 24.0, "emeritus": 2.0})
_RANKS: Final = {
    "early": Weighted({"instructor": 18.0, "assistant-professor": 76.0, "associate-professor": 4.0, "adjunct": 2.0}),
    "mid": Weighted({"assistant-professor": 22.0, "associate-professor": 62.0, "professor": 13.0, "adjunct": 2.0, "other": 1.0}),
    "senior": Weighted({"associate-professor": 20.0, "professor": 77.0, "adjunct": 2.0, "other": 1.0}),
    "emeritus": Weighted({"emeritus-professor": 94.0, "professor": 6.0}),
}
_FIRST_DEGREE: Final = Weighted({"MD": 80.0, "DO": 13.0, "MBBS": 4.0, "MBChB": 1.0, "PhD": 2.0})
_MORE_DEGREES: Final = Weighted(
    {"": 50.0, "MPH": 14.0, "PhD": 9.0, "MS": 8.0, "MEd": 5.0, "MBA": 4.0, "MSc": 3.0, "MHPE": 3.0, "MSCE": 2.0, "MHS": 1.0, "MA": 1.0}
)


@dataclass(frozen=True, slots=True)
class Career:
    """Ids of the vocabularies but for `credentials` and `department`; the first specialty is the main one."""

    specialties: tuple[str, ...]
    credentials: tuple[str, ...]
    stage: str
    rank: str
    department: str


class Careers:
    """Draws careers with frequencies like those of US faculty, and a tail that reaches every active specialty."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        specialties = vocabularies["specialty"]
        rows = table("specialties")["specialty"]
        active = [term.id for term in specialties.active()]
        self._labels = {term.id: term.label for term in specialties.terms.values()}
        self._main = Weighted({key: float(rows.get(key, {}).get("weight", _TAIL)) for key in active})
        self._roots = {key: (key, *specialties.ancestors(key))[-1] for key in active}
        self._near = {key: self._neighbors(specialties.descendants(root), key, root) for key, root in self._roots.items()}
        self._far = tuple(key for key in table("specialties")["second"] if key in self._roots)

    @staticmethod
    def _neighbors(below: tuple[str, ...], key: str, root: str) -> tuple[str, ...]:
        return tuple(other for other in (root, *below) if other != key)

    def field(self, specialty: str) -> str:
        """The label of a specialty."""
        return self._labels[specialty]

    def draw(self, dice: Dice) -> Career:
        """The next career."""
        main = dice.draw(self._main)
        stage = dice.draw(_STAGES)
        found = {main: None}
        near = self._near[main]
        if near and dice.chance(0.4):
            found[dice.pick(near)] = None
        if self._far and dice.chance(0.3):
            found[dice.pick(self._far)] = None
        label = self._labels[self._roots[main]]
        department = label if dice.chance(0.6) else f"Department of {label}"
        if main != self._roots[main] and dice.chance(0.25):
            department = f"{label}, Division of {self._labels[main]}"
        return Career(tuple(found), self._credentials(main, dice), stage, dice.draw(_RANKS[stage]), department)

    @staticmethod
    def _credentials(main: str, dice: Dice) -> tuple[str, ...]:
        first = "PhD" if main in _DOCTORATE else "DDS" if main in _DENTAL else dice.draw(_FIRST_DEGREE)
        more = dice.draw(_MORE_DEGREES)
        found = dict.fromkeys(degree for degree in (first, more) if degree)
        if more and dice.chance(0.06):
            found["MBA"] = None
        return tuple(found)
