"""One profile of the UCSF Profiles JSON API as a record of `mentor-profile/1`.

Free-text mentoring types mean different things at different institutions, so a table of the source's configuration maps them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.base import Rejected, SourceConfig, complete_record
from directory.core.errors import Invalid
from directory.core.vocabulary import Vocabularies, fold

USED: Final = (
    "FirstName", "LastName", "Name", "Title", "Titles", "Department", "ORCID", "ProfilesURL", "PhotoURL", "Narrative", "Keywords",
    "FreetextKeywords", "WebLinks_beta", "FacultyMentoring",
)  # fmt: skip
"""The parts of a profile that are kept. Mail, telephone and street addresses are not among them."""
MAX_KEYWORDS: Final = 50

_CREDENTIAL: Final = re.compile(r"[A-Z][A-Za-z]*\.?(?:[ /-]?[A-Z][A-Za-z.]*){0,3}")
_SUFFIX: Final = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MentoringType:
    """What a text under `Types`, or one half of it, stands for. Without an arena it names mentees only."""

    arena: str = ""
    topics: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()


class MentoringTypes:
    """The table `mentoring_types` of a source. Raises `Invalid` for terms that the vocabularies do not have."""

    def __init__(self, source: str, table: Mapping[str, Mapping[str, Any]], vocabularies: Vocabularies) -> None:
        self._vocabularies = vocabularies
        self._where = f"source.{source}.options.mentoring_types"
        self._types = {fold(text): self._read(text, row) for text, row in table.items()}

    def lookup(self, text: str) -> tuple[MentoringType | None, str]:
        """What a type means, and the part of it that is not known (empty: all is).

        `Medical Students - Career` is looked up as a whole, then as mentees and type on their own.
        """
        if whole := self._types.get(fold(text)):
            return whole, ""
        mentees, dash, kind = text.partition(" - ")
        known = self._types.get(fold(kind)) if dash else None
        if known is None or not known.arena:
            return None, text
        who = self._types.get(fold(mentees))
        levels = who.levels if who else self._vocabularies["level"].match(mentees)
        if len(levels) > 1 and who is None:
            levels = ()
        return MentoringType(known.arena, known.topics, (*known.levels, *levels)), "" if levels else text

    def _read(self, text: str, row: Mapping[str, Any]) -> MentoringType:
        arenas = self._terms(text, "arena", [row["arena"]] if "arena" in row else [])
        topics = self._terms(text, "topic", row.get("topics", []))
        for topic in topics:
            if (parent := self._vocabularies["topic"].terms[topic].parent) not in arenas:
                message = f"{self._where}: {text!r} has the topic {topic!r}, which belongs to the arena {parent}"
                raise Invalid(message, where=self._where, value=topic, allowed=self._vocabularies["topic"].children("".join(arenas)))
        return MentoringType("".join(arenas), topics, self._terms(text, "level", row.get("levels", [])))

    def _terms(self, text: str, name: str, values: Sequence[str]) -> tuple[str, ...]:
        vocabulary = self._vocabularies[name]
        found: list[str] = []
        for value in values:
            if len(ids := vocabulary.match(value)) != 1:
                allowed = tuple(term.id for term in vocabulary.active())
                message = f"{self._where}: {text!r} has the {name} {value!r}; allowed: {', '.join(allowed)}"
                raise Invalid(message, where=self._where, value=value, allowed=allowed)
            found.extend(ids)
        return tuple(found)


class ProfileMapper:
    """Maps profiles that were cut to `USED`."""

    def __init__(self, config: SourceConfig, types: MentoringTypes, vocabularies: Vocabularies) -> None:
        self._config = config
        self._types = types
        self._vocabularies = vocabularies

    def map(self, external_id: str, profile: Mapping[str, Any]) -> dict[str, object]:
        """The record. Raises `Rejected` for a profile that says nothing about mentoring at all."""
        mentoring = profile.get("FacultyMentoring")
        if not isinstance(mentoring, dict):
            raise Rejected(
                "no-mentoring-section", "the profile has no FacultyMentoring section, not even an empty one", field="FacultyMentoring"
            )
        narrative = _text(mentoring.get("Narrative"))
        titles = [_text(profile.get("Title")), *_texts(profile.get("Titles"))]
        rank = next((found[0] for title in titles if len(found := self._vocabularies["rank"].match(title)) == 1), "")
        department = _text(profile.get("Department"))
        credentials, suffix = _letters(_text(profile.get("Name")))
        record: dict[str, object] = {
            "id": external_id,
            "name": {"given": _text(profile.get("FirstName")), "family": _text(profile.get("LastName")), "suffix": suffix},
            "credentials": credentials,
            "orcid": _text(profile.get("ORCID")),
            "department": department,
            "rank": rank,
            "headline": "" if rank else titles[0],
            "bio": _joined(narrative, _text(profile.get("Narrative"))),
            "specialties": list(found) if len(found := self._vocabularies["specialty"].match(department)) == 1 else [],
            "keywords": _keywords(profile),
            "offers": self._offers(profile),
            "links": list(_links(profile)),
            "photo_url": _https(profile.get("PhotoURL")),
        }
        return complete_record(self._config, {key: value for key, value in record.items() if value})

    def _offers(self, profile: Mapping[str, Any]) -> list[dict[str, object]]:
        offers: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
        for text in mentoring_types(profile):
            meaning, _ = self._types.lookup(text)
            if meaning is not None and meaning.arena:
                topics, levels = offers.setdefault(meaning.arena, ({}, {}))
                topics.update(dict.fromkeys(meaning.topics))
                levels.update(dict.fromkeys(meaning.levels))
        return [{"arena": arena, "topics": list(topics), "levels": list(levels)} for arena, (topics, levels) in offers.items()]


def is_offered(profile: Mapping[str, Any]) -> bool:
    """False for somebody whose mentoring section is empty, which is how the API says "did not opt in"."""
    mentoring = profile.get("FacultyMentoring")
    return not isinstance(mentoring, dict) or bool(_text(mentoring.get("Narrative"))) or any(mentoring_types(profile))


def mentoring_types(profile: Mapping[str, Any]) -> Iterator[str]:
    """The texts under `FacultyMentoring.Types`."""
    mentoring = profile.get("FacultyMentoring")
    types = mentoring.get("Types") if isinstance(mentoring, dict) else None
    yield from _texts([types] if isinstance(types, str) else types)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for item in value if (text := _text(item))] if isinstance(value, list) else []


def _https(value: object) -> str:
    text = _text(value)
    return text if text.startswith("https://") else ""


def _letters(name: str) -> tuple[list[str], str]:
    """Degrees and suffix behind the name, `Ingrid Okonjo-Vale, Jr., PhD, MD`."""
    credentials, suffix = [], ""
    for part in name.split(",")[1:]:
        text = part.strip()
        if _SUFFIX.fullmatch(text):
            suffix = text
        elif len(text) <= 12 and _CREDENTIAL.fullmatch(text):
            credentials.append(text)
    return credentials, suffix


def _joined(mentoring: str, overview: str) -> str:
    parts = [part for part in (mentoring, overview) if part]
    return "".join(f"<p>{part}</p>" for part in parts) if any("<" in part for part in parts) else "\n\n".join(parts)


def _keywords(profile: Mapping[str, Any]) -> list[str]:
    """The person's own keywords, then MeSH headings. Headings hold commas ("Sodium, Dietary") and are never taken apart."""
    kept: dict[str, str] = {}
    for text in (*_texts(profile.get("FreetextKeywords")), *_texts(profile.get("Keywords"))):
        kept.setdefault(fold(text), text)
    return list(kept.values())[:MAX_KEYWORDS]


def _links(profile: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    if url := _https(profile.get("ProfilesURL")):
        yield {"url": url, "label": "Profile"}
    pages = profile.get("WebLinks_beta")
    for page in pages if isinstance(pages, list) else ():
        if isinstance(page, dict) and (url := _https(page.get("URL"))):
            yield {"url": url, "label": _text(page.get("Label"))[:100]}
