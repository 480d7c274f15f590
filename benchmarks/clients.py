"""Several clients that ask a server at once, all in one thread, so that they take little of the machine that they share with it."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final

from benchmarks.timing import Times

READ: Final = 1 << 18
PATIENCE: Final = 60.0
END_OF_HEAD: Final = b"\r\n\r\n"
LENGTH: Final = b"content-length:"


@dataclass(slots=True)
class Answers:
    """Times of answers with status 200, how many there were of each status, and the share of one processor that the clients took."""

    seconds: float = 0.0
    times: Times = field(default_factory=Times)
    statuses: Counter[int] = field(default_factory=Counter)
    processor: float = 0.0


def ask(listen: str, paths: Sequence[str], clients: int, seconds: float) -> Answers:
    """Every client asks the next address as soon as it has its answer. Raises RuntimeError for a status other than 200 and 503."""
    found, addresses = Answers(), cycle(paths)
    host, _, port = listen.rpartition(":")
    with ExitStack() as closing:
        selector = closing.enter_context(selectors.DefaultSelector())
        started, processor = time.perf_counter(), time.process_time()
        for _ in range(clients):
            client = _Client(closing.enter_context(socket.create_connection((host, int(port)), PATIENCE)), listen)
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask(next(addresses))
        while (passed := time.perf_counter() - started) < seconds:
            ready = selector.select(PATIENCE)
            if not ready:
                raise RuntimeError(f"no answer came within {PATIENCE:.0f} s")
            for key, _ in ready:
                if key.data.receive(found):
                    key.data.ask(next(addresses))
        found.seconds, found.processor = passed, (time.process_time() - processor) / passed
    return found


class _Client:
    """One kept connection with one request under way."""

    def __init__(self, to: socket.socket, host: str) -> None:
        self.socket = to
        self._rest = f" HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._received = b""
        self._asked = 0.0

    def ask(self, path: str) -> None:
        self._received = b""
        self._asked = time.perf_counter()
        self.socket.sendall(b"GET " + path.encode() + self._rest)

    def receive(self, found: Answers) -> bool:
        """Whether the answer is complete; it is noted then."""
        data = self.socket.recv(READ)
        if not data:
            raise RuntimeError("the server closed the connection")
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end or len(body) < _length(head):
            return False
        status = int(head[9:12])
        if status not in (200, 503):
            raise RuntimeError(f"a question was answered with {status}")
        found.statuses[status] += 1
        if status == 200:
            found.times.taken.append((time.perf_counter() - self._asked) * 1000)
        return True


def _length(head: bytes) -> int:
    """Length of the body that a head announces. Raises RuntimeError when it does not."""
    lines: Iterator[bytes] = (line for line in head.lower().split(b"\r\n") if line.startswith(LENGTH))
    for line in lines:
        return int(line[len(LENGTH) :])
    raise RuntimeError("an answer came without its length")
