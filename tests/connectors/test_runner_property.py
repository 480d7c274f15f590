"""Random histories of a feed against a model of the rules: after each run the counts, and after indexing the search, are the model's."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.feed_model import OUTCOMES, FeedModel, item
from tests.dialects import both
from tests.world import World, open_world

NAMES = [f"p{number}" for number in range(7)]
KINDS = st.sampled_from(
    ["record-1", "record-1", "record-1", "record-2", "record-2", "silent-1", "refusal-1", "reject", "nameless", "tombstone"]
)
Items = list[tuple[str, str]]


@dataclass(frozen=True)
class Step:
    """Something that happens: `run` with these items, `again` with the last ones, `release`, `drop`, or the person `who` withdraws."""

    verb: str
    items: Items = field(default_factory=list)
    complete: bool = True
    who: str = ""


ITEMS: st.SearchStrategy[Items] = st.lists(st.tuples(st.sampled_from(NAMES), KINDS), max_size=9)
FULL: st.SearchStrategy[Items] = st.just([(name, "record-1") for name in NAMES])
STEPS = st.lists(
    st.one_of(
        st.builds(Step, st.just("run"), st.one_of(ITEMS, FULL), st.booleans()),
        st.sampled_from([Step("again"), Step("release"), Step("drop")]),
        st.builds(Step, st.just("withdraw"), who=st.sampled_from(NAMES)),
    ),
    min_size=2,
    max_size=9,
)
HOLD_COUNT, HOLD_SHARE = 2, 0.2


class History:
    """A world and its model, taken through the same steps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.model = FeedModel(HOLD_COUNT, HOLD_SHARE)
        self.last = Step("run")

    def take(self, step: Step) -> None:
        """One step, and what must hold after it."""
        held = bool(self.model.held or self.model.held_absent)
        if step.verb in ("run", "again"):
            self.last = step if step.verb == "run" else self.last
            self._run(self.last)
        elif step.verb == "release" and held:
            self._release()
        elif step.verb == "drop" and held:
            self.world.parts.runner.drop("plains")
            self.model.held, self.model.held_absent = [], []
        elif step.verb == "withdraw" and step.who in self.model.stored:
            self.world.withdraw(step.who)
            self.model.withdrawn.add(step.who)
        assert set(self.world.shown()) <= set(self.model.listed())  # nobody too many, though the index lags
        assert self.world.visible() == self.model.listed()
        assert self.world.differences() == 0

    def _run(self, step: Step) -> None:
        total = len(step.items) if step.complete else len(step.items) + 1
        report = self.world.harvest([item(*pair) for pair in step.items], total=total)
        status, counts = self.model.run(step.items, complete=step.complete)
        assert (report.status, report.counts) == (status, {name: counts.get(name, 0) for name in OUTCOMES})

    def _release(self) -> None:
        report = self.world.parts.runner.release("plains")
        counts = self.model.release()
        assert report.adds_up
        assert (report.counts["held"], report.counts["suppressed"]) == (0, counts.get("suppressed", 0))
        assert self.world.table("staged_item") == []


@both
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_search_shows_what_the_rules_say(dialect: str, steps: list[Step]) -> None:
    limits = {"INGEST_HOLD_COUNT": str(HOLD_COUNT), "INGEST_HOLD_SHARE": str(HOLD_SHARE), "INGEST_BATCH": "3", "WORKER_BATCH": "4"}
    with tempfile.TemporaryDirectory() as folder, open_world(Path(folder) / "world", dialect, settings=limits) as world:
        history = History(world)
        for step in steps:
            history.take(step)
