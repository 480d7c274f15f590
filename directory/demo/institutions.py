"""Invented institutions: twelve with a character of their own, and as many more as asked for."""

from dataclasses import dataclass
from typing import Final

from directory.demo.tables import table

MOST: Final = 32**3
_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class DemoInstitution:
    """`short` is unique and fit for file names and ids; `weight` is the share of mentors, relative to the others."""

    name: str
    short: str
    ror: str
    city: str
    state: str
    zone: str
    weight: float

    @property
    def facts(self) -> dict[str, str]:
        """The `institution` of the wire format."""
        return {"name": self.name, "ror": self.ror, "city": self.city, "state": self.state}


def ror_of(number: int) -> str:
    """An invented ROR id. All begin with `0exa`; check digits are ISO 7064 mod 97-10 over the base-32 number, as ROR computes them."""
    text = "exa" + "".join(_DIGITS[number >> shift & 31] for shift in (10, 5, 0))
    value = 0
    for char in text:
        value = value * 32 + _DIGITS.index(char)
    return f"https://ror.org/0{text}{98 - value * 100 % 97:02d}"


def _more(number: int) -> DemoInstitution:
    more = table("places")["more"]
    state, city, zone = more["states"][(number - 1) % len(more["states"])]
    kind = more["kinds"][number % len(more["kinds"])]
    return DemoInstitution(
        name=f"Example {kind} {number} of {city}", short=f"example{number}", ror=ror_of(number), city=city, state=state, zone=zone,
        weight=2.0 + number * 7 % 11,
    )  # fmt: skip


def institutions(count: int = 12) -> tuple[DemoInstitution, ...]:
    """The first `count` institutions; the ones before never change. Raises `ValueError` outside 1 to 32,768."""
    if not 1 <= count <= MOST:
        raise ValueError(f"{count} institutions were asked for; allowed: 1 to {MOST}")
    rows = table("places")["institution"][:count]
    named = [DemoInstitution(ror=ror_of(number), **row) for number, row in enumerate(rows, start=1)]
    return (*named, *(_more(number) for number in range(len(named) + 1, count + 1)))
