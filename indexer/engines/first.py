"""The first index of a directory. Whoever writes first makes it, empty; one that is lost later is only ever rebuilt, because an empty
one would look like the whole directory, with most of its people missing."""

from collections.abc import Callable
from typing import Final

MayBegin = Callable[[], bool]
"""Whether an empty index may be made where there is none: False once changes have left the outbox for an index."""

NO_INDEX: Final = (
    "There is no search index: `mentors worker` makes the first one of a new directory, `mentors index rebuild` any other that is missing."
)


def always() -> bool:
    """For an index of its own, without a store behind it."""
    return True
