"""Invented mentors as `mentor-profile/1` records. Mentor number i is the same in a directory of ten and of a million."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from directory.core.vocabulary import Vocabularies
from directory.demo.careers import Career, Careers
from directory.demo.dice import Dice, Weighted
from directory.demo.habits import Habits
from directory.demo.institutions import DemoInstitution, institutions
from directory.demo.names import Names
from directory.demo.offers import Offers
from directory.demo.texts import Voice, Writer, capital

SEED: Final = 1
MOST_PEOPLE: Final = 10_000_000
RECENT: Final = 330
"""Consents of the demo are at most this many days old, so that none has ended."""

_BASES: Final = ("form FA-{n}", "signed letter {n}", "online form {n}", "faculty system, entry {n}", "e-mail of the mentor, {n}")
_HIDDEN: Final = ({"bio": "members"}, {"windows": "members"}, {"affinity": "members"}, {"languages": "hidden"}, {"orcid": "members"})


def orcid_of(number: int) -> str:
    """A well-formed iD that is nobody's: 0000-0009-… lies outside both blocks that ORCID assigns.

    They run from 0000-0001-5000-0007 to 0000-0003-5000-0001 and from 0009-0000-0000-0000 to 0009-0010-0000-0000 (ORCID's "Structure of
    the ORCID Identifier"). Raises `ValueError` for a number that does not fit.
    """
    if not 0 <= number < MOST_PEOPLE:
        raise ValueError(f"{number} is not the number of a demo mentor; allowed: 0 to {MOST_PEOPLE - 1}")
    digits = f"00000009{(number * 6_364_137 + 1_442_695) % MOST_PEOPLE:07d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    last = "0123456789X"[(12 - total % 11) % 11]
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}{last}"


def _fullness(dice: Dice) -> int:
    """How much of a profile is filled in: 0 the bare minimum (one in eight), 1 the usual (one in three), 2 nearly everything."""
    roll = dice.roll()
    return 0 if roll < 0.12 else 1 if roll < 0.45 else 2


class Cast:
    """All mentors of one demo. Not to be shared between threads: drawing moves the dice."""

    def __init__(self, vocabularies: Vocabularies, *, today: date, seed: int = SEED, institutions_count: int = 12) -> None:
        self.institutions = institutions(institutions_count)
        self.today = today
        self._dice = Dice(seed)
        self._places = Weighted({place: place.weight for place in self.institutions})
        self._names = Names()
        self._careers = Careers(vocabularies)
        self._writer = Writer(vocabularies["specialty"], vocabularies["topic"])
        self._offers = Offers(self._writer)
        self._habits = Habits(vocabularies)

    def records(self, count: int, start: int = 0) -> Iterator[dict[str, Any]]:
        """The records number `start` to `start + count - 1`, one at a time."""
        return (self.record(number) for number in range(start, start + count))

    def works_at_two(self, number: int) -> bool:
        """Whether this mentor has a second appointment (about 1 in 70). Then there is always an ORCID iD, which joins the two records."""
        return len(self.institutions) > 1 and number * 40_503 % 65_536 < 930

    def record(self, number: int) -> dict[str, Any]:
        """The record of one mentor."""
        dice = self._dice
        dice.set(number)
        place = dice.draw(self._places)
        fullness = _fullness(dice)
        name = self._names.draw(dice)
        career = self._careers.draw(dice)
        offers, topics, confirmed = self._offers.draw(dice, stage=career.stage, fullness=fullness, today=self.today)
        voice = Voice(self._writer, dice, specialty=career.specialties[0], stage=career.stage, topics=topics, today=self.today)
        for offer in offers:
            if fullness and dice.chance(0.45 + 0.2 * fullness):
                offer["note"] = voice.note(offer.get("topics", ()))
        record = self._post(number, place, name.name, career, confirmed) | {"offers": offers}
        if dice.chance((0.35, 0.6, 0.72)[fullness]) or self.works_at_two(number):
            record["orcid"] = orcid_of(number)
        languages = self._habits.languages(dice, name.tongues)
        if fullness:
            self._words(record, voice, topics, fullness, spanish="es" in languages and dice.chance(0.3))
            self._habits.fill(record, dice, fullness=fullness, place=place, languages=languages)
        record["consent"] = self._consent(dice)
        return record

    def _post(self, number: int, place: DemoInstitution, name: dict[str, str], career: Career, confirmed: int) -> dict[str, Any]:
        """What the institution knows of the person. The record changed at some time around its last confirmation, `confirmed` days ago."""
        dice = self._dice
        changed = confirmed + dice.between(0, 20) if dice.chance(0.5) else max(1, confirmed - dice.between(0, confirmed))
        post: dict[str, Any] = {
            "id": f"{place.short}-{number:07d}",
            "updated_at": f"{self._day(changed)}T{dice.between(8, 22):02d}:{dice.between(0, 59):02d}:00Z",
            "name": name,
            "credentials": list(career.credentials),
            "institution": place.facts,
            "department": career.department,
            "specialties": list(career.specialties),
        }
        if dice.chance(0.95):
            post["rank"] = career.rank
        if dice.chance(0.85):
            post["stage"] = career.stage
        return post

    def second(self, number: int) -> tuple[DemoInstitution, dict[str, Any]]:
        """The record that the other employer of the mentor holds: same person and iD, other id and department, no own words."""
        record = self.record(number)
        others = [place for place in self.institutions if place.ror != record["institution"]["ror"]]
        dice = self._dice
        place = dice.pick(others)
        kept = ("name", "credentials", "orcid", "specialties", "rank", "consent")
        twin: dict[str, Any] = {key: record[key] for key in kept if key in record}
        twin |= {"id": f"{place.short}-v{number:07d}", "institution": place.facts}
        twin["updated_at"] = f"{self._day(dice.between(30, 300))}T12:00:00Z"
        twin["department"] = f"{record['department']} (visiting)"
        twin["offers"] = [{key: value for key, value in offer.items() if key != "note"} for offer in record["offers"][:1]]
        return place, twin

    def _day(self, ago: int) -> str:
        return (self.today - timedelta(days=ago)).isoformat()

    def _words(self, record: dict[str, Any], voice: Voice, topics: list[str], fullness: int, *, spanish: bool) -> None:
        dice = self._dice
        if dice.chance(0.9):
            record["headline"] = voice.headline()
        if dice.chance((0, 0.6, 0.95)[fullness]):
            paragraphs = [" ".join(part) for part in voice.bio(topics, long=fullness == 2, spanish=spanish)]
            marked, apart = dice.chance(0.2), dice.chance(0.4)
            record["bio"] = "".join(f"<p>{part}</p>" for part in paragraphs) if marked else ("\n\n" if apart else " ").join(paragraphs)
        if dice.chance(0.8):
            methods = dice.some(self._writer.lists["method"], dice.between(1, 3))
            record["keywords"] = [*voice.nouns[: dice.between(1, 3)], *methods]
        if fullness == 2 and dice.chance(0.4):
            meeting = dice.pick(self._writer.lists["meeting"])
            field = self._careers.field(record["specialties"][0])
            month, year = dice.pick(self._writer.lists["month"]), self.today.year + dice.between(0, 1)
            record["meetings"] = [f"Example {field} {meeting}, {month} {year}"]
        if fullness == 2 and dice.chance(0.35):
            record["affinity"] = dice.some(self._writer.lists["affinity"], dice.between(1, 2))
        if fullness == 2 and dice.chance(0.2):
            label = capital(voice.nouns[0])
            record["links"] = [{"url": f"https://{record['id']}.example.org/", "label": f"Group on {label[:1].lower()}{label[1:]}"}]
        if dice.chance(0.07):
            record["visibility"] = dict(dice.pick(_HIDDEN))

    def _consent(self, dice: Dice) -> list[dict[str, str]]:
        roll = dice.roll()
        if roll < 0.04:
            return []
        ago = dice.between(1, RECENT)
        evidence = dice.pick(_BASES).format(n=dice.between(100, 99_999))
        if roll < 0.05:
            return [{"purpose": "listing", "state": "withdrawn", "at": self._day(min(ago, 60)), "evidence": evidence}]
        granted = {"purpose": "listing", "state": "granted", "at": self._day(ago), "evidence": evidence}
        return [granted, {**granted, "purpose": "contact"}] if dice.chance(0.62) else [granted]


def records(
    count: int, start: int = 0, *, vocabularies: Vocabularies, today: date, seed: int = SEED, institutions_count: int = 12
) -> Iterator[dict[str, Any]]:
    """Records for benchmarks and tests, without files: `Cast.records` of a new cast."""
    return Cast(vocabularies, today=today, seed=seed, institutions_count=institutions_count).records(count, start)
