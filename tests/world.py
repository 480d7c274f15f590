"""The whole product in a temporary folder, with a clock that a test moves: sources are files, everything behind them is real."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from connectors.report import RunReport
from directory.bootstrap import Parts, build
from directory.core.identity import parse_orcid
from directory.services.arguments import SearchArguments
from directory.settings import load_settings
from directory.store import people, profiles
from directory.store.session import Store
from directory.store.tables import metadata
from tests.search_engines import engine_settings, indexes
from tests.stores import open_store

SHIPPED: Final = Path(__file__).parents[1] / "config"
START: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY: Final = timedelta(days=1)
WRITTEN: Final = ("person", "identity", "institution", "source_record", "profile", "consent_event", "suppression", "outbox", "quarantine")
"""Tables that a run without news must leave alone; the others are the run's own books."""
CONSENT: Final = {"purpose": "listing", "state": "granted", "at": "2026-10-01", "evidence": "form 12"}
PAGE: Final = 100


@dataclass
class MovingClock:
    """Starts at `now` and moves a little with every look, as a real clock does; `now` may be set."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def orcid(number: int) -> str:
    """A valid iD that belongs to nobody."""
    digits = f"{9_000_000_000_000_00 + number:015d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    text = digits + "0123456789X"[(12 - total % 11) % 11]
    return parse_orcid("-".join(text[at : at + 4] for at in range(0, 16, 4)))


def record(name: str, /, **changed: Any) -> dict[str, Any]:
    """The record of somebody who agreed to be listed; `name` is id and family name. A value of None leaves the field out."""
    offer = {"arena": "research-skills", "capacity": 3, "taken": 1, "confirmed_on": "2026-11-20"}
    values = {"id": name, "name": {"given": "Ada", "family": f"Invented{name}"}, "offers": [offer], "consent": [CONSENT]} | changed
    return {key: value for key, value in values.items() if value is not None}


def records(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Records `p000`, `p001` and so on."""
    return [record(f"p{number:03}") for number in range(start, start + count)]


def sources_toml(sources: Mapping[str, str]) -> str:
    """A sources.toml in which each name is a feed, `NAME.json`, or what the given lines say."""
    blocks = []
    for name, lines in sources.items():
        place = f'institution = {{ name = "Example {name.title()} University", city = "Lincoln", state = "NE" }}'
        blocks.append(f"[source.{name}]\n{place}\n{lines or feed_lines(name)}\n")
    return "\n".join(blocks)


def feed_lines(name: str) -> str:
    return f'kind = "mentor-feed"\npath = "{name}.json"'


@dataclass
class World:
    """Parts with their folder and clock."""

    config: Path
    data: Path
    clock: MovingClock
    parts: Parts
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.parts.store

    def publish(self, items: Sequence[Mapping[str, Any]], source: str = "plains", **head: Any) -> None:
        """Write the feed of a source. `total=N` says that it should have N items."""
        document = {"schema": "mentor-feed/1", **head, "items": list(items)}
        (self.config / f"{source}.json").write_text(json.dumps(document), encoding="utf-8")

    def run(self, source: str = "plains") -> RunReport:
        """One run, whose sum check must hold, and after which only a held run has something staged."""
        report = self.parts.runner.run(source)
        assert report.adds_up, report.counts
        if report.status != "held":
            assert self.table("staged_item") == []
        return report

    def harvest(self, items: Sequence[Mapping[str, Any]], source: str = "plains", **head: Any) -> RunReport:
        """Publish and run."""
        self.publish(items, source, **head)
        return self.run(source)

    def drain(self) -> int:
        """Index everything that is due; returns how many changes that were."""
        total = 0
        while taken := self.parts.indexer.drain().taken:
            total += taken
        return total

    def shown(self) -> list[str]:
        """Family names of everybody whom a search without a word shows, page after page; the total must be their number."""
        names: list[str] = []
        cursor = ""
        while True:
            result = self.parts.search.search(SearchArguments(limit=PAGE, cursor=cursor))
            names += [card.name.split()[-1].removeprefix("Invented") for card in result.items]
            cursor = result.cursor
            if not cursor:
                assert result.total == len(names)
                return sorted(names)

    def visible(self) -> list[str]:
        """Like `shown`, after the index has followed."""
        self.drain()
        return self.shown()

    def person(self, external_id: str, source: str = "plains") -> str:
        """The person whom a record means."""
        with self.store.read() as conn:
            table = metadata.tables["source_record"]
            found = conn.scalar(select(table.c.person_id).where(table.c.source == source, table.c.external_id == external_id))
        assert found is not None, external_id
        return str(found)

    def withdraw(self, external_id: str, source: str = "plains") -> str:
        """The person of a record withdraws; returns the person's id."""
        person = self.person(external_id, source)
        self.parts.consent.withdraw(person, evidence="letter")
        return person

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of a table."""
        table = metadata.tables[name]
        with self.store.read() as conn:
            return [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key.columns))]

    def written(self) -> dict[str, list[tuple[Any, ...]]]:
        """What a run without news must not touch."""
        return {name: self.table(name) for name in WRITTEN}

    def persons(self) -> int:
        """How many people have a live identity."""
        with self.store.read() as conn:
            return len(set(dict(people.all_keys(conn)).values()))

    def listed(self) -> int:
        """How many people the store lists."""
        with self.store.read() as conn:
            return profiles.count_listed(conn)

    def generations(self) -> list[str]:
        """All generations of the index that exist, in the order in which they were made."""
        if self.parts.settings.engine.kind == "elasticsearch":
            return indexes(self.parts.settings.elasticsearch.index)
        return sorted(path.name for path in (self.data / "index").iterdir() if path.is_dir())

    def differences(self) -> int:
        """Differences of index and store that nobody is about to put right."""
        return self.parts.verifier.compare(self.parts.engine, repair=False).unexplained


@contextmanager
def open_world(
    folder: Path,
    dialect: str = "sqlite",
    *,
    engine: str = "embedded",
    sources: Mapping[str, str] | None = None,
    clock: MovingClock | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[World]:
    """A world with the given sources (by default the feed `plains`). `settings` are those of the
    environment without their prefix: `INGEST_BATCH`."""
    config, data = folder / "config", folder / "data"
    config.mkdir(parents=True)
    data.mkdir(mode=0o700)
    (config / "vocabularies").symlink_to(SHIPPED / "vocabularies")
    (config / "directory.toml").write_text("", encoding="utf-8")
    (config / "sources.toml").write_text(sources_toml({"plains": ""} if sources is None else sources), encoding="utf-8")
    moving = clock or MovingClock()
    with open_store(data, dialect) as store, engine_settings(engine) as chosen:
        environment = {
            "MENTORS_CONFIG": str(config),
            "MENTORS_DATA": str(data),
            "MENTORS_DATABASE_URL": store.url.render_as_string(hide_password=False),
            "MENTORS_HTTP_ALLOW_HTTP": "true",
            "MENTORS_HTTP_ALLOW_PRIVATE": "true",
            **chosen,
        } | {f"MENTORS_{name}": value for name, value in (settings or {}).items()}
        parts = build(load_settings(environment), clock=moving)
        try:
            yield World(config, data, moving, parts, environment)
        finally:
            parts.close()


@contextmanager
def again(world: World, change: Callable[[dict[str, str]], None] = lambda _environment: None) -> Iterator[World]:
    """The same directory as another process would open it."""
    environment = dict(world.environment)
    change(environment)
    settings = load_settings(environment)
    parts = build(settings, clock=world.clock)
    try:
        yield World(settings.config, settings.paths.data, world.clock, parts, environment)
    finally:
        parts.close()
