"""What a request asks for, whichever engine answers it."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from directory.core.errors import Invalid
from directory.search.engine import SearchRequest
from directory.search.fields import FACETS, MISSING, SORTS
from indexer.engines.analysis import clean

Selections = Mapping[str, frozenset[str]]


def check_request(request: SearchRequest) -> None:
    """Raises Invalid for a facet or a sort that the field table does not have."""
    for where, names in (("filters", request.filters), ("include", request.include), ("facets", request.facets)):
        _known(where, names, FACETS)
    _known("sort", (request.sort,), SORTS)


def accepted(request: SearchRequest) -> dict[str, frozenset[str]]:
    """Keys that pass per selected facet. A facet without keys is not selected."""
    stated = {facet: frozenset(map(clean, keys)) for facet, keys in request.filters.items() if keys}
    return {facet: keys | {MISSING} if facet in request.include else keys for facet, keys in stated.items()}


def nullable_selected(accepted: Selections) -> list[str]:
    """Selected facets that a mentor may leave open, unless "not stated" passes already."""
    return [facet for facet, keys in accepted.items() if FACETS[facet].nullable and MISSING not in keys]


def question_of(request: SearchRequest) -> str:
    """Fingerprint of what decides which hits there are and in what order."""
    filters = sorted((facet, sorted(keys)) for facet, keys in accepted(request).items())
    return _digest([request.scope, repr(request.query), filters, request.sort])


def absent_of(request: SearchRequest) -> str:
    """Fingerprint of the excluded ids."""
    return _digest(sorted(set(request.exclude)))


def _known(where: str, names: Iterable[str], table: Mapping[str, object]) -> None:
    for name in names:
        if name not in table:
            raise Invalid(f"{where}: {name!r} is not known.", where=where, value=name, allowed=tuple(table))


def _digest(value: object) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
