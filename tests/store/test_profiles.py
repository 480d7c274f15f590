from dataclasses import replace
from typing import Any

import pytest

from directory.core.profile import Institution, Profile, Provenance
from directory.store import institutions, people, profiles
from directory.store.profiles import PersonVersion
from directory.store.session import Store
from tests.store.samples import FACTS, HOUR, NOW, add_people, profile_row


def test_a_profile_comes_back_whole(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2")
        place = institutions.resolve(conn, [Institution("Example University")])[Institution("Example University")]
        rows = [profile_row("m1", institution_id=place, next_change=NOW), profile_row("m2", listed=False, listed_until=None, scopes=())]
        profiles.save(conn, rows)
    with store.read() as conn:
        found = profiles.by_ids(conn, ["m1", "m2", "m3"])
    assert found == {row.person_id: row for row in rows}
    assert found["m1"].profile == Profile(FACTS, {"bio": Provenance("plains", NOW)})
    assert found["m1"].typed_facts == FACTS


def test_the_version_never_goes_back(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1")
        profiles.save(conn, [profile_row("m1", version=2)])
        profiles.save(conn, [profile_row("m1", version=1, listed=False)])
        assert profiles.by_ids(conn, ["m1"]) == {"m1": profile_row("m1", version=2)}
        newer = profile_row("m1", version=3, listed=False, facts={})
        profiles.save(conn, [newer])
        assert profiles.by_ids(conn, ["m1"]) == {"m1": newer}
        again = replace(newer, name_sort="x")
        profiles.save(conn, [again])
        assert profiles.by_ids(conn, ["m1"]) == {"m1": again}


def test_whose_listing_has_run_out(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2", "m3", "m4", "m5")
        rows = [
            profile_row("m1", listed_until=NOW),
            profile_row("m2", listed_until=NOW - HOUR),
            profile_row("m3", listed_until=NOW + HOUR),
            profile_row("m4", listed_until=NOW - HOUR, listed=False),
            profile_row("m5", listed_until=None),
        ]
        profiles.save(conn, rows)
        assert profiles.expired_listed(conn, NOW, 9) == ["m2", "m1"]
        assert profiles.expired_listed(conn, NOW, 1) == ["m2"]


@pytest.mark.parametrize(
    ("changed", "seen"),
    [
        ({}, True),
        ({"listed_until": None}, True),
        ({"listed_until": NOW + HOUR}, True),
        ({"listed_until": NOW}, False),
        ({"listed_until": NOW - HOUR}, False),
        ({"listed": False}, False),
        ({"scopes": ("widgets",)}, False),
        ({"scopes": ()}, False),
    ],
)
def test_the_read_gate(changed: dict[str, Any], seen: bool) -> None:
    row = profile_row("m1", **{"listed": True, "listed_until": NOW + HOUR, "scopes": ("public", "federation"), **changed})
    assert row.visible("public", NOW) is seen


def test_whose_availability_the_calendar_changes(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "m1", "m2", "m3")
        profiles.save(conn, [profile_row("m1", next_change=NOW), profile_row("m2", next_change=NOW + HOUR), profile_row("m3")])
        assert profiles.due(conn, NOW, 9) == ["m1"]
        assert profiles.due(conn, NOW + HOUR, 9) == ["m1", "m2"]
        assert profiles.due(conn, NOW + HOUR, 1) == ["m1"]


def test_versions_cover_everybody_in_order(store: Store) -> None:
    with store.write() as conn:
        add_people(conn, "mB", "ma", "m1", "m_")
        people.bump(conn, ["m1", "ma"])
        people.bump(conn, ["ma"])
        profiles.save(conn, [profile_row("m1"), profile_row("ma", version=2, listed=False), profile_row("m_", version=0)])
        everybody = [
            PersonVersion("m1", 1, True),
            PersonVersion("mB", 0, False),
            PersonVersion("m_", 0, True),
            PersonVersion("ma", 2, False),
        ]
        assert profiles.versions(conn, "", 9) == everybody
        assert profiles.versions(conn, "m1", 2) == everybody[1:3]
        assert profiles.versions(conn, "ma", 2) == []


def test_pages_of_listed_profiles(store: Store) -> None:
    ids = [f"m{number:02}" for number in range(9)]
    with store.write() as conn:
        add_people(conn, *ids)
        rows = [profile_row(person_id, listed=person_id != "m03") for person_id in ids]
        profiles.save(conn, reversed(rows))
        listed = [row for row in rows if row.listed]
        assert profiles.page_for_index(conn, "", 5) == listed[:5]
        assert profiles.page_for_index(conn, "m05", 5) == listed[5:]
        assert profiles.count_listed(conn) == 8
