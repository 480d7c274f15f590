"""Column types that make SQLite and PostgreSQL behave alike: the same values in, the same values out, the same order."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from directory.core.errors import Invalid

BYTE_ORDER = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on both databases (SQLite's own order), so that key ranges and engine ids agree everywhere."""

BIG = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both; SQLite counts up by itself only in a column called INTEGER."""


class Line(TypeDecorator[str]):
    """Text of at most `limit` characters, checked here because SQLite checks no lengths and PostgreSQL stores no NUL.

    Raises `Invalid` when a value is too long, or holds NUL or a lone surrogate.
    """

    impl = Text
    cache_ok = True

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BYTE_ORDER)

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 (SQLAlchemy's signature)
        """The check itself, without SQLAlchemy's layer around it: a record has thirty of these values."""
        limit = self.limit

        def checked(value: str | None) -> str | None:
            if value is None:
                return None
            if len(value) > limit:
                raise Invalid(f"a text of {len(value)} characters does not fit", where="store", allowed=(f"at most {limit} characters",))
            if not value.isascii():
                _check_unicode(value)
            if "\0" in value:
                raise Invalid("a text holds the NUL character", where="store", allowed=("text without NUL",))
            return value

        return checked

    def result_processor(self, dialect: Dialect, coltype: object) -> None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None


def _check_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("a text holds a lone surrogate", where="store", allowed=("valid Unicode",)) from None


class Words(TypeDecorator[tuple[str, ...]]):
    """A few keys without spaces, kept in one text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BYTE_ORDER)

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else tuple(value.split())


class _WrittenMoment(sqlite.DATETIME):
    """SQLite's own type, given the text that it keeps. Its way of writing one takes four times as long, a dozen times a record."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None


class Utc(TypeDecorator[datetime]):
    """An aware point in time, kept in UTC with microseconds. A naive value is refused with `ValueError`: it is a bug, not input."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_WrittenMoment())  # type: ignore[no-untyped-call]  # SQLAlchemy left it without types
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], datetime | str | None]:
        """Remembers the last value, because most times of a batch are the one at which it is written."""
        as_text = dialect.name == "sqlite"
        last: tuple[datetime | None, datetime | str | None] = (None, None)

        def stored(value: datetime | None) -> datetime | str | None:
            nonlocal last
            known, ready = last
            if value is known or value is None:
                return ready if value is known else None
            if value.tzinfo is None:
                raise ValueError("a time without a zone can't be stored")
            moment = value if value.tzinfo is UTC else value.astimezone(UTC)
            ready = moment.isoformat(" ", "microseconds").removesuffix("+00:00") if as_text else moment
            last = value, ready
            return ready

        return stored

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON as compact text. Text on both databases: PostgreSQL's `jsonb` would reorder keys and refuse `\\u0000`."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BYTE_ORDER)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else orjson.loads(value)
