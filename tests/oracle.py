"""What a search must answer, worked out mentor by mentor from the definitions, without an index."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from directory.search.engine import Alternative, Document, Group, Key, OfferKeys, SearchRequest, Word
from directory.search.fields import FACETS, MISSING, OFFER_FACETS, TEXTS

STOP_WORDS: Final = frozenset(
    (
        "a an and are as at be but by for if in into is it no not of on or such that the "
        + "their then there these they this to was will with"
    ).split()
)
STEMS: Final = {
    "ultrasounds": "ultrasound", "teaching": "teach", "teaches": "teach", "grants": "grant", "studies": "study", "residents": "resident",
}  # fmt: skip
"""Stems of the words of the corpus that occur in more than one form; all others only ever match themselves."""

Tokens = list[tuple[int, str]]


@dataclass(frozen=True)
class Answer:
    """The parts of a page that do not depend on order or paging."""

    ids: frozenset[str]
    facets: Mapping[str, Mapping[str, int]]
    not_stated: Mapping[str, int]

    @property
    def total(self) -> int:
        return len(self.ids)


def answer(documents: Iterable[Document], request: SearchRequest) -> Answer:
    """The answer to a request over the newest documents."""
    seen = [document for document in documents if request.scope in document.scopes and document.id not in request.exclude]
    read = [document for document in seen if all(_group_holds(document, group) for group in request.query)]
    accepted = {
        facet: frozenset(keys) | ({MISSING} if facet in request.include else frozenset()) for facet, keys in request.filters.items() if keys
    }
    ids = _matching(read, accepted)
    facets = {facet: _counts(read, accepted, facet) for facet in request.facets}
    return Answer(ids, facets, _not_stated(read, accepted, len(ids)))


def _matching(documents: Iterable[Document], accepted: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(document.id for document in documents if _passes(document, accepted))


def _passes(document: Document, accepted: Mapping[str, frozenset[str]]) -> bool:
    offers = {facet: keys for facet, keys in accepted.items() if facet in OFFER_FACETS}
    mentor = all(set(mentor_keys(document, facet)) & keys for facet, keys in accepted.items() if facet not in OFFER_FACETS)
    return mentor and (not offers or any(_offer_passes(offer, offers) for offer in document.offers))


def _offer_passes(offer: OfferKeys, accepted: Mapping[str, frozenset[str]]) -> bool:
    return all(set(offer_values(offer, facet)) & keys for facet, keys in accepted.items())


def mentor_keys(document: Document, facet: str) -> tuple[str, ...]:
    """Keys of a mentor facet, or that it is not stated."""
    return tuple(document.keys.get(facet, ())) or (MISSING,)


def offer_values(offer: OfferKeys, facet: str) -> tuple[str, ...]:
    """Keys of an offer facet, or that it is not stated."""
    values = {"arena": (offer.arena,), "topic": offer.topics, "level": offer.levels, "availability": (offer.availability,)}
    return values[facet] or (MISSING,)


def _counts(documents: Iterable[Document], accepted: Mapping[str, frozenset[str]], facet: str) -> dict[str, int]:
    others = {name: keys for name, keys in accepted.items() if name != facet}
    offers = {name: keys for name, keys in others.items() if name in OFFER_FACETS}
    counts: dict[str, int] = {}
    for document in documents:
        if not _passes(document, others):
            continue
        if facet in OFFER_FACETS:
            keys = {key for offer in document.offers if _offer_passes(offer, offers) for key in offer_values(offer, facet)}
        else:
            keys = set(mentor_keys(document, facet))
        for key in keys - {MISSING}:
            counts[key] = counts.get(key, 0) + 1
    return counts


def _not_stated(documents: list[Document], accepted: Mapping[str, frozenset[str]], total: int) -> dict[str, int]:
    found = {}
    for facet, keys in accepted.items():
        if FACETS[facet].nullable and MISSING not in keys:
            more = len(_matching(documents, {**accepted, facet: keys | {MISSING}})) - total
            if more:
                found[facet] = more
    return found


def _group_holds(document: Document, group: Group) -> bool:
    standing = any(isinstance(one, Key) or _tokens(_written(one), stem=True) for one in group.alternatives)
    return not standing or any(_alternative_holds(document, one) for one in group.alternatives)


def _alternative_holds(document: Document, alternative: Alternative) -> bool:
    if isinstance(alternative, Key):
        return alternative.key in document.keys.get(alternative.facet, ())
    for field in TEXTS.values():
        wanted = _tokens(_written(alternative), stem=field.stem)
        if wanted and _adjacent(wanted, _tokens(document.texts.get(field.name, ""), stem=field.stem)):
            return True
    return False


def _written(alternative: Alternative) -> str:
    assert not isinstance(alternative, Key)
    return alternative.text if isinstance(alternative, Word) else " ".join(alternative.words)


def _adjacent(wanted: Tokens, text: Tokens) -> bool:
    standing = set(text)
    first = wanted[0][0]
    return any(all((start + place - first, word) in standing for place, word in wanted) for start, _ in text)


def _tokens(text: str, *, stem: bool) -> Tokens:
    folded = text.lower().replace("ø", "o")
    plain = "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))
    tokens = list(enumerate(re.findall(r"[^\W_]+", plain)))
    return [(place, STEMS.get(word, word)) for place, word in tokens if word not in STOP_WORDS] if stem else tokens
