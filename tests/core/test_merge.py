from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.core.errors import Invalid
from directory.core.merge import SourceRank, merge, public_view
from directory.core.profile import (
    FACT_FIELDS,
    Facts,
    Institution,
    Link,
    Name,
    Offer,
    Profile,
    Provenance,
    SourceRecord,
    Window,
    facts_to_json,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
PLAINS_ROR, COAST_ROR = "https://ror.org/00d9ah105", "https://ror.org/00pjdza24"
PLAINS = Institution("Example University of the Plains", PLAINS_ROR)
COAST = Institution("Example Coast College", COAST_ROR)
RANKS: Mapping[str, SourceRank] = {
    "self": SourceRank("self"),
    "plains": SourceRank("institution", PLAINS_ROR, "Example University of the Plains"),
    "coast": SourceRank("institution", COAST_ROR, "Example Coast College"),
    "hills": SourceRank("institution", "", "Example Hills Clinic"),
    "node": SourceRank("directory"),
    "orcid": SourceRank("public"),
    "openalex": SourceRank("public"),
}


def record(source: str, day: int = 0, external_id: str = "1", **facts: Any) -> SourceRecord:
    return SourceRecord(source, external_id, Facts(**facts), (), T0 + timedelta(days=day))


def origin(profile: Profile, name: str) -> str:
    return profile.provenance[name].source


def test_one_record_is_its_profile() -> None:
    only = record("plains", name=Name("Okonjo-Vale", "Ingrid"), bio="<p>x</p>", visibility={"bio": "members"})
    source = Provenance("plains", T0)
    assert merge([only], RANKS) == Profile(only.facts, {"name": source, "bio": source, "visibility": source})
    assert merge([], RANKS) == Profile(Facts(), {})


def test_precedence_of_kinds() -> None:
    ladder = [
        record("self", 0, headline="self"),
        record("plains", 1, headline="employer", institution=PLAINS),
        record("coast", 2, headline="other institution", institution=PLAINS),
        record("node", 3, headline="directory"),
        record("orcid", 4, headline="public"),
        record("removed", 5, headline="unknown source"),
    ]
    for at, best in enumerate(ladder):
        merged = merge(reversed(ladder[at:]), RANKS)
        assert (merged.facts.headline, merged.provenance["headline"]) == (best.facts.headline, Provenance(best.source, best.changed_at))


def test_the_newest_record_of_a_kind_wins_and_then_the_first_by_source_and_id() -> None:
    assert merge([record("coast", 1, rank="old"), record("plains", 2, rank="new")], RANKS).facts.rank == "new"
    assert merge([record("plains", rank="b"), record("coast", rank="a")], RANKS).facts.rank == "a"
    assert merge([record("coast", external_id="2", rank="b"), record("coast", external_id="1", rank="a")], RANKS).facts.rank == "a"


def test_the_employer_is_known_by_ror_or_else_by_name() -> None:
    newer = record("coast", 9, rank="other", institution=PLAINS)
    by_name = replace(PLAINS, ror="", name="example university OF THE PLAINS")
    for institution, rank in ((PLAINS, "employer"), (by_name, "employer"), (replace(PLAINS, ror=COAST_ROR), "other"), (None, "other")):
        assert merge([record("plains", rank="employer", institution=institution), newer], RANKS).facts.rank == rank
    hills = Institution("Example Hills Clinic", PLAINS_ROR)
    assert merge([record("hills", rank="employer", institution=hills), newer], RANKS).facts.rank == "employer"


def test_the_person_states_single_fields_and_empty_never_beats_a_value() -> None:
    merged = merge(
        [record("self", 0, headline="mine", bio=""), record("plains", 5, headline="theirs", bio="<p>b</p>", languages=("en",))], RANKS
    )
    assert (merged.facts.headline, merged.facts.bio, merged.facts.languages) == ("mine", "<p>b</p>", ("en",))
    assert [origin(merged, name) for name in ("headline", "bio", "languages")] == ["self", "plains", "plains"]


def test_windows_and_time_zone_travel_together() -> None:
    windows = (Window("mon", 720, 840),)
    zone_only = record("self", time_zone="America/Denver")
    merged = merge([zone_only, record("plains", windows=windows, time_zone="America/Chicago")], RANKS)
    assert (merged.facts.windows, merged.facts.time_zone) == (windows, "America/Chicago")
    assert (origin(merged, "windows"), origin(merged, "time_zone")) == ("plains", "plains")
    without = merge([zone_only, record("plains", windows=windows)], RANKS)
    assert (without.facts.windows, without.facts.time_zone, "time_zone" in without.provenance) == (windows, "", False)
    assert merge([zone_only, record("plains", rank="professor")], RANKS).facts.time_zone == "America/Denver"


def test_visibility_is_the_persons_else_the_strictest() -> None:
    merged = merge(
        [
            record("self", visibility={"bio": "public", "windows": "hidden"}),
            record("plains", visibility={"bio": "hidden", "languages": "members", "links": "friends"}),
            record("node", visibility={"languages": "public", "windows": "public", "style": "hidden", "rank": "public"}),
        ],
        RANKS,
    )
    assert merged.facts.visibility == {
        "bio": "public",
        "languages": "members",
        "links": "hidden",
        "rank": "public",
        "style": "hidden",
        "windows": "hidden",
    }
    assert origin(merged, "visibility") == "self"


def test_public_view_examples() -> None:
    full = merge(
        [record("plains", name=Name("Vale"), bio="b", languages=("en",), rank="r", visibility={"bio": "members", "languages": "hidden"})],
        RANKS,
    )
    source = Provenance("plains", T0)
    assert public_view(full) == Profile(Facts(name=Name("Vale"), rank="r"), {"name": source, "rank": source})
    members = public_view(full, "members")
    assert members == Profile(
        Facts(name=Name("Vale"), bio="b", rank="r", visibility={"bio": "members"}),
        {"name": source, "bio": source, "rank": source, "visibility": source},
    )
    assert public_view(members) == public_view(full)
    for audience in ("hidden", "", "owner"):
        with pytest.raises(Invalid, match=r"^This audience is not known$") as refusal:
            public_view(full, audience)
        assert (refusal.value.value, refusal.value.allowed) == (audience, ("public", "members"))


WORDS = st.sampled_from(["", "x", "y"])
LISTS = st.sampled_from([(), ("x",), ("x", "y")])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | st.builds(Name, st.sampled_from(["Vale", "Okonjo"])),
    "institution": st.sampled_from([None, PLAINS, COAST, replace(PLAINS, ror="")]),
    "offers": st.sampled_from([(), (Offer("a", capacity=0),), (Offer("b"),)]),
    "windows": st.sampled_from([(), (Window("mon", 0, 60),), (Window("tue", 0, 60),)]),
    "links": st.sampled_from([(), (Link("https://example.org/"),)]),
    "visibility": st.dictionaries(st.sampled_from(FACT_FIELDS), st.sampled_from(["public", "members", "hidden"]), max_size=6),
    **dict.fromkeys(["credentials", "specialties", "keywords", "modes", "languages", "meetings", "affinity", "style"], LISTS),
    **dict.fromkeys(["orcid", "npi", "department", "rank", "stage", "headline", "bio", "cadence", "time_zone", "photo_url"], WORDS),
}
FACTS = st.builds(Facts, **VALUES)
RECORDS = st.lists(
    st.builds(
        SourceRecord,
        st.sampled_from([*RANKS, "removed"]),
        st.sampled_from(["1", "2"]),
        FACTS,
        st.just(()),
        st.integers(0, 3).map(lambda days: T0 + timedelta(days=days)),
    ),
    max_size=5,
    unique_by=lambda one: (one.source, one.external_id),
)


def test_the_strategy_covers_every_field() -> None:
    assert set(VALUES) == set(FACT_FIELDS)


@given(RECORDS, st.randoms())
def test_merge_does_not_depend_on_order_and_repetition(records: list[SourceRecord], random: Random) -> None:
    merged = merge(records, RANKS)
    shuffled = [*records, *records[:2]]
    random.shuffle(shuffled)
    assert merge(iter(shuffled), RANKS) == merged


@given(RECORDS)
def test_every_value_has_its_provenance_and_empty_never_beats_a_value(records: list[SourceRecord]) -> None:
    merged = merge(records, RANKS)
    stated = {name for one in records for name in FACT_FIELDS if getattr(one.facts, name)}
    assert set(merged.provenance) == {name for name in FACT_FIELDS if getattr(merged.facts, name)}
    assert stated - {"time_zone"} <= set(merged.provenance) <= stated
    for name, source in merged.provenance.items():
        givers = [one for one in records if (one.source, one.changed_at) == (source.source, source.at)]
        if name == "visibility":
            assert any(one.facts.visibility for one in givers)
        else:
            assert getattr(merged.facts, name) in [getattr(one.facts, name) for one in givers]


@given(RECORDS, FACTS)
def test_what_the_person_states_stands(records: list[SourceRecord], own: Facts) -> None:
    others = [one for one in records if one.source != "self"]
    merged = merge([*others, SourceRecord("self", "m0", own, (), T0)], RANKS).facts
    for name in FACT_FIELDS:
        if getattr(own, name) and name not in {"time_zone", "visibility"}:
            assert getattr(merged, name) == getattr(own, name)
    assert {name: merged.visibility[name] for name in own.visibility} == own.visibility


@given(RECORDS)
def test_visibility_never_gets_wider_than_any_source_but_by_the_person(records: list[SourceRecord]) -> None:
    order = ["public", "members", "hidden"]
    merged = merge(records, RANKS).facts.visibility
    for one in records:
        for name, value in one.facts.visibility.items():
            speakers = [other for other in records if other.source == "self" and name in other.facts.visibility]
            if one.source == "self" or not speakers:
                assert order.index(merged[name]) >= order.index(value)


@given(FACTS, st.sampled_from(["public", "members"]), st.sampled_from(["friends", "HIDDEN", ""]))
def test_public_view_leaks_nothing(facts: Facts, audience: str, odd: str) -> None:
    facts = replace(facts, visibility={**facts.visibility, "links": odd})
    full = merge([SourceRecord("plains", "1", facts, (), T0)], RANKS)
    view = public_view(full, audience)
    allowed = {"public"} if audience == "public" else {"public", "members"}
    hidden = {name for name, value in facts.visibility.items() if value not in allowed}
    empty = Facts()
    for name in FACT_FIELDS:
        if name in hidden - {"visibility"}:
            assert getattr(view.facts, name) == getattr(empty, name)
            assert name not in view.facts.visibility
            assert name not in view.provenance
            assert name not in facts_to_json(view.facts)
        elif name != "visibility":
            assert getattr(view.facts, name) == getattr(facts, name)
            assert view.provenance.get(name) == full.provenance.get(name)
    assert set(view.facts.visibility.values()) <= allowed - {"public"}
    assert public_view(view, audience) == view
    assert public_view(view) == public_view(full)
