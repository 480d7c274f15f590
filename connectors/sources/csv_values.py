"""Cells of a spreadsheet as values: lists, US dates, yes and no, weekly times.

What can't be read stays as it is, for the reader of records to report.
"""

import re
from datetime import date
from typing import Final

YES: Final = frozenset({"yes", "y", "true", "t", "x", "1"})
NO: Final = frozenset({"no", "n", "false", "f", "0"})
AGREED: Final = YES | {"granted", "agreed", "opt in", "opted in", "opt-in", "ok", "consented"}
DECLINED: Final = NO | {"withdrawn", "revoked", "declined", "refused", "opt out", "opted out", "opt-out"}
GONE: Final = YES | {"withdrawn", "removed", "left"}

_US_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?:\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp]\.?[Mm]\.?)?)?")
_LIST: Final = re.compile(r"[;\n]")
_TIME: Final = r"(\d{1,2})(?::(\d{2}))?\s*([ap]\.?m\.?)?"
_WINDOW: Final = re.compile(rf"([a-z]+)\.?,?\s+{_TIME}\s*(?:-|\u2013|\u2014|to|until)\s*{_TIME}", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_FORMULA: Final = re.compile(r"\s*(?:=|[+\-@]\s*(?:[A-Za-z_.][\w.]*\(|\$?[A-Za-z]{1,3}\$?\d+\b|[^|]*\|[^!]*!))")
_SIGNS: Final = "=+-@ \t\r\n"


def as_text(text: str) -> object:
    """The cell as it is."""
    return text


def as_list(text: str) -> object:
    """The parts between `;` and line ends."""
    return [part for piece in _LIST.split(text) if (part := piece.strip())]


def as_date(text: str) -> object:
    """A date in US order as ISO. Two digits mean a year from 2000 on."""
    found = _US_DATE.fullmatch(text)
    if not found:
        return text
    month, day, year = (int(part) for part in found.groups())
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        return text


def as_consent(text: str) -> object:
    """A state of consent for any way to write yes or no."""
    word = _word(text)
    return "granted" if word in AGREED else "withdrawn" if word in DECLINED else text


def as_gone(text: str) -> object:
    """Whether somebody withdrew: True, False, or the day of it as ISO."""
    word = _word(text)
    return True if word in GONE else False if word in NO else as_date(text)


def _word(text: str) -> str:
    return text.casefold().strip(" .")


def as_window(text: str) -> dict[str, str]:
    """`Mon 12:00-14:00`, `Thursday 9-10:30am` as a window of a record."""
    found = _WINDOW.fullmatch(text)
    if not found:
        return {"day": text, "start": "00:00", "end": "24:00"}
    name, hour, minute, half, end_hour, end_minute, end_half = found.groups()
    # In "9-10:30am" the half of the day is said once, at the end; "11-1pm" begins before noon.
    if end_half and not half:
        half = "am" if end_half[0] in "pP" and int(hour) % 12 > int(end_hour) % 12 else end_half
    return {"day": name[:3].lower(), "start": _clock(hour, minute, half), "end": _clock(end_hour, end_minute, end_half)}


def _clock(hour: str, minute: str | None, half: str | None) -> str:
    number = int(hour)
    if half and 1 <= number <= 12:
        number = number % 12 + (12 if half[0] in "pP" else 0)
    return f"{number:02d}:{minute or '00'}"


def as_link(text: str) -> dict[str, str]:
    """An address with words beside it as a link of a record."""
    found = _ADDRESS.search(text)
    if not found:
        return {"url": text}
    label = (text[: found.start()] + text[found.end() :]).strip(" :-()\u2013\t")
    return {"url": found[0], "label": label} if label else {"url": found[0]}


def is_formula(text: str) -> bool:
    """True for a cell that a spreadsheet program would run when it opens a file with this text."""
    return _FORMULA.match(text) is not None


def without_formula(text: str) -> str:
    """The text without the signs that make it a formula."""
    return text.lstrip(_SIGNS)
