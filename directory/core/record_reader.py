"""Reads one item of a source by the declaration in `record_schema`: lenient per field, exact about what was wrong.

marshmallow's own loading stops at the first bad value of a list and costs a multiple of the time, so the fields are asked directly.
"""

import dataclasses
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from directory.core.profile import Facts, Institution, Link, Name, SourceRecord
from directory.core.record_nodes import DROPPED, Path, Reading, compile_schema
from directory.core.record_rules import Offers, merge_consent, merge_offers, read_consent, read_window
from directory.core.record_schema import (
    ConsentSchema,
    InstitutionSchema,
    LinkSchema,
    NameSchema,
    OfferSchema,
    RecordSchema,
    TombstoneSchema,
    WindowSchema,
)
from directory.core.vocabulary import Vocabularies

VALUE_LENGTH: Final = 80
MESSAGE_LENGTH: Final = 600
CLOCK_SKEW: Final = timedelta(days=1)
"""How far a source's clock and zone may be ahead of ours before a time counts as future."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One value that was not taken. `field` is a path like `offers.0.topics.1`; `fatal` means that the whole record was not taken."""

    field: str
    value: str = dataclasses.field(repr=False)
    message: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A source says that this person is no longer to be shown. `at` None means that the source gave no time."""

    source: str
    external_id: str = dataclasses.field(repr=False)
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One of record and tombstone, or neither when a problem is fatal."""

    record: SourceRecord | None
    tombstone: Tombstone | None
    problems: tuple[FieldProblem, ...]


class RecordReader:
    """Reads items against one set of vocabularies. Build it once: the plan of reading is worked out here."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._record = compile_schema(
            RecordSchema(),
            vocabularies,
            {
                RecordSchema: lambda values, *_: values,
                NameSchema: lambda values, *_: Name(**values),
                InstitutionSchema: lambda values, *_: Institution(**values),
                OfferSchema: Offers(vocabularies),
                WindowSchema: read_window,
                LinkSchema: lambda values, *_: Link(**values),
                ConsentSchema: read_consent,
            },
        )
        self._tombstone = compile_schema(TombstoneSchema(), vocabularies, {TombstoneSchema: lambda values, *_: values})

    def read(self, data: object, *, source: str, received_at: datetime) -> Parsed:
        """The record or tombstone in `data` (`mentor-profile/1`), received from `source`, and all that was not taken from it."""
        reading = Reading(received_at + CLOCK_SKEW)
        if not isinstance(data, Mapping):
            return Parsed(None, None, (FieldProblem("", _shown(data), "a record must be an object", fatal=True),))
        withdrawn = data.get("withdrawn")
        if withdrawn is not None and not isinstance(withdrawn, bool):
            # To go on showing the person would be as wrong as to take the person off for good.
            return Parsed(None, None, (FieldProblem("withdrawn", _shown(withdrawn), "must be true or false", fatal=True),))
        if withdrawn:
            return self._read_tombstone(data, source, reading)
        values = self._record.read(data, (), reading)
        record = (
            None if values is DROPPED or any(fatal for *_, fatal in reading.problems) else _record(values, source, received_at, reading)
        )
        return Parsed(record, None, _problems(reading, taken=record is not None))

    def _read_tombstone(self, data: Mapping[str, object], source: str, reading: Reading) -> Parsed:
        values = self._tombstone.read({key: data[key] for key in ("id", "withdrawn", "at", "reason") if key in data}, (), reading)
        tombstone = None if values is DROPPED else Tombstone(source, values["id"], values.get("at"), values.get("reason", ""))
        return Parsed(None, tombstone, _problems(reading, taken=tombstone is not None))


def _record(values: dict[str, Any], source: str, received_at: datetime, reading: Reading) -> SourceRecord:
    external_id = values.pop("id")
    changed_at = values.pop("updated_at", received_at)
    consent = merge_consent(values.pop("consent", ()), reading)
    if "offers" in values:
        values["offers"] = merge_offers(values["offers"], reading)
    if values.get("windows") and "time_zone" not in values:
        reading.report(("windows",), f"{len(values['windows'])} values", "need a time_zone; without one they were not taken")
        del values["windows"]
    return SourceRecord(source, external_id, Facts(**values), consent, changed_at)


def _problems(reading: Reading, *, taken: bool) -> tuple[FieldProblem, ...]:
    found = [
        FieldProblem(_path(path), _shown(value), _shown(message, MESSAGE_LENGTH), fatal) for path, value, message, fatal in reading.problems
    ]
    if not taken and not any(problem.fatal for problem in found):
        found = [dataclasses.replace(p, fatal=p.field.partition(".")[0] in ("id", "name")) for p in found]
    if reading.extra:
        message = (
            "is not a field of a record and was not read"
            if len(reading.extra) == 1
            else "these are not fields of a record and were not read"
        )
        found.append(FieldProblem(_shown(reading.extra[0]), _shown(", ".join(reading.extra[:20])), message))
    return tuple(found)


def _path(path: Path) -> str:
    return _shown(".".join(map(str, path)))


def _shown(value: object, limit: int = VALUE_LENGTH) -> str:
    """A text that any database stores and any terminal shows: cut, and everything but printable characters escaped."""
    text = value[: limit + 1] if isinstance(value, str) else reprlib.repr(value)
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return shown[: limit - 3] + "..." if len(shown) > limit else shown
