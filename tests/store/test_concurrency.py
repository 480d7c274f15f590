import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from directory.core.profile import Institution
from directory.store import institutions, ledger, outbox, people
from directory.store.session import Store
from tests.store import writers
from tests.store.samples import HOUR, NOW, add_people, event
from tests.stores import same_store

ROOT = Path(__file__).parents[2]


def address(store: Store) -> str:
    return store.url.render_as_string(hide_password=False)


def in_processes(target: Callable[..., None], *arguments: tuple[object, ...]) -> None:
    """Runs `target` in one new process per tuple of arguments and demands that all end well."""
    context = get_context("spawn")
    running = [context.Process(target=target, args=given) for given in arguments]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * len(running)


def version(store: Store) -> int:
    with store.read() as conn:
        return people.get(conn, ["m1"])["m1"].version


def test_threads_lose_no_write(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")

    def increment(_: int) -> None:
        for _ in range(50):
            with store.write() as conn:
                people.bump(conn, ["m1"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(increment, range(4)))
    assert version(store) == 200


def test_processes_lose_no_write(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
    in_processes(writers.increment, *((address(store), str(store.data_dir), 100) for _ in range(4)))
    assert version(store) == 400


def test_workers_in_processes_share_every_row_once(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        outbox.add(conn, ((f"m{number % 2 + 1}", number % 10 == 0) for number in range(500)), NOW)
    in_processes(writers.drain, *((address(store), str(store.data_dir), f"worker-{number}") for number in range(2)))
    got = [number for path in store.data_dir.glob("worker-*.txt") for number in path.read_text().split()]
    assert len(got) == 500
    assert len(set(got)) == 500


def test_a_worker_skips_what_another_is_claiming(store: Store) -> None:
    if store.dialect == "sqlite":
        return  # one writer at a time: there is no other
    with store.write() as conn:
        add_people(conn, "m1")
        outbox.add(conn, [("m1", False)] * 6, NOW)
    with store.write() as first, store.write() as second:
        one = outbox.claim(first, "a", now=NOW, limit=4, lease=HOUR)
        two = outbox.claim(second, "b", now=NOW, limit=4, lease=HOUR)
        assert sorted(number for claimed in one + two for number in claimed.ids) == [1, 2, 3, 4, 5, 6]


def test_the_ledger_does_not_fork(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, *(f"m{number}" for number in range(4)))

    def append(number: int) -> None:
        for _ in range(25):
            with store.write() as conn:
                people.bump(conn, [f"m{number}"])
                ledger.append(conn, [event(f"m{number}"), event(f"m{number}", "withdrawn")], NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(4)))
    with store.read() as conn:
        assert ledger.verify(conn) == 200


def test_batches_with_the_same_persons_do_not_block_each_other(store: Store) -> None:
    ids = [f"m{number}" for number in range(40)]
    with store.write() as conn:
        add_people(conn, *ids)

    def batch(number: int) -> None:
        for _ in range(10):
            with store.write() as conn:
                institutions.resolve(conn, [Institution(f"Example {number}")])
                people.bump(conn, ids if number % 2 else reversed(ids))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(batch, range(4)))
    with store.read() as conn:
        assert {row.version for row in people.get(conn, ids).values()} == {40}


def test_a_writer_in_a_loop_starves_nobody(store: Store) -> None:
    waits: list[float] = []
    with store.write() as conn:
        add_people(conn, "m1")

    def hog(_: int) -> None:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with store.write() as conn:
                people.bump(conn, ["m1"])

    def modest() -> None:
        with same_store(store) as other:
            for _ in range(10):
                begun = time.monotonic()
                with other.write() as conn:
                    people.bump(conn, ["m1"])
                waits.append(time.monotonic() - begun)
                time.sleep(0.05)

    with ThreadPoolExecutor(4) as pool:
        hogs = [pool.submit(hog, number) for number in range(3)]
        pool.submit(modest).result()
        for future in hogs:
            future.result()
    assert max(waits) < 1


def test_a_killed_writer_loses_nothing_acknowledged_and_frees_the_lock(store: Store) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.writers", address(store), str(store.data_dir)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    with process, process.stdout:
        said = [process.stdout.readline() for _ in range(40)]
        process.kill()
        said += process.stdout.readlines()
    acknowledged = [f"k{line.strip()}" for line in said if line.endswith("\n")]
    with store.read() as conn:
        assert people.get(conn, acknowledged).keys() == set(acknowledged)
    with store.write() as conn:
        add_people(conn, "m1")
