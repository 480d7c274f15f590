"""Every exception of the project, grouped by what the caller does next, and the one table of problems that users see.

`PROBLEMS` is the single source of HTTP status, title and documentation of an error (RFC 9457 problem types).
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the error table: what the API answers and what the documentation says about it."""

    slug: str
    status: int
    title: str
    help: str


PROBLEMS: dict[str, Problem] = {
    row.slug: row
    for row in (
        Problem("invalid-argument", 400, "An argument can't be used", "Read `detail` and `allowed`, correct the argument, send again."),
        Problem("unknown-argument", 400, "An argument is not known", "Remove the named argument; `allowed` lists the known ones."),
        Problem("invalid-cursor", 400, "The cursor can't be used", "Start again from the first page; cursors belong to one question."),
        Problem("not-found", 404, "There is nothing at this address", "The id is unknown, or its owner does not agree to be shown."),
        Problem("gone", 410, "This mentor is no longer listed", "The person withdrew or the listing ended. Remove any copy you keep."),
        Problem("method-not-allowed", 405, "This method is not allowed here", "The Allow header lists the allowed methods."),
        Problem("not-acceptable", 406, "This form can't be produced", "Ask for application/json."),
        Problem("too-large", 413, "The request is too large", "Send less at once."),
        Problem("unsupported-media-type", 415, "This media type is not read here", "Send application/json."),
        Problem("address-too-long", 414, "The address is too long", "Use fewer arguments."),
        Problem("bad-request", 400, "The request can't be read", "The request is not valid HTTP for this address."),
        Problem("unavailable", 503, "This part is not available right now", "Try again after the seconds in Retry-After."),
        Problem("overloaded", 503, "Too many requests at once", "Try again after the seconds in Retry-After."),
        Problem("internal", 500, "Something went wrong on our side", "Quote `instance` to the operator."),
    )
}


class DirectoryError(Exception):
    """Root of the project's own exceptions. The message is for people and holds no personal data."""

    problem = "internal"


class Invalid(DirectoryError):
    """The caller sent something that can't be used and must change it.

    `where` names the argument, setting, field or place; `allowed` lists what could stand there instead.
    """

    problem = "invalid-argument"

    def __init__(self, message: str, *, where: str = "", value: str = "", allowed: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.where = where
        self.value = value
        self.allowed = tuple(allowed)


class UnknownArgument(Invalid):
    """An argument name that does not exist."""

    problem = "unknown-argument"


class InvalidCursor(Invalid):
    """A paging cursor that is damaged or belongs to another question."""

    problem = "invalid-cursor"


class NotFound(DirectoryError):
    """The thing does not exist, or must look as if it did not."""

    problem = "not-found"


class Gone(DirectoryError):
    """The mentor was listed once and is not any more; nothing else is said."""

    problem = "gone"


class Unavailable(DirectoryError):
    """A part (engine, store) does not answer now; the caller may try again after `retry_after` seconds."""

    problem = "unavailable"

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(DirectoryError):
    """Somebody else holds what the caller needs (a lease, a lock); nothing was changed."""


class Stopped(DirectoryError):
    """The process was asked to end; what was done is kept, the rest is done next time."""


class SourceError(DirectoryError):
    """Root of what can be wrong with a source as a whole; one bad item is a rejected item, never this."""


class SourceUnavailable(SourceError):
    """The source did not answer properly; the same request may work later."""


class SourceRefused(SourceError):
    """The request will not get better by itself: configuration, address or content must change."""
