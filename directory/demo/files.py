"""The files that the demo's institutions send, in the real formats, and the sources.toml that reads them."""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from directory.core.vocabulary import Vocabularies
from directory.demo.feeds import Feed, midnight
from directory.demo.institutions import DemoInstitution
from directory.demo.mess import Fault, fault_of, spoil
from directory.demo.people import MOST_PEOPLE, SEED, Cast
from directory.demo.plan import DemoPlan, PlannedSource
from directory.demo.sheets import STYLES, Sheet
from directory.demo.sources import sources_toml
from directory.demo.ucsf import profile, url_name

PROFILES: Final = "goldenbay"
FEEDS: Final = ("plains", "redmesa", "cascade", "gulf")
LINES: Final = ("redmesa",)
MOST_PROFILES: Final = 100
"""The profile server of the demo has at most this many people, because it is asked for one at a time."""


class Profiles:
    """The folder of the replay server, filled person by person."""

    def __init__(self, folder: Path, vocabularies: Vocabularies) -> None:
        folder.mkdir(exist_ok=True)
        self.names: list[str] = []
        self._folder = folder
        self._vocabularies = vocabularies
        self._used: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """People so far."""
        return len(self.names)

    def write(self, record: Mapping[str, Any]) -> None:
        """Add a person; beyond the limit nothing happens. One in nine left the mentoring section empty."""
        if self.count >= MOST_PROFILES:
            return
        base = url_name(record["name"])
        self._used[base] += 1
        name = base if self._used[base] == 1 else f"{base}.{self._used[base]}"
        number = self.count
        answer = profile(record, self._vocabularies, opted_in=number % 9 != 4, odd=number % 17 == 3)
        (self._folder / f"{name}.json").write_bytes(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
        self.names.append(name)


Writer = Feed | Sheet | Profiles


class _Desk:
    """Where the records of one institution go."""

    def __init__(self, place: DemoInstitution, kind: str, path: Path, writer: Writer) -> None:
        self.place = place
        self.kind = kind
        self.path = path
        self.writer = writer
        self.faults: Counter[Fault] = Counter()

    def add(self, record: dict[str, Any], fault: Fault | None, label: str) -> None:
        """Write the record, with the mistake. The profile server has no mistakes of this kind."""
        if fault is None or isinstance(self.writer, Profiles):
            self.writer.write(record)
            return
        self.faults[fault] += 1
        for item in spoil(record, fault, label):
            self.writer.write(item)

    def planned(self) -> PlannedSource:
        """The summary, to be taken at the end."""
        names = tuple(self.writer.names) if isinstance(self.writer, Profiles) else ()
        return PlannedSource(self.place.short, self.kind, self.path, self.place, self.writer.count, dict(self.faults), names)


def _desk(
    number: int, place: DemoInstitution, folder: Path, cast: Cast, vocabularies: Vocabularies, sheets: int, stack: ExitStack
) -> _Desk:
    if place.short == PROFILES:
        path = folder / "profiles"
        return _Desk(place, "ucsf-profiles", path, Profiles(path, vocabularies))
    if place.short in FEEDS or (number >= len(FEEDS) * 3 and number % 3 == 0):
        lines = place.short in LINES
        path = folder / f"{place.short}.{'ndjson' if lines else 'json'}"
        return _Desk(place, "mentor-feed", path, stack.enter_context(Feed(path, today=cast.today, lines=lines)))
    path = folder / f"{place.short}.csv"
    return _Desk(place, "csv", path, stack.enter_context(Sheet(path, STYLES[sheets % len(STYLES)], vocabularies)))


def _desks(folder: Path, cast: Cast, vocabularies: Vocabularies, stack: ExitStack) -> dict[str, _Desk]:
    desks: dict[str, _Desk] = {}
    for number, place in enumerate(cast.institutions):
        sheets = sum(desk.kind == "csv" for desk in desks.values())
        desks[place.ror] = _desk(number, place, folder, cast, vocabularies, sheets, stack)
    return desks


def _left(place: DemoInstitution, today: date) -> dict[str, Any]:
    """A tombstone, as a feed reports somebody who is gone."""
    return {"id": f"{place.short}-{MOST_PEOPLE - 1:07d}", "withdrawn": True, "at": midnight(today - timedelta(days=9))}


def write_files(
    folder: Path, *, vocabularies: Vocabularies, today: date, replay_url: str, size: int = 3000, institutions: int = 12, seed: int = SEED
) -> DemoPlan:
    """Write the files of all institutions and `sources.toml` into `folder`, with about `size` mentors, and say what was written.

    `replay_url` is the address of the `ReplayServer` over `folder / "profiles"`. The same arguments write the same bytes. Memory does not
    grow with `size`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cast = Cast(vocabularies, today=today, seed=seed, institutions_count=institutions)
    labels = {term.id: term.label for term in vocabularies["specialty"].terms.values()}
    twice = 0
    with ExitStack() as stack:
        desks = _desks(folder, cast, vocabularies, stack)
        for number, record in enumerate(cast.records(size)):
            desks[record["institution"]["ror"]].add(record, fault_of(number), labels[record["specialties"][0]])
            if cast.works_at_two(number) and fault_of(number) is None:
                place, second = cast.second(number)
                desks[place.ror].add(second, None, "")
                twice += 1
        for desk in desks.values():
            if isinstance(desk.writer, Feed):
                desk.writer.write(_left(desk.place, today))
    sources = tuple(desk.planned() for desk in desks.values() if desk.writer.count)
    file = folder / "sources.toml"
    file.write_text(sources_toml(sources, replay_url=replay_url), encoding="utf-8")
    return DemoPlan(file, sources, twice)


def write_feed(path: Path, count: int, *, vocabularies: Vocabularies, today: date, seed: int = SEED, institutions: int = 12) -> None:
    """Write one feed of `count` mentors of all institutions, without mistakes, as newline-delimited JSON if the path ends so."""
    cast = Cast(vocabularies, today=today, seed=seed, institutions_count=institutions)
    with Feed(path, today=today, lines=path.suffix == ".ndjson") as feed:
        for record in cast.records(count):
            feed.write(record)
