"""When a failed request may be sent again, and how long to wait before that."""

import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0

_random = random.SystemRandom()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, section 10.2.3), or None when it does not say so readably.

    A date counts from the server's own `Date`, so that a wrong clock on either side does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1: doubled each time, the upper half random so that clients drift apart."""
    full = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** (attempt - 1))
    return full * _random.uniform(0.5, 1.0)
