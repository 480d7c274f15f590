"""The keys by which a mentor can be filtered: one function for the index document and for the answers of the API.

Because both use it, recounting a facet from the served items gives the served counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from directory.core.availability import OfferView
from directory.core.profile import Facts
from directory.core.vocabulary import Vocabularies, Vocabulary
from directory.search.engine import OfferKeys
from directory.search.fields import FACETS

REMEMBERED: Final = 4096
"""Most mentors share their modes, languages and states with many others."""


@dataclass(frozen=True, slots=True)
class MentorKeys:
    """`mentor`: keys per mentor facet, trees with their ancestors. `offers`: one entry per offer."""

    mentor: Mapping[str, tuple[str, ...]]
    offers: tuple[OfferKeys, ...]

    def by_argument(self) -> dict[str, list[str]]:
        """All keys under the names of the API arguments, offer facets gathered over the offers."""
        gathered: dict[str, list[str]] = {
            "arena": list(dict.fromkeys(offer.arena for offer in self.offers)),
            "topic": list(dict.fromkeys(topic for offer in self.offers for topic in offer.topics)),
            "level": list(dict.fromkeys(level for offer in self.offers for level in offer.levels)),
            "availability": list(dict.fromkeys(offer.availability for offer in self.offers)),
        }
        return {name: gathered[name] if name in gathered else list(self.mentor.get(name, ())) for name in FACETS}


def mentor_keys(facts: Facts, views: tuple[OfferView, ...], institution_id: str, vocabularies: Vocabularies) -> MentorKeys:
    """Keys of one mentor's *public* facts; hidden fields must have been removed before."""
    state = facts.institution.state if facts.institution else ""
    stated: dict[str, tuple[str, ...]] = {
        "specialty": facts.specialties,
        "mode": facts.modes,
        "state": (state,) if state else (),
        "stage": (facts.stage,) if facts.stage else (),
        "language": facts.languages,
        "institution": (institution_id,) if institution_id else (),
    }
    mentor = {name: _filterable(name, keys, vocabularies) for name, keys in stated.items()}
    return MentorKeys(mentor, tuple(OfferKeys(view.arena, view.topics, view.levels, view.state) for view in views))


def _filterable(name: str, keys: tuple[str, ...], vocabularies: Vocabularies) -> tuple[str, ...]:
    facet = FACETS[name]
    return _known(vocabularies[facet.vocabulary], keys, tree=facet.tree) if facet.vocabulary and keys else keys


@lru_cache(REMEMBERED)
def _known(vocabulary: Vocabulary, keys: tuple[str, ...], *, tree: bool) -> tuple[str, ...]:
    """The keys that the vocabulary has, in trees with their ancestors. A stored key that it has not (another version of it read the record)
    can't be filtered by; the next run of the source maps it anew."""
    known = tuple(key for key in keys if key in vocabulary.terms)
    return vocabulary.with_ancestors(known) if tree else known
