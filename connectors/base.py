"""What a connector is: how it is configured, what it yields, and the two steps that every kind of source has.

A connector *discovers* items and *maps* one item to the `mentor-profile/1` form. It writes nothing and decides nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from connectors.client import Client
from directory.core.errors import DirectoryError, Invalid, Stopped
from directory.core.profile import Institution
from directory.core.text import clean_line
from directory.core.vocabulary import Vocabularies

EXCERPT_LENGTH: Final = 200
ID_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run of a source may cost: items, bytes of one item, pages of a feed."""

    max_items: int = 2_000_000
    max_item_bytes: int = 65_536
    max_pages: int = 10_000


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One block of sources.toml. `path` is absolute; `folder` is where sources.toml lies.

    `consent` is `explicit` (statements in the records count) or `none` (they are not read; everybody waits as invited).
    `token` is the value of the environment variable `token_env`, None when there is no such variable.
    """

    name: str
    kind: str
    label: str
    institution: Institution
    every: timedelta
    url: str = field(default="", repr=False)
    path: Path | None = None
    folder: Path = Path()
    token_env: str = ""
    token: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    consent: Literal["explicit", "none"] = "explicit"
    enabled: bool = True
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Validators:
    """What the last complete run learned about the state of the source; empty when there was none."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One raw item. `external_id` is empty where it is not known before mapping; `raw_hash` is `digest` of the raw content."""

    locator: str
    raw_hash: bytes
    external_id: str = field(repr=False)
    data: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that can't be mapped at all. `code` is stable and for programs, `message` for people."""

    locator: str
    code: str
    message: str
    excerpt: str = field(default="", repr=False)
    external_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotOffered:
    """The source knows this person and does not offer them as a mentor. It counts like leaving the person out: it is neither a record
    nor a withdrawal, so that a source that suddenly offers nobody is held like one that is suddenly empty."""

    locator: str
    external_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """A remark about the source as a whole: encoding guessed, columns not used, unknown mentoring types."""

    message: str


@dataclass(frozen=True, slots=True)
class Completion:
    """How discovery ended. Absence of a person means something only when `complete`; else `reason` says what is missing."""

    complete: bool
    reason: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    total: int | None = None


Event = Item | BadItem | NotOffered | Notice | Completion


class Rejected(DirectoryError):
    """One item can't be mapped. `field` is in the source's own words."""

    def __init__(self, code: str, message: str, *, field: str = "", value: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.value = value


class Connector(Protocol):
    """One configured source, ready to read."""

    @property
    def kind(self) -> str:
        """The key in the registry."""
        ...

    @property
    def contract(self) -> str:
        """Fingerprint of everything but the raw item that `map` depends on; when it changes, all items are mapped again."""
        ...

    def discover(self, state: Validators) -> Iterator[Event]:
        """Yield events as they are read, `Completion` last. Pass an empty state unless the copy that it describes is still in use.

        An id may occur more than once; which of its items counts is decided by whoever gathers them.
        Raises `SourceUnavailable` or `SourceRefused` when nothing of the source can be used.
        """
        ...

    def map(self, item: Item) -> Mapping[str, object]:
        """The item as a `mentor-profile/1` record or tombstone, not yet checked. Pure. Raises `Rejected`."""
        ...

    def place(self, item: Item, path: str) -> str:
        """The source's own words for the record field `path` (`offers.0.topics.1`), as a publisher would look for it."""
        ...


class Stoppable:
    """A connector that gives up with `Stopped` between two items once `stop` says so."""

    def __init__(self, connector: Connector, stop: Callable[[], bool]) -> None:
        self._connector = connector
        self._stop = stop

    @property
    def kind(self) -> str:
        """See `Connector`."""
        return self._connector.kind

    @property
    def contract(self) -> str:
        """See `Connector`."""
        return self._connector.contract

    def discover(self, state: Validators) -> Iterator[Event]:
        """See `Connector`. Raises `Stopped` as well."""
        for event in self._connector.discover(state):
            if self._stop():
                raise Stopped("The process was asked to end; the source is read again next time.")
            yield event

    def map(self, item: Item) -> Mapping[str, object]:
        """See `Connector`."""
        return self._connector.map(item)

    def place(self, item: Item, path: str) -> str:
        """See `Connector`."""
        return self._connector.place(item, path)


@dataclass(frozen=True, slots=True)
class Option:
    """One key of `[source.NAME.options]`. `check` returns what is wrong with a value, or an empty string."""

    name: str
    help: str
    check: Callable[[Any], str]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source. Calling it builds a connector; raises `Invalid` for options that don't fit the vocabularies.

    `located`: the source needs a `url` or a `path`. `rank` is its place in the order of trust when profiles are merged. `rate` is how many
    requests a second a source gets that sets no `requests_per_second`.
    """

    name: str
    title: str
    build: Callable[[SourceConfig, Client, Vocabularies], Connector]
    located: bool = True
    options: tuple[Option, ...] = ()
    rank: Literal["institution", "directory", "public"] = "institution"
    rate: float = 5.0

    def __call__(self, config: SourceConfig, client: Client, vocabularies: Vocabularies) -> Connector:
        """A connector for this source."""
        return self.build(config, client, vocabularies)


def digest(raw: bytes) -> bytes:
    """Fingerprint of raw content, 16 bytes."""
    return blake2b(raw, digest_size=16).digest()


def fingerprint(*parts: object) -> str:
    """Fingerprint of configuration for `Connector.contract`; parts need a `repr` that depends on their value only."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def excerpt(raw: object) -> str:
    """The beginning of raw content, with everything escaped that could hide, break a line or be taken for markup."""
    text = raw[:EXCERPT_LENGTH].decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else str(raw)[:EXCERPT_LENGTH]
    shown = "".join(char if char.isprintable() and char not in "<>&" else f"\\u{ord(char):04x}" for char in text)
    return shown[: EXCERPT_LENGTH - 3] + "..." if len(shown) > EXCERPT_LENGTH else shown


def read_id(value: object) -> str:
    """The id of an item as the reader of records will take it. Raises `Invalid` saying what is wrong with it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("id is required; allowed is a text")
    found = clean_line(str(value), ID_LENGTH)
    if not found:
        raise Invalid("id is required; it is empty")
    return found


def complete_record(config: SourceConfig, record: dict[str, object]) -> dict[str, object]:
    """Fill in what the source's configuration says for all its records: the institution, and whether consent statements are read."""
    if record.get("institution") in (None, "", {}) and not record.get("withdrawn"):
        place = config.institution
        filled = {"name": place.name, "ror": place.ror, "city": place.city, "state": place.state}
        record["institution"] = {key: value for key, value in filled.items() if value}
    if config.consent == "none":
        record.pop("consent", None)
    return record
