from directory.store import leases
from directory.store.session import Store
from tests.store.samples import HOUR, NOW


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
