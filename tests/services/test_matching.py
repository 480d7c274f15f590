"""An iD that was copied into several rows by mistake: said at once, and undone by the correction."""

from tests.dialects import both
from tests.world import World, orcid, record


def test_one_orcid_with_two_names_is_said(world: World) -> None:
    report = world.harvest([record("a", orcid=orcid(1)), record("b", orcid=orcid(1)), record("c", orcid=orcid(2))])
    (problem,) = report.problems
    assert (problem.field, problem.value, problem.fatal) == ("orcid", orcid(1), False)
    assert problem.message.endswith("states the same ORCID iD with another family name; records with one iD are shown as one mentor")
    assert report.counts["added"] == 3


@both
def test_a_correction_parts_who_was_one_by_mistake(world: World) -> None:
    world.harvest([record(name, orcid=orcid(1)) for name in "abc"])
    assert len({world.person(name) for name in "abc"}) == 1
    world.harvest([record(name) for name in "abc"])
    assert len({world.person(name) for name in "abc"}) == 3
    assert sorted(world.visible()) == ["a", "b", "c"]
    before = world.written()
    world.harvest([record(name) for name in "abc"])
    assert world.written() == before


@both
def test_a_correction_of_one_row_leaves_the_others_together(world: World) -> None:
    world.harvest([record(name, orcid=orcid(1)) for name in "abc"])
    world.harvest([record("a"), record("b", orcid=orcid(1)), record("c", orcid=orcid(1))])
    assert world.person("b") == world.person("c") != world.person("a")
