"""What is shown of a mentor: the public view with labels, as search rows and as the mentor's own page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from directory.core.availability import OfferView, offer_views, overall
from directory.core.merge import public_view
from directory.core.profile import Facts, Institution, Profile, Provenance
from directory.core.vocabulary import Vocabularies
from directory.search.keys import mentor_keys
from directory.store.profiles import ProfileRow

REMEMBERED: Final = 4096
"""Cards that a process remembers: the first pages of what visitors ask again and again."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A key with its label in words."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class OfferCard:
    """One offer with labels; `state` is derived, `places_left` None when the mentor states no capacity."""

    arena: Labelled
    state: Labelled
    topics: tuple[Labelled, ...]
    levels: tuple[Labelled, ...]
    capacity: int | None
    places_left: int | None
    paused_until: date | None
    confirmed_on: date
    note: str


@dataclass(frozen=True, slots=True)
class MentorCard:
    """A mentor as search results show them. `keys` are the filter keys under the names of the API arguments."""

    id: str
    version: int
    name: str
    credentials: tuple[str, ...]
    headline: str
    rank: str
    department: str
    institution: Institution | None
    institution_id: str
    specialties: tuple[Labelled, ...]
    availability: str
    offers: tuple[OfferCard, ...]
    keys: Mapping[str, list[str]]
    highlights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def confirmed_on(self) -> date | None:
        """Day of the newest confirmation of any offer."""
        return max((offer.confirmed_on for offer in self.offers), default=None)


@dataclass(frozen=True, slots=True)
class MentorPage:
    """Everything that the public may see of one mentor."""

    card: MentorCard
    facts: Facts
    provenance: Mapping[str, Provenance]
    updated_at: datetime
    listed_until: datetime | None


class CardMaker:
    """Makes cards from stored profiles; the only place where stored facts become visible ones."""

    def __init__(self, vocabularies: Vocabularies, *, lapse_days: int) -> None:
        self._vocabularies = vocabularies
        self._lapse_days = lapse_days
        self._made: dict[tuple[str, int, date], MentorCard] = {}
        self._terms = {name: {row.id: Labelled(row.id, row.label) for row in known.terms.values()} for name, known in vocabularies.items()}

    def card(self, row: ProfileRow, today: date, highlights: Mapping[str, tuple[str, ...]] | None = None) -> MentorCard:
        """One search row from the public view of `row`, remembered: a profile that changes gets another version."""
        key = row.person_id, row.version, today
        card = self._made.get(key)
        if card is None:
            if len(self._made) >= REMEMBERED:
                self._made = {}
            card = self._made[key] = self._card(row, public_view(row.profile), today)
        return replace(card, highlights=highlights) if highlights else card

    def page(self, row: ProfileRow, today: date) -> MentorPage:
        """The public page of one mentor."""
        public = public_view(row.profile)
        return MentorPage(self._card(row, public, today), public.facts, public.provenance, row.updated_at, row.listed_until)

    def line(self, row: ProfileRow) -> tuple[str, str]:
        """Name and institution of a mentor, from the public view of `row`."""
        facts = public_view(row.profile).facts
        return facts.name.full if facts.name else "", facts.institution.name if facts.institution else ""

    def label(self, vocabulary: str, key: str) -> str:
        """The label of a term; the key itself for one that is no longer known."""
        return self._one(vocabulary, key).label

    def labelled(self, vocabulary: str, keys: Iterable[str]) -> tuple[Labelled, ...]:
        """Keys with their labels, in the order given."""
        return tuple([self._one(vocabulary, key) for key in keys])

    def _one(self, vocabulary: str, key: str) -> Labelled:
        return self._terms[vocabulary].get(key) or Labelled(key, key)

    def _card(self, row: ProfileRow, public: Profile, today: date) -> MentorCard:
        facts = public.facts
        views = offer_views(public, today, lapse_days=self._lapse_days)
        return MentorCard(
            id=row.person_id,
            version=row.version,
            name=facts.name.full if facts.name else "",
            credentials=facts.credentials,
            headline=facts.headline,
            rank=self.label("rank", facts.rank) if facts.rank else "",
            department=facts.department,
            institution=facts.institution,
            institution_id=(row.institution_id or "") if facts.institution else "",
            specialties=self.labelled("specialty", facts.specialties),
            availability=overall(view.state for view in views),
            offers=tuple(self._offer(view) for view in views),
            keys=mentor_keys(facts, views, (row.institution_id or "") if facts.institution else "", self._vocabularies).by_argument(),
        )

    def _offer(self, view: OfferView) -> OfferCard:
        return OfferCard(
            arena=self._one("arena", view.arena),
            state=self._one("availability", view.state),
            topics=self.labelled("topic", view.topics),
            levels=self.labelled("level", view.levels),
            capacity=view.capacity,
            places_left=view.places_left,
            paused_until=view.paused_until,
            confirmed_on=view.confirmed_on,
            note=view.note,
        )
