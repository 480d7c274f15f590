import threading

from directory.store import leases
from directory.store.holders import holder_name
from directory.store.session import Store
from tests.store.samples import HOUR, NOW
from tests.stores import same_store


def test_one_holder_at_a_time(store: Store) -> None:
    with store.write() as conn:
        assert leases.acquire(conn, "source:plains", "a", NOW, HOUR) == 1
        assert leases.acquire(conn, "source:plains", "b", NOW + HOUR / 2, HOUR) is None
        assert leases.acquire(conn, "source:plains", "a", NOW + HOUR / 2, HOUR) is None
        assert leases.acquire(conn, "source:other", "b", NOW, HOUR) == 1
        assert leases.holder_of(conn, "source:plains", NOW) == "a"
        assert leases.holder_of(conn, "source:plains", NOW + HOUR) is None


def test_the_token_grows_and_fences_the_former_holder(store: Store) -> None:
    with store.write() as conn:
        assert leases.acquire(conn, "s", "a", NOW, HOUR) == 1
        assert leases.acquire(conn, "s", "b", NOW + HOUR, HOUR) == 2
        assert leases.renew(conn, "s", 1, NOW + HOUR, HOUR) is False
        leases.release(conn, "s", 1, NOW + HOUR)
        assert leases.holder_of(conn, "s", NOW + HOUR) == "b"
        assert leases.renew(conn, "s", 2, NOW + 2 * HOUR, HOUR) is True
        assert leases.acquire(conn, "s", "a", NOW + 2 * HOUR, HOUR) is None
        leases.release(conn, "s", 2, NOW + 2 * HOUR)
        assert leases.acquire(conn, "s", "a", NOW + 2 * HOUR, HOUR) == 3


def test_a_lease_that_ran_out_can_be_renewed_until_it_is_taken(store: Store) -> None:
    with store.write() as conn:
        leases.acquire(conn, "s", "a", NOW, HOUR)
        assert leases.renew(conn, "s", 1, NOW + 3 * HOUR, HOUR) is True
        assert leases.holder_of(conn, "s", NOW + 3 * HOUR) == "a"


def test_given_back_it_stays_free_though_the_clock_is_set_back(store: Store) -> None:
    before = NOW - 24 * HOUR
    with store.write() as conn:
        assert leases.acquire(conn, "s", "a", NOW, HOUR) == 1
        leases.release(conn, "s", 1, NOW)
        assert leases.holder_of(conn, "s", before) is None
        assert leases.keep_free(conn, "s", before) is True
        assert leases.acquire(conn, "s", "b", before, HOUR) is not None
        assert leases.keep_free(conn, "t", NOW) is True
        assert leases.keep_free(conn, "t", before) is True


def test_kept_free_it_is_nobodys_and_who_let_it_run_out_has_lost_it(store: Store) -> None:
    with store.write() as conn:
        assert leases.keep_free(conn, "s", NOW) is True  # nobody ever held it
        token = leases.acquire(conn, "s", "a", NOW, HOUR)
        assert token is not None
        assert leases.keep_free(conn, "s", NOW + HOUR / 2) is False
        assert leases.keep_free(conn, "s", NOW + HOUR) is True
        assert leases.renew(conn, "s", token, NOW + HOUR, HOUR) is False
        assert leases.acquire(conn, "s", "b", NOW + HOUR, HOUR) == token + 2


def test_what_is_free_is_free_for_whoever_looked_at_the_clock_before(store: Store) -> None:
    """Two who ask at once wait for each other, and one let go a lease while others waited for it."""
    with store.write() as conn:
        assert leases.keep_free(conn, "s", NOW + HOUR)
        assert leases.keep_free(conn, "s", NOW)
        token = leases.acquire(conn, "s", "a", NOW, 2 * HOUR)
        assert token is not None
        assert not leases.keep_free(conn, "s", NOW)
        leases.release(conn, "s", token, NOW + HOUR)
        assert leases.keep_free(conn, "s", NOW)
        assert leases.holder_of(conn, "s", NOW) is None
        assert not leases.renew(conn, "s", token, NOW, HOUR)
        assert leases.acquire(conn, "s", "b", NOW, HOUR) is not None


def test_kept_free_of_a_holder_who_died(store: Store) -> None:
    dead = "/".join([*holder_name("s").split("/")[:3], "999999999", "00"])
    with store.write() as conn:
        assert leases.acquire(conn, "s", dead, NOW, HOUR) == 1
        assert leases.keep_free(conn, "s", NOW) is True


def test_several_keep_it_free_at_once_and_nobody_takes_it_meanwhile(store: Store) -> None:
    """On SQLite one transaction writes at a time anyway."""
    with store.write() as conn:
        leases.keep_free(conn, "s", NOW)
    ended: list[str] = []

    def take() -> None:
        with same_store(store) as other, other.write() as conn:
            assert leases.acquire(conn, "s", "b", NOW, HOUR) is not None
            ended.append("taken")

    with store.write() as conn:
        assert leases.keep_free(conn, "s", NOW) is True
        if store.dialect == "postgresql":
            with same_store(store) as beside, beside.write() as other:
                assert leases.keep_free(other, "s", NOW) is True
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.3)
        ended.append("kept")
    thread.join()
    assert ended == ["kept", "taken"]
