"""Kind `ucsf-profiles`: the JSON API of UCSF Profiles and its sister sites, one request per person. See docs/connectors/ucsf-profiles.md.

Facts of the interface come from its documentation and the code of its server (CTSIatUCSF/EasyJSON, version 2).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from connectors.base import (
    BadItem,
    Completion,
    Event,
    Item,
    Kind,
    Notice,
    NotOffered,
    Option,
    SourceConfig,
    Validators,
    digest,
    excerpt,
    fingerprint,
)
from connectors.client import AnswerRefused, Client
from connectors.documents import fetch
from connectors.json_stream import BadJson, loads_strict
from connectors.sources.ucsf_record import USED, MentoringTypes, ProfileMapper, is_offered, mentoring_types
from directory.core.errors import Invalid, SourceError, SourceRefused, SourceUnavailable
from directory.core.vocabulary import Vocabularies

VERSION: Final = "ucsf-profiles/1"
BASE_URL: Final = "https://api.profiles.ucsf.edu/json/v2/"
ACCEPT: Final = "application/json"
MAX_PROFILE_BYTES: Final = 8 * 2**20
"""Whole profiles list every publication; only a small part of them is kept."""
MAX_FAILURES: Final = 3
MAX_TYPES: Final = 200
ABOUT_ONE_NAME: Final = frozenset({400, 404, 410})

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._'-]{0,99}")
_WORD: Final = re.compile(r"\w")


class UcsfProfiles:
    """The profiles of a list of names."""

    kind = "ucsf-profiles"

    def __init__(self, config: SourceConfig, client: Client, vocabularies: Vocabularies) -> None:
        options = config.options
        if not options.get("names") and not options.get("names_file"):
            where = f"source.{config.name}.options"
            raise Invalid(f"{where} names nobody; allowed: names, names_file or both", where=where, allowed=("names", "names_file"))
        self._config = config
        self._client = client
        self._base_url = str(options.get("base_url", BASE_URL))
        self._types = MentoringTypes(config.name, options.get("mentoring_types", {}), vocabularies)
        self._mapper = ProfileMapper(config, self._types, vocabularies)
        self.contract = fingerprint(
            VERSION, config.institution, config.consent, sorted(options.get("mentoring_types", {}).items()), vocabularies.fingerprint
        )

    def discover(self, state: Validators) -> Iterator[Event]:  # noqa: ARG002 the API has no validators
        """See `Connector`. Somebody whose mentoring section is empty is not offered."""
        names = self._names()
        run = _Run(self._config.limits.max_items)
        for name, where in names:
            if run.is_over(name):
                break
            event = run.repeated(name, where) or self._event(name, where, run)
            if isinstance(event, Item):
                run.unknown.update(part for text in mentoring_types(event.data) if (part := self._types.lookup(text)[1]))
            yield event
        for text, count in run.unknown.most_common(MAX_TYPES):
            yield Notice(f'mentoring type "{excerpt(text)}" is not in the table mentoring_types; profiles with it: {count}')
        yield Completion(complete=not run.reason, reason=run.reason, total=len(names))

    def map(self, item: Item) -> Mapping[str, object]:
        """See `Connector`."""
        return self._mapper.map(item.external_id, item.data)

    def place(self, item: Item, path: str) -> str:  # noqa: ARG002 the same for all items
        """See `Connector`."""
        return PLACES.get(path) or PLACES.get(path.partition(".")[0], path)

    def _event(self, name: str, where: str, run: "_Run") -> Item | BadItem | NotOffered:
        """The profile of one name. Raises `SourceError` when that is the last of a row of failures and nothing was read before."""
        if not _NAME.fullmatch(name):
            return BadItem(where, "bad-name", "is not a profile name; allowed are letters, digits and . _ ' -", excerpt(name))
        try:
            event = self._profile(name)
        except AnswerRefused as exc:
            if exc.status not in ABOUT_ONE_NAME:
                return run.failed(name, exc, fatal=True)
            event = BadItem(f"person/{name}", "no-profile", f"the source has no profile of this name: {exc}", external_id=name)
        except SourceError as exc:
            return run.failed(name, exc, fatal=False)
        run.failures = 0
        run.answered = True
        return event

    def _profile(self, name: str) -> Item | BadItem | NotOffered:
        url = f"{self._base_url}?{urlencode({'source': self._config.options['source'], 'ProfilesURLName': name})}"
        with fetch(self._config, self._client, url, accept=ACCEPT, state=Validators()) as document:
            raw = document.stream.read(MAX_PROFILE_BYTES + 1)
        locator = f"person/{name}"
        if len(raw) > MAX_PROFILE_BYTES:
            return BadItem(locator, "too-large", f"the profile has more than {MAX_PROFILE_BYTES} bytes", external_id=name)
        try:
            profile = _only_profile(loads_strict(raw))
        except BadJson as exc:
            return BadItem(locator, "bad-json", str(exc), excerpt(raw), name)
        if profile is None:
            return BadItem(locator, "no-profile", 'the answer does not hold one profile under "Profiles"', excerpt(raw), name)
        if not is_offered(profile):
            return NotOffered(locator, name)
        kept = {key: profile[key] for key in USED if key in profile}
        content = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
        if len(content) > self._config.limits.max_item_bytes:
            message = f"the parts that are kept have {len(content)} bytes; allowed are {self._config.limits.max_item_bytes}"
            return BadItem(locator, "too-large", message, external_id=name)
        return Item(locator, digest(content), name, kept)

    def _names(self) -> Sequence[tuple[str, str]]:
        """Names with the place where each was configured."""
        options = self._config.options
        names = [(name, f"names/{place}") for place, name in enumerate(options.get("names", ()))]
        if file := options.get("names_file"):
            path = self._config.folder / file
            try:
                lines = path.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as exc:
                raise SourceRefused(
                    f"{path.name}, the names_file of source {self._config.name}, can't be read: {type(exc).__name__}"
                ) from None
            stripped = ((line.partition("#")[0].strip(), number) for number, line in enumerate(lines, 1))
            names += [(name, f"{path.name} line {number}") for name, number in stripped if name]
        return names


class _Run:
    """What happened so far in one pass over the names."""

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._places: dict[str, str] = {}
        self.failures = 0
        self.answered = False
        self.reason = ""
        self.over = False
        self.unknown: Counter[str] = Counter()

    def is_over(self, name: str) -> bool:
        """True when no more names are to be asked for."""
        if not self.over and len(self._places) == self._max_items and name not in self._places:
            self.reason = f"there are more than {self._max_items} names; the others were not read"
            self.over = True
        return self.over

    def repeated(self, name: str, where: str) -> BadItem | None:
        """The bad item of a name that was given before."""
        first = self._places.setdefault(name, where)
        if first == where:
            return None
        return BadItem(where, "duplicate-id", f"the name at {where} is the one at {first}; the first one was taken", excerpt(name), name)

    def failed(self, name: str, error: SourceError, *, fatal: bool) -> BadItem:
        """The bad item of a name whose profile could not be fetched. Raises `error` when the source never answered properly."""
        self.failures += 1
        self.reason = f"not all profiles could be read: {error}"
        if fatal or self.failures == MAX_FAILURES:
            self.over = True
            if not self.answered:
                raise error
        code = "unavailable" if isinstance(error, SourceUnavailable) else "refused"
        return BadItem(f"person/{name}", code, str(error), external_id=name)


def _only_profile(answer: object) -> dict[str, Any] | None:
    profiles = answer.get("Profiles") if isinstance(answer, dict) else None
    if not isinstance(profiles, list) or len(profiles) != 1 or not isinstance(profiles[0], dict):
        return None
    return profiles[0]


PLACES: Final = {
    "name.given": "FirstName",
    "name.family": "LastName",
    "name": "Name",
    "credentials": "Name",
    "orcid": "ORCID",
    "department": "Department",
    "specialties": "Department",
    "rank": "Titles",
    "headline": "Title",
    "bio": "Narrative",
    "keywords": "Keywords",
    "offers": "FacultyMentoring.Types",
    "links": "WebLinks_beta",
    "photo_url": "PhotoURL",
}
"""Where in a profile the fields of a record come from."""


def _check_url(value: Any) -> str:
    return "" if isinstance(value, str) and value.startswith(("https://", "http://")) and "?" not in value else "an address without a query"


def _check_names(value: Any) -> str:
    return "" if isinstance(value, list) and all(isinstance(name, str) for name in value) else 'a list of profile names like ["jane.doe"]'


def _check_file(value: Any) -> str:
    return "" if isinstance(value, str) and value else "a file with one name on each line, relative to the folder of sources.toml"


def _check_rate(value: Any) -> str:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0.01 <= value <= 1000
    return "" if fits else "a number from 0.01 to 1000"


def _check_source(value: Any) -> str:
    fits = isinstance(value, str) and len(value) <= 100 and value.isprintable() and len(_WORD.findall(value)) >= 3
    return "" if fits else "a text with at least 3 letters or digits that says who is asking"


def _check_types(value: Any) -> str:
    allowed = 'a table like "Career mentor" = {arena = "career-development", topics = [], levels = []}'
    if not isinstance(value, dict):
        return allowed
    for row in value.values():
        if not isinstance(row, dict) or not row or not set(row) <= {"arena", "topics", "levels"}:
            return allowed
        lists = [row.get("topics", []), row.get("levels", [])]
        if not isinstance(row.get("arena", ""), str) or any(not isinstance(texts, list) for texts in lists):
            return allowed
        if any(not isinstance(text, str) for texts in lists for text in texts):
            return allowed
    return ""


KIND: Final = Kind(
    "ucsf-profiles",
    "UCSF Profiles (JSON API)",
    UcsfProfiles,
    located=False,
    rate=1.0,
    options=(
        Option("base_url", f"address of the API, by default {BASE_URL}", _check_url),
        Option("source", "who is asking, as the API wants to be told", _check_source, required=True),
        Option("names", "profile names (ProfilesURLName), the last part of a profile's address", _check_names),
        Option("names_file", "a file with one profile name on each line", _check_file),
        Option("requests_per_second", "by default 1, the most that the API's owner asks for", _check_rate),
        Option("mentoring_types", "what the texts under FacultyMentoring.Types stand for", _check_types),
    ),
)
