"""The index document of a mentor, built from the consented public view and from nothing else."""

from collections.abc import Iterable
from datetime import date

from directory.core.availability import OfferView, factor, offer_views
from directory.core.merge import public_view
from directory.core.profile import Facts
from directory.core.text import plain
from directory.core.vocabulary import Vocabularies
from directory.search.engine import Change, Document, Tombstone
from directory.search.keys import mentor_keys
from directory.store.profiles import ProfileRow


class DocumentBuilder:
    """Builds index documents; `lapse_days` is the age at which a confirmation stops counting."""

    def __init__(self, vocabularies: Vocabularies, *, lapse_days: int) -> None:
        self._vocabularies = vocabularies
        self._lapse_days = lapse_days

    def build(self, row: ProfileRow, today: date) -> Change:
        """A document if the mentor is listed now, else a tombstone. The version is the profile's."""
        if not row.listed:
            return Tombstone(row.person_id, row.version)
        public = public_view(row.profile)
        views = offer_views(public, today, lapse_days=self._lapse_days)
        keys = mentor_keys(public.facts, views, (row.institution_id or "") if public.facts.institution else "", self._vocabularies)
        return Document(
            id=row.person_id,
            version=row.version,
            scopes=row.scopes,
            keys=keys.mentor,
            offers=keys.offers,
            texts=self._texts(public.facts, views, keys.mentor["specialty"]),
            factor=factor(views),
            confirmed=max((view.confirmed_on.toordinal() for view in views), default=0),
            name_sort=public.facts.name.sort_key if public.facts.name else "",
        )

    def build_all(self, rows: Iterable[ProfileRow], today: date) -> tuple[list[Change], dict[str, str]]:
        """Changes for all that can be built, and the others' ids with a word on why: one profile must not stop the rest."""
        changes: list[Change] = []
        broken: dict[str, str] = {}
        for row in rows:
            try:
                changes.append(self.build(row, today))
            except Exception as error:  # noqa: BLE001 whatever is wrong with this one is retried, then shown to an operator
                broken[row.person_id] = type(error).__name__
        return changes, broken

    def _labels(self, vocabulary: str, ids: Iterable[str]) -> list[str]:
        terms = self._vocabularies[vocabulary].terms
        return [terms[key].label for key in ids if key in terms]

    def _texts(self, facts: Facts, views: tuple[OfferView, ...], specialties: tuple[str, ...]) -> dict[str, str]:
        topics = [topic for view in views for topic in view.topics]
        levels = dict.fromkeys(level for view in views for level in view.levels)
        arenas = [view.arena for view in views]
        notes = [view.note for view in views if view.note]
        institution = facts.institution
        place = [facts.department, *facts.credentials]
        if institution:
            place += [institution.name, institution.city, institution.state, *self._labels("state", [institution.state])]
        return {
            "name": facts.name.full if facts.name else "",
            "specialties": "; ".join(self._labels("specialty", specialties)),
            "headline": facts.headline,
            "keywords": "; ".join(facts.keywords),
            "topics": "; ".join([*self._labels("arena", arenas), *self._labels("topic", topics), *self._labels("level", levels), *notes]),
            "place": ", ".join(part for part in place if part),
            "bio": plain(facts.bio),
        }
