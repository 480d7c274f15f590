"""Kind `mentor-feed`: our own JSON feed, in pages or as newline-delimited JSON. Described in docs/connectors/mentor-feed.md."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.base import Completion, Event, Item, Kind, Option, Rejected, SourceConfig, Validators, complete_record, excerpt, fingerprint
from connectors.client import Client
from connectors.documents import Document, open_document, refuse_foreign
from connectors.sources.feed_pages import ACCEPT, FIRST_BYTES, WANTED, FeedReading, Page
from directory.core.errors import SourceRefused
from directory.core.vocabulary import Vocabularies

VERSION: Final = "mentor-feed/1"
FORMATS: Final = ("json", "ndjson")
LINE_TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines", "application/x-jsonlines")
LINE_ENDINGS: Final = (".ndjson", ".jsonl")
FOREIGN_TYPES: Final = ("text/csv", "application/xml", "text/xml", "application/pdf", "application/zip")


class MentorFeed:
    """One feed, from a file or an address."""

    kind = "mentor-feed"

    def __init__(self, config: SourceConfig, client: Client, vocabularies: Vocabularies) -> None:
        self._config = config
        self._client = client
        self.contract = fingerprint(VERSION, config.institution, config.consent, vocabularies.fingerprint)

    def discover(self, state: Validators) -> Iterator[Event]:
        """See `Connector`."""
        with open_document(self._config, self._client, accept=ACCEPT, state=state) as document:
            if document.not_modified:
                yield Completion(complete=True, etag=document.etag, last_modified=document.last_modified, not_modified=True)
                return
            _check_kind(document)
            reading = FeedReading(self._config, self._client)
            if self._is_lines(document):
                yield from reading.lines(document.stream)
            else:
                yield from reading.pages(Page(1, document.stream, document.url))
            yield Completion(
                complete=not reading.reason,
                reason=reading.reason,
                etag=document.etag,
                last_modified=document.last_modified,
                total=reading.total,
            )

    def map(self, item: Item) -> Mapping[str, object]:
        """See `Connector`."""
        if not isinstance(item.data, dict):
            raise Rejected("not-an-object", "an item must be an object", value=excerpt(item.data))
        return complete_record(self._config, dict(item.data))

    def place(self, item: Item, path: str) -> str:  # noqa: ARG002 the item is the record
        """See `Connector`."""
        return path

    def _is_lines(self, document: Document) -> bool:
        if "format" in self._config.options:
            return bool(self._config.options["format"] == "ndjson")
        name = self._config.path.name if self._config.path else urlsplit(document.url).path
        return document.content_type in LINE_TYPES or (document.content_type != "application/json" and name.lower().endswith(LINE_ENDINGS))


def _check_kind(document: Document) -> None:
    """Raise `SourceRefused` for a document that is something else than JSON."""
    if document.content_type in FOREIGN_TYPES:
        raise SourceRefused(f"the source answers with {document.content_type}; expected is {ACCEPT}")
    start = document.stream.read(FIRST_BYTES)
    document.stream.seek(0)
    refuse_foreign(start, WANTED)
    if not start.strip():
        raise SourceRefused(f"the source is empty; expected is {WANTED}")


def _check_format(value: Any) -> str:
    return "" if value in FORMATS else " or ".join(FORMATS)


KIND: Final = Kind(
    "mentor-feed",
    "Mentor feed (JSON)",
    MentorFeed,
    options=(Option("format", "json or ndjson; without it, content type and file name decide", _check_format),),
)
