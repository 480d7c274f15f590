from directory.store import suppressions
from directory.store.session import Store
from tests.store.samples import NOW


def test_marks_are_found_until_the_person_lifts_them(store: Store) -> None:
    with store.write() as conn:
        suppressions.add(conn, "m1", ["aa", "bb"], reason="erased", at=NOW)
        suppressions.add(conn, "m2", ["bb", "cc"], reason="erased", at=NOW)
        assert suppressions.find(conn, ["aa", "bb", "cc", "dd"]) == {"aa", "bb", "cc"}
        assert suppressions.find(conn, []) == set()
        assert suppressions.lift(conn, "m1") == 2
        assert suppressions.find(conn, ["aa", "bb", "cc"]) == {"cc"}
        assert suppressions.lift(conn, "m3", ["cc", "dd"]) == 1
        assert suppressions.find(conn, ["cc"]) == set()


def test_a_mark_may_name_somebody_unknown(store: Store) -> None:
    hashes = [f"{number:064}" for number in range(1001)]
    with store.write() as conn:
        suppressions.add(conn, "nobody", hashes, reason="erased", at=NOW)
        assert suppressions.find(conn, hashes) == set(hashes)
