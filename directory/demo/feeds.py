"""Mentor feeds (`mentor-feed/1`) written record by record, as one document or as lines."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

SCHEMA: Final = "mentor-feed/1"
_ROOM: Final = 12
"""Characters kept free for the total, which is known only at the end."""


def midnight(day: date) -> str:
    """The beginning of the day as the feed writes it."""
    return f"{day.isoformat()}T00:00:00Z"


class Feed:
    """A feed that is being written; finished when the context ends. `lines` chooses newline-delimited JSON."""

    def __init__(self, path: Path, *, today: date, lines: bool) -> None:
        self.count = 0
        self._lines = lines
        self._file = path.open("wb")
        head = orjson.dumps({"schema": SCHEMA, "generated_at": midnight(today)})[:-1] + b',"total":'
        self._file.write(head + b" " * _ROOM + (b"}" if lines else b',"items":['))
        self._total_at = len(head)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._file:
            if error is None:
                self._file.write(f'\n{{"end":true,"count":{self.count}}}\n'.encode() if self._lines else b"\n]}\n")
                self._file.seek(self._total_at)
                self._file.write(f"{self.count:>{_ROOM}}".encode())

    def write(self, item: Mapping[str, Any]) -> None:
        """Add a record or a tombstone."""
        self._file.write((b",\n" if self.count and not self._lines else b"\n") + orjson.dumps(item))
        self.count += 1
