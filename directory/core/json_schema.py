"""JSON Schema 2020-12 of `mentor-profile/1` and `mentor-feed/1`, derived from the marshmallow declaration.

The schema says what a publisher should send. The reader takes a little more (digits as text, labels and synonyms for ids), never less.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from marshmallow import Schema, fields, validate

from directory.core.profile import SCHEMA
from directory.core.record_fields import (
    AUDIENCES,
    HIDEABLE,
    LIST_LIMIT,
    URL_LIMIT,
    Audiences,
    Clock,
    Count,
    Day,
    HttpsUrl,
    Line,
    Moment,
    Npi,
    Orcid,
    Ror,
    Term,
    Zone,
)
from directory.core.record_schema import RecordSchema, TombstoneSchema

FEED_SCHEMA: Final = "mentor-feed/1"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_Shape = Callable[[Any], dict[str, Any]]

# The first row whose class fits describes the field.
_SHAPES: Final[tuple[tuple[type[fields.Field[Any]], _Shape], ...]] = (
    (Line, lambda field: {"type": "string", **({"minLength": 1} if field.required else {}), "maxLength": field.limit}),
    (Orcid, lambda _: {"type": "string", "pattern": "^(https://orcid\\.org/)?[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$"}),
    (Ror, lambda _: {"type": "string", "pattern": "^(https://ror\\.org/)?0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}$"}),
    (Npi, lambda _: {"type": "string", "pattern": "^[12][0-9]{9}$"}),
    (Term, lambda field: {"type": "string", "x-vocabulary": field.vocabulary_name}),
    (Count, lambda field: {"type": "integer", "minimum": 0, "maximum": field.most}),
    (Day, lambda _: {"type": "string", "format": "date"}),
    (Moment, lambda _: {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}),
    (Clock, lambda _: {"type": "string", "pattern": "^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$"}),
    (HttpsUrl, lambda _: {"type": "string", "format": "uri", "pattern": "^https://", "maxLength": URL_LIMIT}),
    (Zone, lambda _: {"type": "string"}),
    (Audiences, lambda _: _audiences()),
    (fields.Nested, lambda field: _object(field.schema)),
    (fields.List, lambda field: {"type": "array", "maxItems": LIST_LIMIT, "items": _field(field.inner)}),
    (fields.Constant, lambda field: {"const": field.constant}),
    (fields.String, lambda _: {"type": "string"}),
)


def json_schema() -> dict[str, dict[str, Any]]:
    """The schemas by the name under which they are published: `mentor-profile-1` and `mentor-feed-1`."""
    return {"mentor-profile-1": _profile(), "mentor-feed-1": _feed()}


def _profile() -> dict[str, Any]:
    return {"$schema": DIALECT, "title": SCHEMA, **_object(RecordSchema())}


def _feed() -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "title": FEED_SCHEMA,
        "description": "One page of an institution's mentors. Follow `next` for the other pages.",
        "type": "object",
        "required": ["schema", "items"],
        "properties": {
            "schema": {"const": FEED_SCHEMA},
            "generated_at": {"type": "string", "format": "date-time", "description": "When this page was made."},
            "total": {"type": "integer", "minimum": 0, "description": "Items on all pages together, tombstones included."},
            "items": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/record"}, {"$ref": "#/$defs/tombstone"}]}},
            "next": {
                "type": "string",
                "format": "uri-reference",
                "description": "The next page, on the same host; absent on the last.",
            },
        },
        "$defs": {"record": _object(RecordSchema()), "tombstone": _object(TombstoneSchema())},
    }


def _object(schema: Schema) -> dict[str, Any]:
    required = [name for name, field in schema.fields.items() if field.required]
    return {
        "type": "object",
        "description": (type(schema).__doc__ or "").partition("\n")[0],
        **({"required": required} if required else {}),
        "properties": {name: _field(field) for name, field in schema.fields.items()},
    }


def _field(field: fields.Field[Any]) -> dict[str, Any]:
    shape = next(build for kind, build in _SHAPES if isinstance(field, kind))(field)
    for validator in field.validators:
        if isinstance(validator, validate.OneOf):
            shape["enum"] = list(validator.choices)
    return shape | _notes(field.metadata)


def _notes(metadata: Mapping[str, Any]) -> dict[str, Any]:
    notes = {"description": metadata["description"]} if "description" in metadata else {}
    return notes | ({"examples": [metadata["example"]]} if "example" in metadata else {})


def _audiences() -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"enum": list(HIDEABLE)}, "additionalProperties": {"enum": list(AUDIENCES)}}
