"""What the OpenAPI document says beyond the schemas: arguments from the field table and the settings, problems from the error table."""

from typing import Any, Final

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api

from directory.api.schemas import ProblemOut
from directory.core.errors import PROBLEMS
from directory.core.vocabulary import Vocabularies
from directory.search.fields import FACETS, SORTS, Facet
from directory.services.arguments import INCLUDABLE, LONGEST_PREFIX
from directory.settings import Search

ABOUT: Final = (
    "Search of mentors in academic medicine who agreed to be listed. Every error is a problem document (RFC 9457) that names the "
    "argument and what is allowed. Lists are paged by cursor: follow `links.next` until it is absent."
)
SEARCH: Final = "searchMentors"
SHORT: Final = 30
"""Terms of a vocabulary that are listed with the argument; a longer one is named by its address."""

PREFIX_ARGUMENT: Final[dict[str, Any]] = {
    "in": "query",
    "name": "q",
    "description": "How it begins.",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_PREFIX},
}
NOT_MODIFIED: Final[dict[str, Any]] = {"304": {"description": "What `If-None-Match` names is still current."}}


def problems(*slugs: str) -> dict[str, Any]:
    """Responses for these rows of the error table, and one for all others."""
    rows = [PROBLEMS[slug] for slug in slugs]
    by_status = {str(row.status): ", ".join(other.slug for other in rows if other.status == row.status) for row in rows}
    return {status: _problem(named) for status, named in by_status.items()} | {"default": _problem("any row of the error table")}


def _problem(named: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    return {"description": f"A problem document: {named}.", "content": {"application/problem+json": {"schema": schema}}}


class _DocumentedApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    ERROR_SCHEMA = ProblemOut


class _SearchArguments(BasePlugin):
    """Gives the search its arguments, which depend on vocabularies and settings."""

    def __init__(self, parameters: list[dict[str, Any]]) -> None:
        self._parameters = parameters

    def operation_helper(self, path: Any = None, operations: Any = None, **_: Any) -> None:  # noqa: ARG002 (the plugin's signature)
        """Called by apispec for every path."""
        for operation in (operations or {}).values():
            if operation.get("operationId") == SEARCH:
                operation["parameters"] = self._parameters


def make_api(app: Flask, vocabularies: Vocabularies, limits: Search) -> Api:
    """The API of `app`, ready for its blueprints, with an OpenAPI document of its own."""
    api = _DocumentedApi(app, spec_kwargs={"extra_plugins": [_SearchArguments(search_parameters(vocabularies, limits))]})
    api.spec.components.schemas.pop("PaginationMetadata", None)  # of a header that this API does not send
    return api


def search_parameters(vocabularies: Vocabularies, limits: Search) -> list[dict[str, Any]]:
    """The arguments of the search, facets as the field table declares them."""
    fit = "; ".join(f"`{row.name}`: {row.help}" for row in SORTS.values())
    include = {"type": "array", "items": {"type": "string", "enum": list(INCLUDABLE)}}
    words = {"type": "string", "maxLength": limits.query_length}
    page = {"type": "integer", "minimum": 1, "maximum": limits.most, "default": min(limits.page, limits.most)}
    return [
        _argument("q", "Words, all of which must occur; “quoted phrases” stay together.", words),
        *(_facet(row, vocabularies, limits) for row in FACETS.values()),
        _argument("include", "Facets whose filter also lets those pass who do not state the field.", include),
        _argument("sort", fit, {"type": "string", "enum": list(SORTS), "default": next(iter(SORTS))}),
        _argument("limit", "Mentors on a page.", page),
        _argument("cursor", "Where to go on, from `links.next`.", {"type": "string"}),
    ]


def _facet(row: Facet, vocabularies: Vocabularies, limits: Search) -> dict[str, Any]:
    keys: dict[str, Any] = {"type": "string"}
    listing = f"vocabularies/{row.vocabulary}" if row.vocabulary else "institutions"
    if row.vocabulary and len(vocabularies[row.vocabulary].terms) <= SHORT:
        keys["enum"] = list(vocabularies[row.vocabulary].terms)
    description = f"{row.label}. Repeat it for alternatives. Keys: /api/v1/{listing}."
    return _argument(row.name, description, {"type": "array", "items": keys, "maxItems": limits.values})


def _argument(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An empty value counts as not given: forms send their empty fields too."""
    many = {"style": "form", "explode": True} if schema["type"] == "array" else {}
    argument = {"in": "query", "name": name, "description": description, "required": False, "allowEmptyValue": True}
    return argument | {"schema": schema} | many
