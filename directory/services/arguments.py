"""From the arguments of a request to a checked question: one parser for the API and the pages.

Every refusal names the argument, the value and what is allowed.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from directory.core.errors import Invalid, UnknownArgument
from directory.core.vocabulary import Vocabularies
from directory.search.fields import FACETS, SORTS

PLAIN_ARGUMENTS = ("q", "include", "sort", "limit", "cursor")
ARGUMENTS = (*FACETS, *PLAIN_ARGUMENTS)
LONGEST_PREFIX: Final = 100
MOST_COMPARED: Final = 300
"""Keys that an unknown one is compared with, of institutions those with most mentors. Of thousands it would take a fifth of a second of
processor time, and a request may hold many."""
INCLUDABLE = tuple(name for name, row in FACETS.items() if row.nullable)


@dataclass(frozen=True, slots=True)
class SearchArguments:
    """A checked question. `filters` keeps the order in which facets stand in the field table; empty facets are left out."""

    q: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    sort: str = "fit"
    limit: int = 20
    cursor: str = ""

    @property
    def count(self) -> int:
        """How many single filters are in force."""
        return sum(len(values) for values in self.filters.values())

    def with_filter(self, facet: str, key: str) -> "SearchArguments":
        """The same question with one more filter, from its first page."""
        values = dict(self.filters)
        values[facet] = tuple(dict.fromkeys((*values.get(facet, ()), key)))
        return replace(self, filters={name: values[name] for name in FACETS if name in values}, cursor="")

    def without_filter(self, facet: str, key: str | None = None) -> "SearchArguments":
        """The same question without one filter (or a whole facet), from its first page."""
        kept = {name: tuple(v for v in values if name != facet or (key is not None and v != key)) for name, values in self.filters.items()}
        include = self.include if kept.get(facet) else tuple(name for name in self.include if name != facet)
        return replace(self, filters={name: values for name, values in kept.items() if values}, include=include, cursor="")

    def pairs(self) -> list[tuple[str, str]]:
        """The question as name and value pairs for a link; defaults are left out."""
        found = [("q", self.q)] if self.q else []
        found += [(name, value) for name, values in self.filters.items() for value in values]
        found += [("include", name) for name in self.include]
        return found + ([("sort", self.sort)] if self.sort != "fit" else [])


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a question, from the settings."""

    page: int = 20
    most: int = 100
    query_length: int = 300
    values: int = 50


class Institutions(Protocol):
    """What the reader has to know of institutions."""

    def known(self, ids: Sequence[str]) -> set[str]: ...
    def listed_ids(self) -> Sequence[str]: ...


class ArgumentReader:
    """Reads arguments against the vocabularies and the institutions."""

    def __init__(self, vocabularies: Vocabularies, limits: Limits, institutions: Institutions) -> None:
        self._vocabularies = vocabularies
        self._limits = limits
        self._institutions = institutions

    def read(self, arguments: Iterable[tuple[str, str]]) -> SearchArguments:
        """Raises UnknownArgument or Invalid; empty values count as not given (a form sends its empty fields too)."""
        given = _gathered(arguments, ARGUMENTS)
        filters = {name: self._keys(name, given[name]) for name in FACETS if name in given}
        return SearchArguments(
            q=self._text(given.get("q", [])),
            filters=filters,
            include=self._choices("include", given.get("include", []), INCLUDABLE),
            sort=self._single("sort", given.get("sort", []), tuple(SORTS)) or "fit",
            limit=self._limit(given.get("limit", [])),
            cursor=_once("cursor", given.get("cursor", [])),
        )

    def read_prefix(self, arguments: Iterable[tuple[str, str]]) -> str:
        """The beginning that suggestions are asked for: `q`, and nothing else. Raises UnknownArgument or Invalid."""
        text = _once("q", _gathered(arguments, ("q",)).get("q", []))
        if not 1 <= len(text) <= LONGEST_PREFIX:
            allowed = f"1 to {LONGEST_PREFIX} characters"
            raise Invalid(f"q has {len(text)} characters; allowed are {allowed}.", where="q", value=text[:80], allowed=(allowed,))
        return text

    def _text(self, values: list[str]) -> str:
        text = _once("q", values)
        if len(text) > self._limits.query_length:
            allowed = f"at most {self._limits.query_length} characters"
            raise Invalid(f"q has {len(text)} characters; allowed are {allowed}.", where="q", value=text[:80], allowed=(allowed,))
        return "".join(char if char.isprintable() else " " for char in text).strip()

    def _limit(self, values: list[str]) -> int:
        text = _once("limit", values)
        if not text:
            return min(self._limits.page, self._limits.most)
        allowed = f"a whole number from 1 to {self._limits.most}"
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= self._limits.most):
            raise Invalid(f"limit={text[:40]!r} can't be used; allowed is {allowed}.", where="limit", value=text[:40], allowed=(allowed,))
        return int(text)

    def _single(self, name: str, values: list[str], allowed: tuple[str, ...]) -> str:
        _once(name, values)
        return self._choices(name, values, allowed)[0] if values else ""

    def _choices(self, name: str, values: list[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if value not in allowed:
                listed = ", ".join(allowed)
                raise Invalid(f"{name}={value[:80]!r} can't be used; allowed are {listed}.", where=name, value=value[:80], allowed=allowed)
        return tuple(dict.fromkeys(values))

    def _keys(self, name: str, values: list[str]) -> tuple[str, ...]:
        if len(values) > self._limits.values:
            allowed = f"at most {self._limits.values} values"
            raise Invalid(f"{name} is given {len(values)} times; allowed are {allowed}.", where=name, allowed=(allowed,))
        keys = tuple(dict.fromkeys(values))
        vocabulary = FACETS[name].vocabulary
        known = self._vocabularies[vocabulary].terms if vocabulary else self._institutions.known(keys)
        for key in keys:
            if key not in known:
                self._refuse(name, key, vocabulary)
        return keys

    def _refuse(self, name: str, key: str, vocabulary: str) -> None:
        allowed = [term.id for term in self._vocabularies[vocabulary].active()] if vocabulary else list(self._institutions.listed_ids())
        listing = f"/api/v1/vocabularies/{vocabulary}" if vocabulary else "/api/v1/institutions"
        spelled = {word.lower(): word for word in allowed[:MOST_COMPARED]}
        near = [spelled[word] for word in difflib.get_close_matches(key[:80].lower(), spelled, n=3, cutoff=0.6)]
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise Invalid(f"{name}={key[:80]!r} is not known.{hint} {listing} lists what is.", where=name, value=key[:80], allowed=allowed)


def _gathered(arguments: Iterable[tuple[str, str]], known: Sequence[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for name, value in arguments:
        if name not in known:
            raise UnknownArgument(f"The argument {name[:60]!r} is not known here.", where=name[:60], allowed=known)
        if value.strip():
            given.setdefault(name, []).append(value.strip())
    return given


def _once(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise Invalid(
            f"{name} is given {len(values)} times; it can be given once.", where=name, value=values[1][:80], allowed=("one value",)
        )
    return values[0] if values else ""
