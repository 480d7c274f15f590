"""The clients of the benchmarks against a server that counts for itself."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from benchmarks.clients import ask

Answer = Callable[[int], list[bytes]]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server whose answer to request number n is written in the parts that `answer` gives; yields its address and the paths asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[str] = []
    threads = []

    def converse(to: socket.socket) -> None:
        with suppress(ConnectionError), to, to.makefile("rb") as lines:  # the clients leave in the middle
            while line := lines.readline():
                while lines.readline().strip():
                    pass
                asked.append(line.split()[1].decode())
                for part in answer(len(asked)):
                    to.sendall(part)

    def accept() -> None:
        while True:
            try:
                to, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=converse, args=(to,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (acceptor, *threads):
            thread.join(5)


def test_every_answer_is_counted_by_its_status() -> None:
    def answer(number: int) -> list[bytes]:
        head = b"HTTP/1.1 503 Busy\r\n" if number % 5 == 0 else b"HTTP/1.1 200 OK\r\n"
        return [head + b"Content-", b"Length: 6\r\n\r\nabc", b"def"]

    with serving(answer) as (address, asked):
        found = ask(address, ["/one", "/two", "/three"], 1, 0.3)
    answered = found.statuses.total()
    assert len(asked) - answered in (0, 1)  # the last one was under way at the end
    assert found.statuses[503] == answered // 5 > 0
    assert len(found.times.taken) == found.statuses[200] > found.statuses[503]
    assert asked[:4] == ["/one", "/two", "/three", "/one"]
    assert found.seconds >= 0.3


def test_several_clients_ask_at_once() -> None:
    together = threading.Barrier(3)

    def answer(number: int) -> list[bytes]:
        if number <= 3:
            together.wait(5)  # nobody is answered before all three have asked
        return [b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]

    with serving(answer) as (address, _):
        assert ask(address, ["/"], 3, 0.2).statuses[200] >= 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered with 404"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "without its length"),
    ],
)
def test_answers_that_tell_nothing_end_the_measurement(answer: bytes, reason: str) -> None:
    with serving(lambda number: [answer]) as (address, _), pytest.raises(RuntimeError, match=reason):
        ask(address, ["/"], 1, 5)
