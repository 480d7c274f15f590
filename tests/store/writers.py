"""What the other processes of the concurrency tests do."""

import sys
from pathlib import Path

from directory.store import outbox, people
from directory.store.session import Store
from tests.store.samples import HOUR, NOW, add_people


def increment(url: str, data_dir: str, times: int) -> None:
    """Reads and writes one counter as often as told."""
    with Store(url, data_dir=Path(data_dir), lock_seconds=60) as store:
        for _ in range(times):
            with store.write() as conn:
                people.bump(conn, ["m1"])


def drain(url: str, data_dir: str, worker: str) -> None:
    """Claims until nothing is left, and writes down what it got."""
    got: list[int] = []
    with Store(url, data_dir=Path(data_dir), lock_seconds=60) as store:
        while True:
            with store.write() as conn:
                claimed = outbox.claim(conn, worker, now=NOW, limit=7, lease=HOUR)
            if not claimed:
                break
            got.extend(number for one in claimed for number in one.ids)
    (Path(data_dir) / f"{worker}.txt").write_text(" ".join(map(str, got)))


def acknowledge(url: str, data_dir: str) -> None:
    """Adds persons until killed, and says each number once it is committed."""
    with Store(url, data_dir=Path(data_dir)) as store:
        for number in range(1_000_000):
            with store.write() as conn:
                add_people(conn, f"k{number}")
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    acknowledge(*sys.argv[1:])
