"""Headlines, bios and notes in the mentors' own voice, put together from many sentences with slots."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from directory.core.vocabulary import Vocabulary
from directory.demo.dice import Dice, Weighted
from directory.demo.tables import table

_PROPER: Final = frozenset({"Mohs", "Native"})
_YEARS: Final = {"early": (5, 12), "mid": (9, 22), "senior": (18, 34), "emeritus": (32, 48)}
_SMALLEST_POOL: Final = 4


def in_a_sentence(label: str) -> str:
    """The label in small letters but for abbreviations and names: "HIV medicine", "first R01 or K award"."""
    return " ".join(word if word in _PROPER or word == word.upper() else word.lower() for word in label.split())


def capital(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def _nouns(specialties: Vocabulary) -> dict[str, tuple[str, ...]]:
    known = {key: tuple(row["nouns"]) for key, row in table("specialties")["specialty"].items()}
    pools: dict[str, tuple[str, ...]] = {}
    for term in specialties.terms.values():
        field = in_a_sentence(term.label)
        above = next((known[key] for key in specialties.ancestors(term.id) if key in known), ())
        plain = (f"referrals to {field}", f"training in {field}", f"patients' questions about {field}", f"access to {field}")
        own = known.get(term.id) or (*plain, *above[:3])
        pools[term.id] = own if len(own) >= _SMALLEST_POOL else (*own, *above[:2], f"training in {field}")
    return pools


class _Slots(dict[str, str]):
    """What may stand in a slot: fixed values by key, and a new draw from the list of that name for every use of the others."""

    def __init__(self, writer: "Writer", dice: Dice) -> None:
        super().__init__()
        self.dice = dice
        self.writer = writer
        self.turns: dict[str, Iterator[str]] = {}

    def __missing__(self, key: str) -> str:
        turn = self.turns.get(key.lower().rstrip("2"))
        text = next(turn) if turn is not None else self.dice.pick(self.writer.lists[key.lower().removesuffix("_small")])
        if "{" in text:
            text = text.format_map(self)
        if key[0].isupper():
            return capital(text)
        return text[:1].lower() + text[1:] if key.endswith("_small") else text


def _turning(values: Sequence[str]) -> Iterator[str]:
    while True:
        yield from values


class Voice:
    """One mentor's way of writing: all texts of one person come from one voice, so that they fit together."""

    def __init__(self, writer: "Writer", dice: Dice, *, specialty: str, stage: str, topics: Sequence[str], today: date) -> None:
        self._writer = writer
        self._dice = dice
        self.nouns = dice.some(writer.nouns[specialty], 3)
        slots = self._slots = _Slots(writer, dice)
        slots["field"] = writer.fields[specialty]
        slots["Field"] = capital(slots["field"])
        low, high = _YEARS[stage]
        slots["year"] = str(today.year - dice.between(low, high))
        subjects = topics if len(topics) > 1 else (*topics, *dice.some(tuple(writer.topics), 2))
        slots.turns = {
            "noun": _turning(self.nouns),
            "hook": _turning([dice.pick(writer.hooks[topic]) for topic in subjects]),
            "topic": _turning([writer.topics[topic] for topic in subjects]),
            "promise": _turning(dice.some(writer.lists["promise"], 2)),
        }

    def sentence(self, kind: str) -> str:
        """One sentence of a list of data/texts.toml."""
        return self._dice.pick(self._writer.lists[kind]).format_map(self._slots)

    def headline(self) -> str:
        """One line about the mentor."""
        return self.sentence("headline")

    def note(self, topics: Sequence[str]) -> str:
        """What the mentor says about one offer with these topics."""
        says = self._writer.says[self._dice.pick(topics)] if topics else self._writer.lists["habit"]
        self._slots["special"] = self._dice.pick(says).format_map(self._slots)
        turns = self._slots.turns
        before = turns["topic"]
        if topics:
            turns["topic"] = _turning([self._writer.topics[topic] for topic in topics])
        text = self.sentence("note")
        turns["topic"] = before
        return text

    def bio(self, topics: Sequence[str], *, long: bool, spanish: bool) -> list[list[str]]:
        """Paragraphs of sentences."""
        dice = self._dice
        first = [self.sentence(kind) for kind, share in (("origin", 0.75), ("work", 0.85)) if dice.chance(share)]
        if long and dice.chance(0.35):
            first.append(self.sentence("work"))
        second = [self.sentence("habit")]
        if topics and dice.chance(0.5):
            second.append(dice.pick(self._writer.says[dice.pick(topics)]).format_map(self._slots))
        if dice.chance(0.7):
            second.append(self.sentence("practical"))
        if long:
            second += [self.sentence(kind) for kind, share in (("habit", 0.4), ("limit", 0.3)) if dice.chance(share)]
        third = [self.sentence("personal")] if dice.chance(0.5 if long else 0.25) else []
        if spanish:
            third.append(dice.pick(self._writer.lists["spanish"]))
        if dice.chance(0.2):
            first, second = second, first
        return [list(dict.fromkeys(part)) for part in (first, second, third) if part]


class Writer:
    """The lists of sentences, prepared for the terms of these vocabularies."""

    def __init__(self, specialties: Vocabulary, topics: Vocabulary) -> None:
        rows: Mapping[str, Mapping[str, Any]] = table("topics")
        self.nouns = _nouns(specialties)
        self.fields = {term.id: in_a_sentence(term.label) for term in specialties.terms.values()}
        self.topics = {term.id: in_a_sentence(term.label) for term in topics.terms.values()}
        self.hooks = {key: tuple(rows[key]["hook"]) if key in rows else (label,) for key, label in self.topics.items()}
        self.says = {key: tuple(rows[key]["say"]) if key in rows else tuple(table("texts")["habit"]) for key in self.topics}
        self.by_arena = {
            arena: Weighted({term.id: float(rows.get(term.id, {}).get("weight", 1.0)) for term in topics.active() if term.parent == arena})
            for arena in dict.fromkeys(term.parent for term in topics.active() if term.parent)
        }
        self.lists: dict[str, tuple[str, ...]] = {key: tuple(values) for key, values in table("texts").items()}
