from directory.core.identity import MatchKey
from directory.store import people, profiles
from directory.store.session import Store
from tests.store.samples import NOW, add_people, profile_row

ORCID = MatchKey("orcid", "0000-0002-1825-0097")
SOURCE = MatchKey("source", "plains/a-17")


def test_keys_find_their_person(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        assert people.add_keys(conn, {ORCID: "m1", SOURCE: "m1", MatchKey("source", "plains/a-18"): "m2"}) == {}
    with store.read() as conn:
        assert people.find(conn, [SOURCE, ORCID, MatchKey("npi", "0000-0002-1825-0097")]) == {SOURCE: "m1", ORCID: "m1"}
        assert people.keys_of(conn, ["m1", "m3"]) == {"m1": [ORCID, SOURCE]}
        assert people.find(conn, []) == {}


def test_a_key_stays_with_its_person(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        people.add_keys(conn, {ORCID: "m1"})
        assert people.add_keys(conn, {ORCID: "m2", SOURCE: "m2"}) == {ORCID: "m1"}
        assert people.find(conn, [ORCID, SOURCE]) == {ORCID: "m1", SOURCE: "m2"}


def test_many_keys_at_once(store: Store) -> None:
    keys = {MatchKey("source", f"plains/{number}"): f"m{number}" for number in range(1234)}
    with store.write() as conn:
        people.create(conn, keys.values(), NOW)
        people.add_keys(conn, keys)
        assert people.find(conn, list(keys)) == keys
    with store.read() as conn:
        assert dict(people.all_keys(conn)) == keys


def test_creating_again_changes_nothing(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        people.bump(conn, ["m1"])
        add_people(conn, "m1", "m2")
        assert {row.id: row.version for row in people.get(conn, ["m1", "m2"]).values()} == {"m1": 1, "m2": 0}


def test_versions_only_grow_also_across_erasure(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        people.add_keys(conn, {ORCID: "m1"})
        assert people.bump(conn, ["m1", "m2", "m1", "unknown"]) == {"m1": 1, "m2": 1}
        assert people.erase_identity(conn, "m1") == 1
        people.mark_erased(conn, "m1", NOW)
        assert people.bump(conn, ["m1"]) == {"m1": 2}
        assert people.get(conn, ["m1"])["m1"].erased_at == NOW
        people.mark_erased(conn, "m1", None)
        assert people.get(conn, ["m1"]) == {"m1": people.PersonRow("m1", 2, NOW, None)}


def test_a_leap_passes_every_version_published_before(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        profiles.save(conn, [profile_row("m1", version=7)])
        people.leap(conn)
        assert people.get(conn, ["m1"])["m1"].version == people.LEAP
        assert profiles.by_ids(conn, ["m1"])["m1"].version == people.LEAP + 7
