"""The only place that reads the time. Everything else gets a `Clock`, so that tests and demos can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, always aware and in UTC."""


def system_clock() -> datetime:
    """Current time, UTC, microseconds."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """RFC 3339 with seconds and `Z`, the only form that leaves the system."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
