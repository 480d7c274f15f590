"""How numbers, dates and hours are written in US English."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from directory.api.bodies import marked

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # strftime would follow the locale
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NOON: Final = 12 * 60
_RECENT_DAYS: Final = 90
_EASTERN: Final = "America/New_York"


def day(value: date) -> str:
    """`Nov 22, 2026`."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def moment(value: datetime) -> str:
    """`Nov 22, 2026, 6:10 AM Eastern`."""
    local = value.astimezone(ZoneInfo(_EASTERN))
    return f"{day(local.date())}, {local.hour % 12 or 12}:{local.minute:02} {'AM' if local.hour < 12 else 'PM'} Eastern"


def ago(value: date, today: date) -> str:
    """`today`, `12 days ago`, or the date where counting days would not help any more."""
    days = (today - value).days
    if days <= 0:
        return "today"
    if days > _RECENT_DAYS:
        return f"on {day(value)}"
    return "1 day ago" if days == 1 else f"{days} days ago"


def number(value: int) -> str:
    """`3,812`."""
    return f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 mentor`, `46 mentors`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def in_words(value: int) -> str:
    """Numbers below ten as words, as running text wants them."""
    return _NUMBERS[value] if 0 <= value < len(_NUMBERS) else number(value)


def _clock(minutes: int) -> tuple[str, str]:
    hour, minute = divmod(minutes % (24 * 60), 60)
    return f"{hour % 12 or 12}" + (f":{minute:02}" if minute else ""), "AM" if minutes % (24 * 60) < _NOON else "PM"


def hours(start: int, end: int) -> str:
    """A span of minutes after midnight: `12 to 1 PM`, `9:30 AM to 1 PM`."""
    (first, first_half), (last, last_half) = _clock(start), _clock(end)
    return f"{first} to {last} {last_half}" if first_half == last_half else f"{first} {first_half} to {last} {last_half}"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = tuple(words) or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def lowered(label: str) -> str:
    """A label inside a sentence: `medical students`, but `getting through the IRB` and `PhD students`."""
    return " ".join(word.lower() if word[1:].islower() else word for word in label.split(" "))


def highlighted(fragment: str) -> Markup:
    """A highlight of the engine as safe HTML."""
    return Markup(marked(fragment))  # noqa: S704 everything but the marks was escaped
