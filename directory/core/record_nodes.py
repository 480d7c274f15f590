"""Lenient reading by a marshmallow schema: a plan of nodes, one per field, that drop and report what they can't use.

A node returns the value, or `DROPPED` after it reported why.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any, Final, Protocol, cast

from marshmallow import Schema, ValidationError, fields

from directory.core.record_fields import AUDIENCES, HIDEABLE, LIST_LIMIT, Audiences, Term
from directory.core.vocabulary import Vocabularies

Path = tuple[str | int, ...]

DROPPED: Final = object()
NOT_RECORD_KEYS: Final = frozenset({"withdrawn", "schema"})
"""Keys that an item may have beside the fields of its record."""
REMEMBERED: Final = 20_000
SHORT: Final = 64
"""Characters of a text whose reading is remembered: dates, degrees, departments repeat all the time, longer texts do not."""


class Reading:
    """The reading of one item: what was wrong so far, and the latest time that counts as past."""

    __slots__ = ("extra", "latest", "problems")

    def __init__(self, latest: datetime) -> None:
        self.latest = latest
        self.problems: list[tuple[Path, object, str, bool]] = []
        self.extra: list[str] = []

    def report(self, path: Path, value: object, message: str, *, fatal: bool = False) -> None:
        """Note a value that is not taken."""
        self.problems.append((path, value, message, fatal))


class Node(Protocol):
    """Reads the value of one field."""

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """The value in its final form, or `DROPPED`."""
        ...


Finish = Callable[[dict[str, Any], Path, Reading, Mapping[str, Any]], Any]
"""Builds the final form of an object from its read fields; gets the raw object last. May report and return `DROPPED`."""


def _sentence(error: ValidationError) -> str:
    return "; ".join(str(message) for message in error.messages)


class Leaf:
    """A field that is one value."""

    def __init__(self, field: fields.Field[Any]) -> None:
        # `deserialize` builds its chain of validators anew for every value; most fields have none.
        self._load = field.deserialize if field.validators else cast("Callable[..., Any]", field._deserialize)
        self._past = bool(getattr(field, "past", False))
        self._known: dict[str, Any] = {}

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        is_short = type(value) is str and len(value) <= SHORT
        result = self._known.get(value, DROPPED) if is_short else DROPPED
        if result is DROPPED:
            try:
                result = self._load(value, None, None)
            except ValidationError as exc:
                reading.report(path, value, _sentence(exc))
                return DROPPED
            if is_short and len(self._known) < REMEMBERED:
                self._known[value] = result
        if self._past and not _is_past(result, reading.latest):
            reading.report(path, value, "lies in the future")
            return DROPPED
        return result


def _is_past(value: Any, latest: datetime) -> bool:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)
    return moment <= latest


class Terms:
    """Terms of a vocabulary. Values repeat all the time, so the answers are remembered."""

    def __init__(self, field: Term) -> None:
        self._field = field
        self._known: dict[str, tuple[str, ...]] = {}

    def candidates(self, value: Any, path: Path, reading: Reading) -> tuple[str, ...]:
        """What the value may mean; () after a report."""
        found = self._known.get(value) if isinstance(value, str) else None
        if found is not None:
            return found
        try:
            found = self._field.candidates(value)
        except ValidationError as exc:
            reading.report(path, value, _sentence(exc))
            return ()
        if isinstance(value, str) and len(self._known) < REMEMBERED:
            self._known[value] = found
        return found

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        found = self.candidates(value, path, reading)
        if not found:
            return DROPPED
        try:
            return self._field.one(found)
        except ValidationError as exc:
            reading.report(path, value, _sentence(exc))
            return DROPPED


class Candidates:
    """Terms whose meaning depends on a value beside them. Gives (path, raw value, candidates) for the object's `Finish`."""

    def __init__(self, field: Term) -> None:
        self._terms = Terms(field)

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        found = self._terms.candidates(value, path, reading)
        return (path, value, found) if found and found != ("",) else DROPPED


class Listing:
    """A list; what is unusable in it is left out, what repeats is kept once."""

    def __init__(self, inner: Node) -> None:
        self._inner = inner

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        if not isinstance(value, list | tuple):
            reading.report(path, value, "must be a list")
            return DROPPED
        if len(value) > LIST_LIMIT:
            reading.report(path, f"{len(value)} values", f"can hold at most {LIST_LIMIT} values; the first {LIST_LIMIT} were taken")
            value = value[:LIST_LIMIT]
        taken: list[Any] = []
        for place, raw in enumerate(value):
            if raw is None:
                continue
            item = self._inner.read(raw, (*path, place), reading)
            if item is not DROPPED and item != "" and item not in taken:
                taken.append(item)
        return tuple(taken)


class Visibility:
    """Audience per field. In doubt a field is hidden, and a record whose wishes can't be read at all is not taken."""

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        if not isinstance(value, Mapping):
            reading.report(
                path,
                value,
                "must be an object of field names and audiences; without it nothing is shown",
                fatal=True,
            )
            return DROPPED
        audiences = {}
        for name, audience in value.items():
            if name in HIDEABLE and audience in AUDIENCES:
                audiences[name] = audience
            else:
                self._doubt(name, audience, (*path, name), reading)
                if name in HIDEABLE:
                    audiences[name] = "hidden"
        return audiences

    @staticmethod
    def _doubt(name: str, audience: Any, path: Path, reading: Reading) -> None:
        if name in HIDEABLE:
            reading.report(path, audience, f"is not an audience; allowed are {', '.join(AUDIENCES)}; the field was hidden")
        elif name == "name" and audience != "public":
            reading.report(path, audience, "a name can't be hidden; leave the person out, or send a withdrawal", fatal=True)
        elif name != "name":
            reading.report(path, audience, f"is not a field that can be hidden; those are {', '.join(HIDEABLE)}")


class Part:
    """An object. Its required fields are listed; without them it is dropped as a whole."""

    def __init__(self, nodes: Mapping[str, Node], required: tuple[str, ...], finish: Finish) -> None:
        self._nodes = nodes
        self._required = required
        self._finish = finish

    def read(self, value: Any, path: Path, reading: Reading) -> Any:
        """See `Node`."""
        if not isinstance(value, Mapping):
            reading.report(path, value, "must be an object")
            return DROPPED
        values: dict[str, Any] = {}
        for key, raw in value.items():
            node = self._nodes.get(key)
            if node is None:
                if key not in NOT_RECORD_KEYS:
                    reading.extra.append(".".join(map(str, (*path, key))))
            elif raw is not None:
                item = node.read(raw, (*path, key), reading)
                if item is not DROPPED and item != "":
                    values[key] = item
        for key in self._required:
            if key not in values:
                if value.get(key) in (None, "") or str(value[key]).isspace():
                    reading.report((*path, key), "", "is required")
                return DROPPED
        return self._finish(values, path, reading, value)


def compile_schema(schema: Schema, vocabularies: Vocabularies, finishes: Mapping[type[Schema], Finish]) -> Part:
    """The plan that reads what `schema` declares. Binds its `Term` fields to the vocabularies; give it a schema of its own."""

    def node(field: fields.Field[Any]) -> Node:
        if isinstance(field, fields.Nested):
            return compile_schema(field.schema, vocabularies, finishes)
        if isinstance(field, fields.List):
            return Listing(node(field.inner))
        if isinstance(field, Audiences):
            return Visibility()
        if isinstance(field, Term):
            field.vocabulary = vocabularies[field.vocabulary_name]
            return Candidates(field) if field.vocabulary.parent_vocabulary else Terms(field)
        return Leaf(field)

    nodes = {name: node(field) for name, field in schema.fields.items()}
    required = tuple(name for name, field in schema.fields.items() if field.required)
    return Part(nodes, required, finishes[type(schema)])
