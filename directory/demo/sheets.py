"""Spreadsheet exports as seven offices would send them: other headers, separators, encodings, dates, and columns that nobody asked for."""

import csv
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from directory.core.vocabulary import Vocabularies

_TERMS: Final = {"stage": "career stage", "rank": "rank", "cadence": "cadence"}
_TERM_LISTS: Final = {"specialty": "specialties", "mode": "modes", "language": "languages", "style": "style"}
_TEXTS: Final = {
    "id": "id",
    "orcid": "ORCID iD",
    "department": "department",
    "headline": "headline",
    "bio": "bio",
    "time_zone": "time zone",
}
_TEXT_LISTS: Final = ("credentials", "keywords", "meetings", "affinity")
_NAMES: Final = {"family": "family name", "given": "given name", "middle": "middle name", "suffix": "suffix"}
_BEFORE_OFFERS: Final = (
    "id", *_NAMES.values(), "credentials", "ORCID iD", "department", "rank", "career stage", "headline", "bio", "specialties", "keywords",
    "arenas",
)  # fmt: skip
_OFFER: Final = ("topics", "levels", "capacity", "taken", "paused until", "note", "last confirmed")
_AFTER_OFFERS: Final = (
    "modes", "cadence", "weekly times", "time zone", "languages", "meetings", "affinity", "style", "links", "consent", "consent date",
    "consent evidence", "contact consent", "members only fields", "hidden fields", "updated",
)  # fmt: skip
_NOT_IN_1252: Final = str.maketrans({"\u02bb": "'", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "\u0131": "i"})

_LAST_FIRST: Final = {
    "id": "Faculty ID",
    "family name": "Last Name",
    "given name": "First Name",
    "middle name": "MI",
    "credentials": "Degrees",
    "ORCID iD": "ORCID",
    "department": "Dept",
    "rank": "Academic Rank",
    "specialties": "Specialty",
    "keywords": "Research Interests",
    "languages": "Languages Spoken",
    "consent": "Opt-In",
    "consent date": "Opt in date",
    "updated": "Last Modified",
}
_SHOUTED: Final = {
    "id": "EMPLOYEE ID",
    "family name": "SURNAME",
    "given name": "FORENAME",
    "bio": "BIOSKETCH",
    "consent": "CONSENTED",
    "consent date": "DATE OF CONSENT",
    "updated": "LAST UPDATED",
    "weekly times": "OFFICE HOURS",
    "modes": "HOW TO MEET",
    "cadence": "HOW OFTEN",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How one office writes its file.

    `headers` renames columns, `extra` adds columns with a fixed cell, `plain` leaves out the details of offers.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"
    american: bool = True
    quote_all: bool = False
    plain: bool = False
    backwards: bool = False


STYLES: Final = (
    Style(american=False),
    Style(_LAST_FIRST, delimiter=";", newline="\r\n"),
    Style(_LAST_FIRST, encoding="cp1252", newline="\r\n", extra={"Building": "Example Tower"}),
    Style(_LAST_FIRST, encoding="utf-8-sig", newline="\r\n", extra={"Office": "B 12", "Fiscal year": "2027", "Phone": "n/a"}),
    Style(_SHOUTED, backwards=True, extra={"EMAIL": "see directory", "COST CENTER": "00-000"}),
    Style(
        {
            "id": "Person ID",
            "family name": "Last",
            "given name": "First",
            "arenas": "Mentoring topics",
            "levels": "Will mentor",
            "last confirmed": "Last verified",
        },
        delimiter="\t",
        plain=True,
    ),
    Style(quote_all=True, american=False, encoding="utf-8-sig"),
)
"""One for each institution of the demo that sends a spreadsheet, in their order."""


def fit_1252(text: str) -> str:
    """The text as a program that knows Windows-1252 only would save it: base letters for letters that it lacks, `?` for the rest."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return "".join(map(_fit_letter, unicodedata.normalize("NFC", text).translate(_NOT_IN_1252)))
    return text


def _fit_letter(char: str) -> str:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        base = unicodedata.normalize("NFD", char)[0]
        return base if base.isascii() else "?"
    return char


class Sheet:
    """A CSV file that is being written; finished when the context ends."""

    def __init__(self, path: Path, style: Style, vocabularies: Vocabularies) -> None:
        self.count = 0
        self._style = style
        self._labels = {name: {term.id: term.label for term in vocabulary.terms.values()} for name, vocabulary in vocabularies.items()}
        self._arenas = {term.id: term.label.lower() for term in vocabularies["arena"].active()}
        self._columns = self._chosen()
        self._file = path.open("w", encoding=style.encoding, newline="")
        quoting: Literal[0, 1] = csv.QUOTE_ALL if style.quote_all else csv.QUOTE_MINIMAL
        self._rows = csv.writer(self._file, delimiter=style.delimiter, lineterminator=style.newline, quoting=quoting)
        self._rows.writerow([*(style.headers.get(column, column) for column in self._columns), *style.extra])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def write(self, record: Mapping[str, Any]) -> None:
        """Add a record."""
        cells = self._person(record) | self._meeting(record) | self._offers(record["offers"]) | self._agreed(record)
        row = [cells.get(column, "") for column in self._columns]
        fit: Callable[[str], str] = fit_1252 if self._style.encoding == "cp1252" else str
        self._rows.writerow([*map(fit, row), *self._style.extra.values()])
        self.count += 1

    def _chosen(self) -> tuple[str, ...]:
        details = tuple(f"{arena} {part}" for arena in self._arenas.values() for part in _OFFER)
        columns = (*_BEFORE_OFFERS, *(("levels", "last confirmed") if self._style.plain else details), *_AFTER_OFFERS)
        return columns[::-1] if self._style.backwards else columns

    def _person(self, record: Mapping[str, Any]) -> dict[str, str]:
        cells = {column: record["name"].get(key, "") for key, column in _NAMES.items()}
        cells |= {column: record.get(key, "") for key, column in _TEXTS.items()}
        cells |= {key: "; ".join(record.get(key, ())) for key in _TEXT_LISTS}
        cells |= {column: self._labels[key].get(record.get(key, ""), "") for key, column in _TERMS.items()}
        for vocabulary, key in _TERM_LISTS.items():
            cells[key] = self._terms(vocabulary, record.get(key, ()))
        return cells

    def _meeting(self, record: Mapping[str, Any]) -> dict[str, str]:
        times = [f"{window['day'].capitalize()} {window['start']}-{window['end']}" for window in record.get("windows", ())]
        links = [f"{link['label']} {link['url']}" for link in record.get("links", ())]
        return {"weekly times": "; ".join(times), "links": "; ".join(links)}

    def _offers(self, offers: list[dict[str, Any]]) -> dict[str, str]:
        cells: dict[str, str] = {}
        for offer in offers:
            arena = self._arenas[offer["arena"]]
            cells[f"{arena} topics"] = self._terms("topic", offer.get("topics", ()))
            cells[f"{arena} levels"] = self._terms("level", offer.get("levels", ()))
            for column, key in (("capacity", "capacity"), ("taken", "taken"), ("note", "note")):
                cells[f"{arena} {column}"] = str(offer.get(key, ""))
            for column, key in (("paused until", "paused_until"), ("last confirmed", "confirmed_on")):
                cells[f"{arena} {column}"] = self._day(offer.get(key, ""))
        cells["arenas"] = self._terms("arena", [offer["arena"] for offer in offers])
        if self._style.plain:
            topics = [topic for offer in offers for topic in offer.get("topics", ())]
            cells["arenas"] = "; ".join(filter(None, (cells["arenas"], self._terms("topic", topics))))
            cells["levels"] = self._terms("level", list(dict.fromkeys(level for offer in offers for level in offer.get("levels", ()))))
            cells["last confirmed"] = self._day(max(offer.get("confirmed_on", "") for offer in offers))
        return cells

    def _agreed(self, record: Mapping[str, Any]) -> dict[str, str]:
        cells = {"updated": record["updated_at"] if not self._style.american else self._day(record["updated_at"][:10])}
        for statement in record.get("consent", ()):
            column = "consent" if statement["purpose"] == "listing" else "contact consent"
            cells[column] = "yes" if statement["state"] == "granted" else "no"
            cells["consent date"] = self._day(statement["at"])
            cells["consent evidence"] = statement["evidence"]
        for audience, column in (("members", "members only fields"), ("hidden", "hidden fields")):
            cells[column] = "; ".join(key for key, value in record.get("visibility", {}).items() if value == audience)
        return cells

    def _terms(self, vocabulary: str, ids: Any) -> str:
        """Labels; what is no term stays as it is."""
        return "; ".join(self._labels[vocabulary].get(key, key) for key in ids)

    def _day(self, iso: str) -> str:
        """The day as this office writes it. One that does not exist is written all the same."""
        if not iso or not self._style.american:
            return iso
        try:
            day = date.fromisoformat(iso)
        except ValueError:
            year, month, number = iso.split("-")
            return f"{int(month)}/{int(number)}/{year}"
        return f"{day.month}/{day.day}/{day.year}"
