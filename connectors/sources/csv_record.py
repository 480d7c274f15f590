"""One row of a spreadsheet as a record of `mentor-profile/1`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.base import Rejected, SourceConfig, complete_record
from connectors.sources.csv_columns import Column
from connectors.sources.csv_header import Layout
from connectors.sources.csv_values import as_link, as_list, as_window
from directory.core.record_fields import HIDEABLE
from directory.core.vocabulary import Vocabularies, fold

ALL_ARENAS: Final = {"levels": "levels", "paused until": "paused_until", "last confirmed": "confirmed_on"}
"""Columns of the whole row that fill in what an arena's own columns leave open."""


@dataclass(frozen=True, slots=True)
class RowData:
    """Cells of one row with the layout that says what they mean."""

    layout: Layout = field(repr=False)
    cells: Sequence[str] = field(repr=False)

    def values(self) -> Iterator[tuple[Column, str]]:
        """The cells that are read and not blank."""
        for index, column in self.layout.columns:
            text = self.cells[index].strip()
            if text:
                yield column, text


class RowMapper:
    """Maps rows. `places` says, for a path into a mapped record, which column it came from."""

    def __init__(self, config: SourceConfig, vocabularies: Vocabularies, spellings: Mapping[str, Column]) -> None:
        self._config = config
        self._vocabularies = vocabularies
        self._spellings = spellings

    def map(self, row: RowData) -> dict[str, object]:
        """The record or tombstone. Raises `Rejected` for a row whose wishes about withdrawal or visibility can't be read."""
        record: dict[str, Any] = {"name": {}}  # there even when empty, so that the missing family name is what gets reported
        offers: dict[str, dict[str, Any]] = {}
        rest: dict[str, Any] = {}
        for column, text in row.values():
            value = self._terms(column, text) if column.vocabulary and column.read is as_list else column.read(text)
            head, _, tail = column.path.partition(".")
            if head == "offers" and tail:
                arena, _, name = tail.partition(".")
                offers.setdefault(arena, {"arena": arena})[name] = value
            elif head in ("offers", "consent", "visibility", "withdrawn"):
                rest[column.title] = value
            elif tail:
                record.setdefault(head, {})[tail] = value
            else:
                record[head] = value
        if rest.get("withdrawn", False) is not False:
            return _tombstone(record.get("id", ""), rest["withdrawn"], self.place(row, "withdrawn"))
        return self._finish(record, offers, rest)

    def place(self, row: RowData, path: str) -> str:
        """The header of the column that the value at `path` of the mapped record came from."""
        head, *rest = path.split(".")
        titles = ["withdrawn"] if path == "at" else [path, ".".join(path.split(".")[:2]), head]
        if head == "offers" and rest and rest[0].isdigit():
            arenas = [str(offer.get("arena", "")) for offer in self._offers_of(row)]
            arena = arenas[int(rest[0])] if int(rest[0]) < len(arenas) else ""
            titles = [f"offers.{arena}.{rest[1]}" if len(rest) > 1 else "", "offers"]
        for wanted in titles:
            for _, column in row.layout.columns:
                if column.path == wanted:
                    return f'column "{row.layout.header_of(column)}"'
        return path

    def _offers_of(self, row: RowData) -> Sequence[Mapping[str, Any]]:
        offers = self.map(row).get("offers", ())
        return offers if isinstance(offers, list) else ()

    def _finish(self, record: dict[str, Any], offers: dict[str, dict[str, Any]], rest: dict[str, Any]) -> dict[str, object]:
        if "windows" in record:
            record["windows"] = [as_window(text) for text in record["windows"]]
        if "links" in record:
            record["links"] = [as_link(text) for text in record["links"]]
        record["offers"] = self._offers(offers, rest)
        record["consent"] = _consent(rest)
        record["visibility"] = self._visibility(rest)
        self._own_institution(record)
        return complete_record(self._config, {key: value for key, value in record.items() if value or key == "name"})

    def _terms(self, column: Column, text: str) -> list[str]:
        """Parts of a list of terms. A part that is no term is taken apart at its commas too: many offices write lists that way."""
        vocabulary = self._vocabularies[column.vocabulary]
        found: list[str] = []
        for part in _texts(as_list(text)):
            whole = "," not in part or vocabulary.match(part)
            found.extend([part] if whole else [piece.strip() for piece in part.split(",") if piece.strip()])
        return found

    def _offers(self, offers: dict[str, dict[str, Any]], rest: Mapping[str, Any]) -> list[dict[str, Any]]:
        arenas, topics = self._vocabularies["arena"], self._vocabularies["topic"]
        for text in _texts(rest.get("arenas", [])):
            # Topics first: arenas are also found by the names of their topics ("Leadership").
            parents = {topics.terms[topic].parent for topic in topics.match(text)}
            if len(parents) == 1:
                arena = str(parents.pop())
                offers.setdefault(arena, {"arena": arena}).setdefault("topics", []).append(text)
                continue
            found = arenas.match(text)
            arena = found[0] if len(found) == 1 else text  # what is unknown is left for the reader to report
            offers.setdefault(arena, {"arena": arena})
        for title, name in ALL_ARENAS.items():
            if title in rest:
                for offer in offers.values():
                    offer.setdefault(name, rest[title])
        return list(offers.values())

    def _visibility(self, rest: Mapping[str, Any]) -> dict[str, str]:
        audiences: dict[str, str] = {}
        for title, audience in (("members only fields", "members"), ("hidden fields", "hidden")):
            for text in _texts(rest.get(title, [])):
                column = self._spellings.get(fold(text))
                name = column.path.partition(".")[0] if column else fold(text).replace(" ", "_")
                if name not in HIDEABLE:
                    message = f"is not a field that can be hidden; those are {', '.join(HIDEABLE)}"
                    raise Rejected("unknown-field", message, field=f'column "{title}"', value=text)
                audiences[name] = audience
        return audiences

    def _own_institution(self, record: dict[str, Any]) -> None:
        stated, own = record.get("institution", {}), self._config.institution
        if "name" not in stated or fold(stated["name"]) == fold(own.name):
            known = {"name": own.name, "ror": own.ror, "city": own.city, "state": own.state}
            record["institution"] = {key: value for key, value in (known | stated).items() if value}


def _tombstone(external_id: str, gone: object, place: str) -> dict[str, object]:
    """Of somebody who withdrew: `gone` is True or the day of it."""
    tombstone = {"id": external_id, "withdrawn": True, "reason": "withdrawn in the file"}
    if gone is True:
        return tombstone
    if isinstance(gone, str) and _is_day(gone):
        return {**tombstone, "at": gone}
    raise Rejected("bad-value", "can't be read; allowed are yes, no, or the day of the withdrawal", field=place, value=str(gone))


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _consent(rest: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = []
    for purpose, title in (("listing", "consent"), ("contact", "contact consent")):
        if title in rest:
            at = rest.get(f"{title} date", rest.get("consent date"))
            statement = {"purpose": purpose, "state": rest[title], "at": at, "evidence": rest.get("consent evidence")}
            statements.append({key: value for key, value in statement.items() if value})
    return statements
