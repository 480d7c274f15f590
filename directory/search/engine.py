"""The engine port: what the search index can be asked, whichever engine stands behind it.

Semantics that every engine satisfies (proved by one contract suite):

* facets are OR within and AND across; each is counted with all *other* selections applied; trees count ancestors;
* an offer is one unit: selections of offer facets must hold for the same offer;
* per id the highest version wins whatever the order of arrival; a tombstone beats every document up to its version;
* `exclude` and `scope` bind hits, totals, counts and suggestions alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Word:
    """One word, already folded. `fuzzy` was resolved before: engines match it exactly (after their stemmer)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Adjacent words in one field."""

    words: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Key:
    """Holds when the mentor has this key of a mentor facet (a synonym that names a vocabulary term)."""

    facet: str
    key: str
    weight: float = 1.0


Alternative = Word | Phrase | Key


@dataclass(frozen=True, slots=True)
class Group:
    """One thing the user asked for; any alternative satisfies it. `typed` is what stood in the query."""

    typed: str
    alternatives: tuple[Alternative, ...]


Query = tuple[Group, ...]
"""All groups must hold (each in any field). Empty: no text condition."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A question to the engine. `filters` and `facets` use names of the field table; `include` names facets whose
    "not stated" also passes. `scope` is the audience (`public`, `widgets`, `federation`); `exclude` are ids to treat as absent.
    With a `limit` of 0 only the numbers are asked for."""

    scope: str
    query: Query = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    include: frozenset[str] = frozenset()
    exclude: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    sort: str = "fit"
    limit: int = 20
    cursor: str = ""
    highlight: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """`highlights` maps a text field to fragments of plain text in which U+E000 and U+E001 enclose matches."""

    id: str
    version: int
    score: float
    highlights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """`facets` counts mentors per key, without `MISSING`, non-zero only. `not_stated`: per selected nullable facet how many
    more mentors would match if its "not stated" passed. `cursor` is empty on the last page; it pins the view of the index."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    not_stated: Mapping[str, int]
    cursor: str
    generation: str


@dataclass(frozen=True, slots=True)
class OfferKeys:
    """One offer as the index sees it. Empty `topics` or `levels` mean not stated."""

    arena: str
    topics: tuple[str, ...]
    levels: tuple[str, ...]
    availability: str


@dataclass(frozen=True, slots=True)
class Document:
    """The consented public view of one mentor, ready to index.

    `keys` holds, per mentor facet, the keys *with ancestors*; `texts` the text per text field; `factor` in [1, 2] multiplies
    the text score; `confirmed` is the day of the newest confirmation as a proleptic ordinal (0: never)."""

    id: str
    version: int
    scopes: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    offers: tuple[OfferKeys, ...]
    texts: Mapping[str, str]
    factor: float
    confirmed: int
    name_sort: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """This mentor is not to be found; holds against every document up to and including `version`."""

    id: str
    version: int


Change = Document | Tombstone
Outcome = Literal["applied", "stale", "rejected"]


@dataclass(frozen=True, slots=True)
class Applied:
    """Outcome of one change; `reason` is set for `rejected` and holds no content."""

    id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IndexedVersion:
    """What the engine holds of an id."""

    id: str
    version: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`generation` names the physical index that serves; `spec` is the fingerprint it was built for."""

    engine: str
    generation: str
    spec: str
    documents: int
    tombstones: int


class Generation(Protocol):
    """A physical index under construction; it serves nobody before `SearchEngine.swap`.

    `resumed_after` is the largest id in it if it goes on with one that was killed, empty if it is new. Whoever applied in the order of
    ids need not repeat what came before; whether that is still true, `versions` tells.
    """

    name: str
    resumed_after: str

    def apply(self, changes: Sequence[Change]) -> list[Applied]: ...
    def versions(self, after: str, limit: int) -> list[IndexedVersion]: ...
    def count(self) -> int: ...
    def abandon(self) -> None: ...


class SearchEngine(Protocol):
    """See the module. `apply` returns once the changes are durable and visible to every later search of any process. `many_writers`:
    several processes may call it at once; a batch that a swap overtakes is in the new generation too when it returns."""

    many_writers: bool

    def apply(self, changes: Sequence[Change]) -> list[Applied]: ...
    def search(self, request: SearchRequest) -> Page: ...
    def suggest(self, prefix: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[Hit]: ...
    def corrections(self, word: str, *, scope: str, exclude: tuple[str, ...], limit: int) -> list[str]: ...
    def matches(self, word: str, *, scope: str, exclude: tuple[str, ...]) -> int: ...
    def start_generation(self) -> Generation: ...
    def swap(self, generation: Generation) -> None: ...
    def count(self) -> int: ...
    def versions(self, after: str, limit: int) -> list[IndexedVersion]: ...
    def status(self) -> EngineStatus: ...
    def close(self) -> None: ...
