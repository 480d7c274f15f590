"""Shorthand for questions, documents and what comes back."""

from collections.abc import Iterable
from dataclasses import replace

from directory.search.engine import (
    Alternative,
    Document,
    Group,
    Page,
    SearchEngine,
    SearchRequest,
    Word,
)
from directory.search.fields import FACETS
from tests.oracle import answer

WORDS = (
    "ultrasound",
    "ultrasounds",
    "teaching",
    "simulation",
    "cafe",
    "Café",
    "grant",
    "medicine",
    "the",
    "will",
    "munoz",
    "ångström",
    "R01",
)
ALL = tuple(FACETS)


def group(*alternatives: Alternative | str) -> Group:
    made = tuple(Word(one) if isinstance(one, str) else one for one in alternatives)
    return Group(" ".join(str(one) for one in alternatives), made)


def words(*typed: str) -> tuple[Group, ...]:
    return tuple(group(word) for word in typed)


def document(name: str, **changed: object) -> Document:
    plain = Document(
        id=name, version=1, scopes=("public",), keys={}, offers=(), texts={}, factor=1.0, confirmed=0, name_sort=name
    )  # fmt: skip
    return replace(plain, **changed)  # type: ignore[arg-type]


def ids(page: Page) -> list[str]:
    return [hit.id for hit in page.hits]


def found(engine: SearchEngine, **asked: object) -> list[str]:
    return ids(engine.search(SearchRequest(scope="public", **asked)))  # type: ignore[arg-type]


def walk(engine: SearchEngine, request: SearchRequest) -> list[str]:
    seen: list[str] = []
    page = engine.search(request)
    seen += ids(page)
    while page.cursor:
        page = engine.search(replace(request, cursor=page.cursor))
        seen += ids(page)
    return seen


def check(engine: SearchEngine, documents: Iterable[Document], request: SearchRequest) -> None:
    page, expected = engine.search(request), answer(documents, request)
    assert (page.total, page.facets, page.not_stated) == (expected.total, expected.facets, expected.not_stated)
    seen = walk(engine, request)
    assert len(seen) == len(set(seen))
    assert set(seen) == expected.ids
