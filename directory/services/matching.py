"""Which person a record means: by ORCID iD, else by source and external id, else by an NPI that both sides state. Never by name."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import Connection

from directory.core.identity import MatchKey, match_keys, new_person_id
from directory.core.profile import SourceRecord
from directory.store import people, records

Place = tuple[str, str]
"""Source and external id."""


@dataclass(slots=True)
class Matches:
    """Which person each key means; grows while a batch is gone through. Only of people for whom it matters: `orcids` says which record of
    a person states which iD, `beside` which records of the source being read are of one person, and what identifies each."""

    known: dict[MatchKey, str]
    orcids: dict[str, dict[Place, str]] = field(default_factory=lambda: defaultdict(dict))
    beside: dict[str, dict[Place, frozenset[MatchKey]]] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, conn: Connection, arrivals: Sequence[SourceRecord]) -> Self:
        """What the store knows of the keys of these records."""
        keys = [match_keys(record) for record in arrivals]
        matches = cls(people.find(conn, [key for row in keys for key in row]))
        doubtful = {
            person
            for record, (first, *others) in zip(arrivals, keys, strict=True)
            if record.facts.orcid and first not in matches.known
            for key in others
            if (person := matches.known.get(key))
        }
        arriving = {_place(record): record.facts.orcid for record in arrivals}
        for person, rows in records.of_people(conn, sorted(doubtful)).items():
            stated = {_place(row.record): row.record.facts.orcid for row in rows}
            matches.orcids[person] = {place: orcid for place, before in stated.items() if (orcid := arriving.get(place, before))}
        matches._look_beside(conn, arrivals)
        return matches

    def _look_beside(self, conn: Connection, arrivals: Sequence[SourceRecord]) -> None:
        if not arrivals:
            return
        source = arrivals[0].source
        arriving = {_place(record): _identifiers(record) for record in arrivals}
        for person, rows in records.of_people(conn, records.crowded(conn, source, sorted(self.people))).items():
            own = [row.record for row in rows if row.source == source and row.state == "live"]
            self.beside[person] = {_place(record): arriving.get(_place(record), _identifiers(record)) for record in own}

    @property
    def people(self) -> set[str]:
        """Everybody who may be meant."""
        return set(self.known.values())

    def person(self, record: SourceRecord) -> str:
        """The person of the strongest key that fits, else a new person; keys that meant nobody mean that person from now on.

        A record with an iD is not that of a person of whom another record states another iD, whatever else they share. Two records of
        one source that no identifier ties together any more are of two people: an iD that stood in both by mistake was corrected.
        """
        place, orcid = _place(record), record.facts.orcid
        keys = match_keys(record)
        meant = [(key, person) for key in keys if (person := self.known.get(key))]
        found = next((person for key, person in meant if key.kind == "orcid" or not self._is_other(person, place, orcid)), "")
        if found and self._is_beside(found, place):
            del self.beside[found][place]
            found = ""
        if not found:
            found = new_person_id()
            self.fresh.append(found)
        for _, person in meant:
            self.orcids[person].pop(place, None)
        for key in keys:
            if key.kind == "source":
                self.known[key] = found
            self.known.setdefault(key, found)
        if orcid:
            self.orcids[found][place] = orcid
        return found

    def _is_other(self, person: str, place: Place, orcid: str) -> bool:
        return bool(orcid) and any(stated != orcid for stated_by, stated in self.orcids[person].items() if stated_by != place)

    def _is_beside(self, person: str, place: Place) -> bool:
        """Other records of the source are of this person, and nothing ties this one to any of them."""
        own = self.beside.get(person, {})
        others = [keys for other, keys in own.items() if other != place]
        return place in own and bool(others) and not any(keys & own[place] for keys in others)


def _identifiers(record: SourceRecord) -> frozenset[MatchKey]:
    return frozenset(key for key in match_keys(record) if key.kind != "source")


def _place(record: SourceRecord) -> Place:
    return record.source, record.external_id
