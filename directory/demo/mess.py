"""Mistakes that real files have, put into about one record in a hundred, always the same ones."""

from copy import deepcopy
from typing import Any, Final, Literal

Fault = Literal["specialty", "date", "orcid", "family", "duplicate", "formula", "newline"]

FAULTS: Final[tuple[Fault, ...]] = ("specialty", "date", "orcid", "family", "duplicate", "formula", "newline")
REJECTING: Final[tuple[Fault, ...]] = ("family", "duplicate")
"""Faults that cost the whole record; the others cost one value or nothing."""

_EVERY: Final = 101
_FIRST: Final = 7
_BROKEN_LINES: Final = 'I wrote this in a spreadsheet.\nIt has "quotes", a comma;\r\na semicolon and several line ends.\n\n'
_MISSPELT: Final = {"a": "e", "e": "i", "i": "e", "o": "u", "u": "o"}


def fault_of(number: int) -> Fault | None:
    """The mistake in the record of this mentor, None for most."""
    return FAULTS[number // _EVERY % len(FAULTS)] if number % _EVERY == _FIRST else None


def misspelt(label: str) -> str:
    """The label with two letters wrong: close enough to be suggested, wrong enough to be nothing we know."""
    wrong = [place for place, char in enumerate(label) if char in _MISSPELT][1:3]
    return "".join(_MISSPELT[char] if place in wrong else char for place, char in enumerate(label)) + "e"


def wrong_check_digit(orcid: str) -> str:
    """The iD with another last character."""
    return orcid[:-1] + ("1" if orcid[-1] == "X" else str((int(orcid[-1]) + 3) % 10))


def spoil(record: dict[str, Any], fault: Fault, label: str) -> list[dict[str, Any]]:
    """The records to write instead of this one. `label` is that of its main specialty."""
    bad = deepcopy(record)
    if fault == "specialty":
        bad["specialties"] = [*bad["specialties"], misspelt(label)]
    elif fault == "date":
        bad["offers"][0]["confirmed_on"] = "2026-02-31"
    elif fault == "orcid":
        bad["orcid"] = wrong_check_digit(bad.get("orcid", "0000-0009-0000-0000"))
    elif fault == "family":
        bad["name"] = {"given": " ".join(bad["name"].values())}
    elif fault == "formula":
        bad["headline"] = f'=HYPERLINK("https://{bad["id"]}.example.org/","My group")'
    elif fault == "newline":
        bad["bio"] = _BROKEN_LINES + bad.get("bio", "")
    else:
        return [record, {**bad, "department": f"{bad['department']} (second entry)"}]
    return [bad]
