"""Many source records of one person become one profile, with provenance per field; and a profile becomes what an audience may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Literal

from directory.core.consent import SELF
from directory.core.errors import Invalid
from directory.core.profile import FACT_FIELDS, Facts, Profile, Provenance, SourceRecord

AUDIENCES: Final = ("public", "members")
"""Widest first. A visibility is one of these or `hidden`, which excludes both."""

_HIDDEN: Final = "hidden"
_STRICTNESS: Final = {"public": 0, "members": 1, _HIDDEN: 2}

_EMPLOYING: Final = 1
_UNKNOWN: Final = 5
_TIERS: Final = {"self": 0, "institution": 2, "directory": 3, "public": 4}

_VALUES = attrgetter(*FACT_FIELDS)
_APART: Final = frozenset({"windows", "time_zone", "visibility"})
_SINGLE: Final = tuple(name for name in FACT_FIELDS if name not in _APART)


@dataclass(frozen=True, slots=True)
class SourceRank:
    """What the merge has to know of a source: its kind and, for an institution's own source, which institution."""

    kind: Literal["self", "institution", "directory", "public"]
    institution_ror: str = ""
    institution_name: str = ""


def merge(records: Iterable[SourceRecord], ranks: Mapping[str, SourceRank]) -> Profile:
    """The profile of one person from all records of that person; (source, external id) is unique among them.

    Per field the first record that states it wins: the person's own edits, the source of the institution that the record names
    as employer, other institutions, other directories, public sources, sources that `ranks` does not know; within a kind
    the record that changed last, then by (source, external id). Windows and their time zone come from one record. `visibility`
    is the strictest of what the person said per field, else the strictest of all.
    """
    ordered = list(records)
    if len(ordered) == 1:
        return _profile(ordered[0])
    ordered.sort(key=lambda record: (record.source, record.external_id))
    ordered.sort(key=lambda record: record.changed_at, reverse=True)
    ordered.sort(key=lambda record: _tier(record, ranks))
    values: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    for name in _SINGLE:
        _take(name, (name,), ordered, values, provenance)
    _take("windows", ("windows", "time_zone"), ordered, values, provenance)
    if "windows" not in values:
        _take("time_zone", ("time_zone",), ordered, values, provenance)
    _take("visibility", ("visibility",), ordered, values, provenance)
    if "visibility" in values:
        values["visibility"] = _visibility(ordered, ranks)
    return Profile(Facts(**values), provenance)


def public_view(profile: Profile, audience: str = "public") -> Profile:
    """The profile without the fields whose visibility excludes an audience, and without a trace of them: this is the consent gate
    for fields. Of `visibility` only what a further narrowing needs is left. A visibility that is not known hides.
    Raises Invalid for an unknown audience.
    """
    if audience not in AUDIENCES:
        raise Invalid("This audience is not known", where="audience", value=audience, allowed=AUDIENCES)
    if not profile.facts.visibility:
        return profile
    visibility = {name: value for name, value in profile.facts.visibility.items() if name != "visibility"}
    reach = _STRICTNESS[audience]
    hidden = {name for name, value in visibility.items() if _strictness(value) > reach}
    kept = {name: value for name, value in visibility.items() if name not in hidden and _strictness(value) > 0}
    values = {name: value for name, value in zip(FACT_FIELDS, _VALUES(profile.facts), strict=True) if name not in hidden}
    values["visibility"] = kept
    if not kept:
        hidden.add("visibility")
    return Profile(Facts(**values), {name: source for name, source in profile.provenance.items() if name not in hidden})


def _profile(record: SourceRecord) -> Profile:
    source = Provenance(record.source, record.changed_at)
    facts = record.facts
    return Profile(facts, {name: source for name, value in zip(FACT_FIELDS, _VALUES(facts), strict=True) if value})


def _tier(record: SourceRecord, ranks: Mapping[str, SourceRank]) -> int:
    if record.source == SELF:
        return _TIERS["self"]
    rank = ranks.get(record.source)
    if rank is None:
        return _UNKNOWN
    return _EMPLOYING if rank.kind == "institution" and _employs(rank, record) else _TIERS[rank.kind]


def _employs(rank: SourceRank, record: SourceRecord) -> bool:
    """By ROR where both sides have one, else by name."""
    institution = record.facts.institution
    if institution is None:
        return False
    if rank.institution_ror and institution.ror:
        return rank.institution_ror == institution.ror
    return bool(institution.name) and rank.institution_name.casefold() == institution.name.casefold()


def _take(
    lead: str, names: Sequence[str], ordered: Sequence[SourceRecord], values: dict[str, Any], provenance: dict[str, Provenance]
) -> None:
    """Takes `names` together from the first record in which `lead` has a value."""
    for record in ordered:
        if getattr(record.facts, lead):
            source = Provenance(record.source, record.changed_at)
            for name in names:
                if value := getattr(record.facts, name):
                    values[name] = value
                    provenance[name] = source
            return


def _visibility(ordered: Sequence[SourceRecord], ranks: Mapping[str, SourceRank]) -> dict[str, str]:
    own: dict[str, str] = {}
    stated: dict[str, str] = {}
    for record in ordered:
        target = own if _tier(record, ranks) == _TIERS["self"] else stated
        for name, value in record.facts.visibility.items():
            if _strictness(value) >= _strictness(target.get(name, "public")):
                target[name] = value if value in _STRICTNESS else _HIDDEN
    return {name: own.get(name, stated.get(name, _HIDDEN)) for name in sorted(own.keys() | stated.keys())}


def _strictness(value: str) -> int:
    return _STRICTNESS.get(value, _STRICTNESS[_HIDDEN])
