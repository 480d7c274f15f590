"""Merged profiles as they were last computed, and whether they are listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select, update

from directory.core.profile import Facts, Profile, Provenance, facts_from_json
from directory.store.many import insert_many
from directory.store.statements import chunks
from directory.store.tables import person, profile


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One row of `profile`. `facts` and `provenance` are the stored JSON forms; `profile` gives the typed one.

    `scopes` are the purposes that are allowed now; `listed_until` is when the listing ends without a new event; `next_change` is the
    next moment at which the calendar alone changes the availability. None: never.
    """

    person_id: str
    version: int
    listed: bool
    listed_until: datetime | None
    scopes: tuple[str, ...]
    facts: Mapping[str, Any]
    provenance: Sequence[Mapping[str, Any]]
    name_sort: str
    institution_id: str | None
    next_change: datetime | None
    updated_at: datetime

    def visible(self, scope: str, now: datetime) -> bool:
        """The read gate: listed for this audience, and the consent behind it has not run out."""
        return self.listed and scope in self.scopes and (self.listed_until is None or now < self.listed_until)

    @property
    def typed_facts(self) -> Facts:
        """The facts as the core rules take them."""
        return facts_from_json(self.facts)

    @property
    def profile(self) -> Profile:
        """The profile as the core rules take it."""
        return Profile(self.typed_facts, provenance_from_json(self.provenance))


class PersonVersion(NamedTuple):
    """What the store knows of one person when an engine is compared with it; erased persons are among them, not listed."""

    person_id: str
    version: int
    listed: bool


COLUMNS: Final = tuple(f.name for f in fields(ProfileRow))
_VALUES: Final = attrgetter(*COLUMNS)
_SELECT: Final = select(*(profile.c[name] for name in COLUMNS))
# the two that every request asks are built once: putting them together costs as much as the database's answer
_BY_IDS: Final = _SELECT.where(profile.c.person_id.in_(bindparam("ids", expanding=True)))
_EXPIRED: Final = (
    select(profile.c.person_id)
    .where(profile.c.listed, profile.c.listed_until <= bindparam("now"))
    .order_by(profile.c.listed_until, profile.c.person_id)
    .limit(bindparam("most"))
)
_VERSIONS: Final = select(
    person.c.id, func.coalesce(profile.c.version, person.c.version), func.coalesce(profile.c.listed, False)
).outerjoin_from(person, profile, profile.c.person_id == person.c.id)


def provenance_to_json(provenance: Mapping[str, Provenance]) -> list[dict[str, Any]]:
    """The stored form: each origin once, with the fields that come from it. Most profiles have one origin and twenty fields."""
    groups: dict[tuple[str, str], list[str]] = {}
    last: Provenance | None = None
    names: list[str] = []
    for name, origin in provenance.items():
        if origin is not last:
            last, names = origin, groups.setdefault((origin.source, origin.at.isoformat()), [])
        names.append(name)
    return [{"source": source, "at": at, "fields": names} for (source, at), names in groups.items()]


def provenance_from_json(data: Iterable[Mapping[str, Any]]) -> dict[str, Provenance]:
    """The inverse of `provenance_to_json`."""
    found: dict[str, Provenance] = {}
    for group in data:
        found.update(dict.fromkeys(group["fields"], Provenance(group["source"], datetime.fromisoformat(group["at"]))))
    return found


def save(conn: Connection, rows: Iterable[ProfileRow]) -> None:
    """Adds profiles or replaces them whole. A row with a version below the stored one changes nothing."""
    insert_many(conn, profile, COLUMNS, map(_VALUES, rows), on_conflict="replace", newest="version")


def by_ids(conn: Connection, person_ids: Sequence[str]) -> dict[str, ProfileRow]:
    """The profiles that exist, listed or not: whoever shows one looks at `listed`, `listed_until` and `scopes` first."""
    rows = (row for part in chunks(person_ids) for row in conn.execute(_BY_IDS, {"ids": part}))
    return {row[0]: ProfileRow(*row) for row in rows}


def expired_listed(conn: Connection, now: datetime, limit: int) -> list[str]:
    """Persons still listed though their consent has run out, longest ago first."""
    return list(conn.scalars(_EXPIRED, {"now": now, "most": limit}))


def due(conn: Connection, now: datetime, limit: int) -> list[str]:
    """Persons whose availability the calendar has changed since their profile was computed, longest ago first."""
    c = profile.c
    return list(conn.scalars(select(c.person_id).where(c.next_change <= now).order_by(c.next_change, c.person_id).limit(limit)))


def make_due(conn: Connection, now: datetime, after: str, limit: int) -> str:
    """The rules changed: the next `limit` people behind an id are to be computed anew, however far off the calendar's next change is.
    Returns the last of them, "" when there was nobody left."""
    c = profile.c
    last = conn.scalars(select(c.person_id).where(c.person_id > after).order_by(c.person_id).limit(limit)).all()[-1:]
    if not last:
        return ""
    conn.execute(update(profile).where(c.person_id > after, c.person_id <= last[0]).values(next_change=now))
    return str(last[0])


def versions(conn: Connection, after: str, limit: int) -> list[PersonVersion]:
    """The next persons behind id `after` ("" for the first) in the order of code points, erased ones included, each with the version that
    an index has of the person: the profile's, or without a profile the person's own."""
    rows = conn.execute(_VERSIONS.where(person.c.id > after).order_by(person.c.id).limit(limit))
    return [PersonVersion(row[0], row[1], bool(row[2])) for row in rows]


def versions_of(conn: Connection, person_ids: Sequence[str]) -> dict[str, int]:
    """The same versions, of the ids that exist."""
    rows = (row for part in chunks(person_ids) for row in conn.execute(_VERSIONS.where(person.c.id.in_(part))))
    return {row[0]: row[1] for row in rows}


def page_for_index(conn: Connection, after: str, limit: int) -> list[ProfileRow]:
    """The next listed profiles behind person id `after` ("" for the first), by id."""
    c = profile.c
    return [ProfileRow(*row) for row in conn.execute(_SELECT.where(c.listed, c.person_id > after).order_by(c.person_id).limit(limit))]


def any_listed(conn: Connection) -> bool:
    """Whether anybody is listed."""
    return conn.scalar(select(profile.c.person_id).where(profile.c.listed).limit(1)) is not None


def count_listed(conn: Connection) -> int:
    """How many persons are listed."""
    return conn.scalar(select(func.count()).select_from(profile).where(profile.c.listed)) or 0


def erase(conn: Connection, person_id: str) -> int:
    """Deletes a person's profile; returns 1 if there was one. The version stays with the person."""
    return conn.execute(delete(profile).where(profile.c.person_id == person_id)).rowcount
