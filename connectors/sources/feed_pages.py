"""Reads the items of a mentor feed out of its pages or lines, and works out whether it is complete."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from connectors.base import BadItem, Event, Item, Notice, SourceConfig, Validators, digest, excerpt, read_id
from connectors.client import Client
from connectors.documents import fetch, refuse_foreign
from connectors.json_stream import BadJson, TooLarge, iter_items, iter_lines, loads_strict
from directory.core.errors import Invalid, SourceError, SourceRefused
from directory.core.json_schema import FEED_SCHEMA

ACCEPT: Final = "application/json, application/x-ndjson"
WANTED: Final = "a mentor feed in JSON"
FIRST_BYTES: Final = 512

_ID: Final = re.compile(rb'[{,]\s*"id"\s*:\s*(?:"([^"\\]{1,200})"|([0-9]{1,18})(?=[\s,}]))')


@dataclass(frozen=True, slots=True)
class Page:
    """One page that is open for reading. `url` is empty for a file."""

    number: int
    stream: IO[bytes]
    url: str = ""


class FeedReading:
    """One pass over a feed. After it, `reason` says why the feed is not complete (empty: it is), `total` what it said of itself."""

    def __init__(self, config: SourceConfig, client: Client) -> None:
        self._config = config
        self._client = client
        self._limits = config.limits
        self._count = 0
        self._next = ""
        self.total: int | None = None
        self.reason = ""

    def pages(self, first: Page) -> Iterator[Event]:
        """Items of all pages. What is wrong with a later page ends the reading; the items before it stay.

        Raises `SourceRefused` when the first page is no feed.
        """
        services = {_service(self._config.url), _service(first.url)}
        seen = {urldefrag(self._config.url).url, urldefrag(first.url).url}
        yield from self._page(first)
        number = 1
        while self._next and not self.reason:
            number += 1
            url = self._next
            self.reason = self._why_not(url, number, services, seen)
            if self.reason:
                return
            seen.add(url)
            yield from self._fetched_page(number, url)
        self._compare(self._count, self.total)

    def lines(self, stream: IO[bytes]) -> Iterator[Event]:
        """Items of newline-delimited JSON, perhaps with a first line of `schema` and `total` and a last one of `end` and `count`."""
        ended, last_is_bad = False, False
        for number, raw in iter_lines(stream, max_line_bytes=self._limits.max_item_bytes):
            if ended:
                self.reason = f"line {number} follows the line that says the feed has ended"
                return
            event = self._item(f"line {number}", raw)
            last_is_bad = isinstance(event, BadItem) and event.code == "bad-json"
            mark = event.data if isinstance(event, Item) and isinstance(event.data, dict) and "id" not in event.data else {}
            if number == 1 and "schema" in mark:
                self._check_head(mark)
                yield from self._no_next(number, mark)
            elif mark.get("end") is True:
                ended = True
                yield from self._no_next(number, mark)
                self._compare(self._count, _number(mark.get("count")))
            elif self._is_full():
                return
            else:
                yield self._counted(event)
        if last_is_bad and not ended:
            self.reason = "the last line is not complete"
        self._compare(self._count, self.total)

    def _fetched_page(self, number: int, url: str) -> Iterator[Event]:
        try:
            with fetch(self._config, self._client, url, accept=ACCEPT, state=Validators()) as document:
                start = document.stream.read(FIRST_BYTES)
                document.stream.seek(0)
                refuse_foreign(start, WANTED)
                yield from self._page(Page(number, document.stream, url))
        except SourceError as exc:
            self.reason = f"page {number} can't be read: {exc}"

    def _page(self, page: Page) -> Iterator[Event]:
        self._next = ""
        where = f" of page {page.number}" if page.number > 1 else ""
        items = iter_items(page.stream, "items", max_item_bytes=self._limits.max_item_bytes)
        try:
            for index, raw in items:
                if index == 0:
                    self._check_head(items.meta)
                if self._is_full():
                    return
                yield self._counted(self._item(f"items/{index}{where}", raw))
        except BadJson as exc:
            if not self._count and page.number == 1:
                raise SourceRefused(f"the source is not {WANTED}: {exc}") from None
            self.reason = f"page {page.number} is not complete: {exc}"
            return
        yield from self._end_of_page(page, items.meta)

    def _end_of_page(self, page: Page, meta: Mapping[str, object]) -> Iterator[Event]:
        self._check_head(meta)
        if "schema" not in meta and page.number == 1:
            yield Notice(f'the feed does not say "schema": "{FEED_SCHEMA}"; it was read as that')
        following = meta.get("next")
        if following in (None, ""):
            return
        if not isinstance(following, str) or not page.url:
            self.reason = f"page {page.number} has a next page that can't be followed; allowed is an address, in a feed from an address"
            return
        try:
            self._next = urldefrag(urljoin(page.url, following)).url
        except ValueError:
            self.reason = f"page {page.number} has a next page with an address that can't be read"

    def _no_next(self, number: int, mark: Mapping[str, object]) -> Iterator[Notice]:
        if mark.get("next") not in (None, ""):
            self.reason = f"line {number} has a next page that can't be followed; lines have one page"
            yield Notice(self.reason)

    def _why_not(self, url: str, number: int, services: set[tuple[str, str]], seen: set[str]) -> str:
        if number > self._limits.max_pages:
            return f"the feed has more than {self._limits.max_pages} pages; the others were not read"
        if _service(url) not in services:
            return f"page {number} is on another host than the feed; it was not read"
        if url in seen:
            return f"page {number} is one that was read before; the pages form a loop"
        return ""

    def _check_head(self, head: Mapping[str, object]) -> None:
        schema = head.get("schema", FEED_SCHEMA)
        if schema != FEED_SCHEMA:
            raise SourceRefused(f'the feed says "schema": "{excerpt(schema)}"; read is "{FEED_SCHEMA}"')
        if (total := _number(head.get("total"))) is not None:
            self.total = total

    def _compare(self, found: int, stated: int | None) -> None:
        if stated is not None and stated != found and not self.reason:
            self.reason = f"the feed says that it has {stated} items; {found} were found"

    def _is_full(self) -> bool:
        if self._count < self._limits.max_items:
            return False
        self.reason = f"the feed has more than {self._limits.max_items} items; the others were not read"
        return True

    def _counted(self, event: Item | BadItem) -> Event:
        """The event of the next item; one without an id is a bad one."""
        self._count += 1
        if isinstance(event, BadItem):
            return event
        locator = event.locator
        if not isinstance(event.data, dict):
            return BadItem(locator, "not-an-object", "an item must be an object", excerpt(event.data))
        try:
            external_id = read_id(event.data.get("id"))
        except Invalid as exc:
            return BadItem(locator, "bad-id", str(exc), excerpt(event.data))
        return replace(event, external_id=external_id)

    @staticmethod
    def _item(locator: str, raw: bytes | TooLarge) -> Item | BadItem:
        if isinstance(raw, TooLarge):
            message = f"the item has {raw.size} bytes; allowed are {raw.limit}"
            return BadItem(locator, "too-large", message, excerpt(raw.head), _likely_id(raw.head))
        try:
            value = loads_strict(raw)
        except BadJson as exc:
            return BadItem(locator, "bad-json", str(exc), excerpt(raw), _likely_id(raw))
        return Item(locator, digest(raw), "", value)


def _likely_id(raw: bytes) -> str:
    """The id of an item that can't be read, if it can be told, so that its person does not count as left out."""
    found = _ID.search(raw)
    try:
        return read_id((found[1] or found[2]).decode()) if found else ""
    except (Invalid, UnicodeDecodeError):
        return ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _service(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
