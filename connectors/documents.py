"""Opens the document of a source, wherever it is: a file beside sources.toml, or an address on the web."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final

from connectors.base import SourceConfig, Validators
from connectors.client import Client
from directory.core.errors import SourceRefused

_MARKS: Final = (
    (b"PK\x03\x04", "a zip file or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a file packed with gzip"),
    (b"%PDF", "a PDF document"),
)
_WEB_PAGE: Final = re.compile(rb"\s*<(!doctype|html|head|body|script|meta|\?xml|!--)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """An open document at its beginning. `content_type` is lower case without parameters, empty for files."""

    stream: IO[bytes] = field(repr=False)
    content_type: str = ""
    url: str = field(default="", repr=False)
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False


def token_of(config: SourceConfig) -> str | None:
    """The token to send, None when the source needs none. Raises `SourceRefused` when one is configured and not there."""
    if config.token_env and not config.token:
        raise SourceRefused(f"the environment variable {config.token_env} is not set; it must hold the token of source {config.name}")
    return config.token


@contextmanager
def open_document(config: SourceConfig, client: Client, *, accept: str, state: Validators) -> Iterator[Document]:
    """The document at the source's `path` or `url`. Raises `SourceRefused` or `SourceUnavailable`."""
    if config.path is not None:
        try:
            stream = config.path.open("rb")
        except OSError as exc:
            raise SourceRefused(f"the file {config.path.name} of source {config.name} can't be read: {exc.strerror}") from None
        with stream:
            yield Document(stream)
        return
    with fetch(config, client, config.url, accept=accept, state=state) as document:
        yield document


@contextmanager
def fetch(config: SourceConfig, client: Client, url: str, *, accept: str, state: Validators) -> Iterator[Document]:
    """The document at `url`, with the source's token. Raises `SourceRefused` or `SourceUnavailable`."""
    answer = client.get(
        url, accept=accept, etag=state.etag or None, last_modified=state.last_modified or None, auth_token=token_of(config)
    )  # fmt: skip
    with answer:
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        yield Document(answer.body, kind, answer.url, answer.etag or "", answer.last_modified or "", answer.not_modified)


def refuse_foreign(start: bytes, wanted: str) -> None:
    """Raise `SourceRefused` when the first bytes of a document show that it is something else than `wanted`."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            raise SourceRefused(f"the source is {name}, not {wanted}")
    if _WEB_PAGE.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise SourceRefused(f"the source is a web page, not {wanted}; often that is a page that asks to sign in")
