"""One deadline for a whole answer: look-up, connection, headers and body, however slowly its bytes drip.

A socket time-out alone starts again with every byte that arrives.
"""

import io
import socket
from collections.abc import Callable

Monotonic = Callable[[], float]


class Deadline:
    """A point in time on the monotonic clock, set again for each attempt. For one thread."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._ends = monotonic()

    def start(self, seconds: float) -> None:
        """Set the deadline `seconds` from now."""
        self._ends = self._monotonic() + seconds

    def passed(self) -> bool:
        """True when no time is left."""
        return self._monotonic() >= self._ends

    def left(self, at_most: float) -> float:
        """Seconds until the deadline, but not more than `at_most`. Raises `TimeoutError` when it has passed."""
        seconds = self._ends - self._monotonic()
        if seconds <= 0:
            raise TimeoutError("deadline passed")
        return min(seconds, at_most)


class TimedReader(io.RawIOBase):
    """Raw reader of a socket that sets the time-out of every single read from the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline, read_seconds: float) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._read_seconds = read_seconds

    def readable(self) -> bool:
        """Always: this is what `io.BufferedReader` asks for."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int | None:  # type: ignore[override]  # typeshed wants the private WriteableBuffer
        """Read what is there, waiting no longer than the deadline allows. Raises `TimeoutError`."""
        self._sock.settimeout(self._deadline.left(self._read_seconds))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Give the socket back; it closes once nobody reads it."""
        self._raw.close()
        super().close()
