"""Requests per second and host: a connector is a guest at the source."""

from collections.abc import Callable

from connectors.deadline import Monotonic


class RateLimit:
    """Spaces the requests to each host evenly. For one thread; each process counts for itself."""

    def __init__(self, per_second: float, *, sleep: Callable[[float], None], monotonic: Monotonic) -> None:
        if not 0 < per_second <= 1000:
            raise ValueError(f"rate is {per_second}; allowed is more than 0 and at most 1000 requests per second")
        self._gap = 1 / per_second
        self._sleep = sleep
        self._monotonic = monotonic
        self._next: dict[str, float] = {}

    def wait(self, host: str) -> None:
        """Return when the next request to `host` may start, and count it."""
        now = self._monotonic()
        start = max(now, self._next.get(host, now))
        self._next[host] = start + self._gap
        if start > now:
            self._sleep(start - now)
