"""What an answer of a source means before its body is read: usable, worth another try, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Self

from connectors.retry import RETRIED_STATUSES, retry_after
from directory.core.errors import SourceRefused, SourceUnavailable

BODY_STATUSES = frozenset({200, 203})


class AnswerRefused(SourceRefused):
    """The source answered with a status that a second request would not change; `status` is that HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class AnswerUnavailable(SourceUnavailable):
    """The source answered that it can't serve now; `status` is the HTTP status of its last answer."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class TryAgain(Exception):
    """One attempt failed in a way that a later one may not. `wait` is what the server asked for, in seconds. Stays inside the client."""

    def __init__(self, message: str, *, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.wait = wait
        self.status = status


def give_up(again: TryAgain, attempts: int) -> SourceUnavailable:
    """The exception for the caller when the last of `attempts` failed like the ones before."""
    message = f"{again}; tried {attempts} times" if attempts > 1 else str(again)
    return SourceUnavailable(message) if again.status is None else AnswerUnavailable(message, status=again.status)


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer, completely received. `body` is a temporary file at position 0; leave the `with` block and it is gone.

    `url` is where the answer came from after redirects; it may hold secrets in its query. `size` counts unpacked bytes.
    With `not_modified` the body is empty and `etag` and `last_modified` are still the ones to keep.
    """

    status: int
    not_modified: bool
    size: int
    headers: Mapping[str, str] = field(repr=False)
    url: str = field(repr=False)
    etag: str | None = field(repr=False)
    last_modified: str | None = field(repr=False)
    body: IO[bytes] = field(repr=False)

    def close(self) -> None:
        """Delete the body."""
        self.body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def check_status(status: int, headers: Mapping[str, str], host: str) -> None:
    """Return for a status with a usable body. Raises `TryAgain`, `AnswerUnavailable` or `AnswerRefused` for the others."""
    if status in BODY_STATUSES:
        return
    if status in RETRIED_STATUSES:
        raise TryAgain(f"{host} answered {status}", wait=retry_after(headers), status=status)
    if status >= 500:
        raise AnswerUnavailable(f"{host} answered {status}; expected is 200", status=status)
    raise AnswerRefused(f"{host} answered {status}; expected is 200", status=status)


def check_content(headers: Mapping[str, str], host: str, *, accept: str, max_bytes: int) -> bool:
    """Refuse what need not be read at all; returns whether the body is packed with gzip. Raises `SourceRefused`."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml") and kind not in accept.lower():
        raise SourceRefused(f"{host} answered with an HTML page; expected is {accept}")
    coding = headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise SourceRefused(f"{host} packed its answer as {coding[:40]!a}; allowed are gzip or nothing")
    length = headers.get("Content-Length", "").strip()
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > max_bytes):
        raise SourceRefused(f"{host} announced {length[:20]} bytes; allowed are {max_bytes}")
    return coding.endswith("gzip")
