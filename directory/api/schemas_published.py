"""The JSON Schemas of what institutions send, at the addresses that the node's card names."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response

from directory.api import bodies
from directory.api.mentors import no_arguments
from directory.core.errors import NotFound
from directory.core.json_schema import json_schema

DAY = 86_400

blueprint = Blueprint("schemas", __name__)


@cache
def _schemas() -> Mapping[str, Mapping[str, Any]]:
    return json_schema()


@blueprint.get("/schemas/<name>.json")
def published(name: str) -> Response:
    """One schema (JSON Schema 2020-12). Raises NotFound."""
    no_arguments()
    if name not in _schemas():
        listed = " and ".join(f"/schemas/{known}.json" for known in _schemas())
        raise NotFound(f"There is no schema {name[:60]!r}; there are {listed}.")
    response = bodies.json_answer(_schemas()[name], max_age=DAY)
    response.content_type = "application/schema+json"
    response.headers["Access-Control-Allow-Origin"] = "*"  # public, and validators in browsers load it
    return response
