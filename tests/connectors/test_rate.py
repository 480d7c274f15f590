import pytest

from connectors.deadline import Deadline
from connectors.rate import RateLimit
from connectors.retry import backoff
from tests.fakes.passing_time import PassingTime


def test_requests_are_spaced_per_host() -> None:
    time = PassingTime()
    rate = RateLimit(2, sleep=time.sleep, monotonic=time.monotonic)
    starts = []
    for host in ("a", "a", "b", "a", "b"):
        rate.wait(host)
        starts.append((host, time.now - 1000))
    assert starts == [("a", 0.0), ("a", 0.5), ("b", 0.5), ("a", 1.0), ("b", 1.0)]


def test_time_without_requests_is_not_saved_up() -> None:
    time = PassingTime()
    rate = RateLimit(1, sleep=time.sleep, monotonic=time.monotonic)
    rate.wait("a")
    time.now += 100
    rate.wait("a")
    rate.wait("a")
    assert time.slept == [1.0]


def test_backoff_doubles_up_to_a_minute() -> None:
    for attempt, full in ((1, 1), (2, 2), (3, 4), (4, 8), (7, 60), (2000 // 2, 60)):
        waits = [backoff(attempt) for _ in range(50)]
        assert full / 2 <= min(waits) < max(waits) <= full


def test_deadline() -> None:
    time = PassingTime()
    deadline = Deadline(time.monotonic)
    assert deadline.passed()
    deadline.start(5)
    assert (deadline.left(2), deadline.left(10), deadline.passed()) == (2, 5, False)
    time.now += 4
    assert deadline.left(2) == 1
    time.now += 1
    assert deadline.passed()
    with pytest.raises(TimeoutError):
        deadline.left(2)
