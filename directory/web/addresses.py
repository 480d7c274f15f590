"""Addresses of searches: one place that turns a question into a link."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlencode

from directory.services.arguments import SearchArguments

SEARCH = "/mentors"


def search_address(pairs: Iterable[tuple[str, str]] = ()) -> str:
    """The address of the search page with these arguments."""
    query = urlencode(list(pairs))
    return f"{SEARCH}?{query}" if query else SEARCH


def asked(arguments: SearchArguments) -> str:
    """The first page of this question."""
    return search_address(arguments.pairs())


def including(arguments: SearchArguments, facets: Iterable[str]) -> str:
    """The same question, letting those pass who do not state these facets."""
    return asked(replace(arguments, include=tuple(dict.fromkeys((*arguments.include, *facets)))))
