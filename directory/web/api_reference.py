"""The OpenAPI document as plain rows for a page; nothing is loaded from elsewhere to read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Value:
    """An argument or a member of an object."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `schema` names the object in its body, or is empty."""

    status: str
    text: str
    schema: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    arguments: tuple[Value, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """An object of the API."""

    name: str
    members: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole API."""

    title: str
    version: str
    operations: tuple[Operation, ...]
    schemas: tuple[Schema, ...]


def reference(document: Mapping[str, Any]) -> Reference:
    """Rows from an OpenAPI 3 document."""
    paths = document.get("paths", {})
    return Reference(
        title=document["info"]["title"],
        version=document["info"]["version"],
        operations=tuple(_operations(paths)),
        schemas=tuple(
            Schema(name, tuple(_members(body))) for name, body in sorted(document.get("components", {}).get("schemas", {}).items())
        ),
    )


def _operations(paths: Mapping[str, Any]) -> Iterable[Operation]:
    for path, item in paths.items():
        for method in METHODS:
            if method in item:
                yield _operation(path, method, item[method], item.get("parameters", []))


def _operation(path: str, method: str, body: Mapping[str, Any], shared: list[Any]) -> Operation:
    arguments = [row for row in (*shared, *body.get("parameters", [])) if "name" in row]
    return Operation(
        id=body.get("operationId", f"{method}-{path}".strip("/").replace("/", "-")),
        method=method.upper(),
        path=path,
        summary=body.get("summary", ""),
        text=" ".join(body.get("description", "").split()),
        arguments=tuple(
            Value(row["name"], kind(row.get("schema", {})), bool(row.get("required")), row.get("description", "")) for row in arguments
        ),
        answers=tuple(_answer(str(status), answer) for status, answer in body.get("responses", {}).items()),
    )


def _answer(status: str, body: Mapping[str, Any]) -> Answer:
    schemas = [content["schema"] for content in body.get("content", {}).values() if "schema" in content]
    return Answer(status, body.get("description", ""), kind(schemas[0]) if schemas else "")


def _members(body: Mapping[str, Any]) -> Iterable[Value]:
    required = body.get("required", ())
    for name, member in body.get("properties", {}).items():
        yield Value(name, kind(member), name in required, member.get("description", ""))


def kind(schema: Mapping[str, Any]) -> str:
    """The type of a value in words: `list of string`, `MentorOut`, `one of fit, name`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " or ".join(kind(option) for option in schema[choice])
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    stated = schema.get("type", "anything")
    if isinstance(stated, list):
        return " or ".join(kind({**schema, "type": one}) for one in stated)
    if stated == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return f"{stated} ({schema['format']})" if "format" in schema else str(stated)
