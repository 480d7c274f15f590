"""Mentors: search, and one mentor."""

from typing import Any

from flask import Response, request
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api import bodies
from directory.api.documentation import NOT_MODIFIED, PREFIX_ARGUMENT, SEARCH, problems
from directory.api.schemas import MentorDetailOut, SearchOut, SuggestOut
from directory.core.errors import UnknownArgument
from directory.current import part

blueprint = Blueprint("mentors", __name__, url_prefix="/api/v1", description="Search and profiles of mentors who agreed to be listed.")


@blueprint.route("/mentors")
class Mentors(MethodView):
    """The search."""

    @blueprint.doc(operationId=SEARCH, responses=problems("invalid-argument", "unknown-argument", "invalid-cursor", "unavailable"))
    @blueprint.response(200, SearchOut)
    def get(self) -> Response:
        """Search mentors

        Values of one argument are alternatives, arguments narrow each other. Each facet is counted with all other filters
        applied; arena, topic, level and availability must hold for the same offer of a mentor.
        """
        parts = part()
        pairs = list(request.args.items(multi=True))
        result = parts.search.search(parts.arguments.read(pairs))
        return bodies.json_answer(bodies.search(result, bodies.page_links("mentors.Mentors", pairs, result.cursor)))


@blueprint.route("/mentors/<string:mentor_id>")
class Mentor(MethodView):
    """One mentor."""

    @blueprint.doc(operationId="getMentor", responses=NOT_MODIFIED | problems("unknown-argument", "not-found", "gone", "unavailable"))
    @blueprint.response(200, MentorDetailOut)
    def get(self, mentor_id: str) -> Response:
        """One mentor

        404 when there is no such mentor, 410 when the mentor was listed and is not any more.
        """
        no_arguments()
        parts = part()
        page = parts.mentors.page(mentor_id)
        etag = f"{page.card.version}-{parts.clock().date().toordinal()}-{parts.vocabularies.fingerprint[:8]}"
        return bodies.json_answer(bodies.mentor_detail(page), etag=etag)


@blueprint.route("/suggest")
class Suggest(MethodView):
    """Suggestions while typing."""

    @blueprint.doc(
        operationId="suggest",
        responses=problems("invalid-argument", "unknown-argument", "unavailable"),
        parameters=[PREFIX_ARGUMENT],
    )
    @blueprint.response(200, SuggestOut)
    def get(self) -> Response:
        """People, specialties, topics and institutions that begin as typed"""
        parts = part()
        rows = parts.search.suggest(parts.arguments.read_prefix(request.args.items(multi=True)))
        items: list[dict[str, Any]] = [
            {"kind": row.kind, "key": row.key, "label": row.label, "detail": row.detail, "count": row.count} for row in rows
        ]
        return bodies.json_answer({"items": items})


def no_arguments() -> None:
    """Refuse arguments where none are known, so that a misspelt one is not ignored."""
    for name in request.args:
        raise UnknownArgument(f"The argument {name[:60]!r} is not known here; this address takes none.", where=name[:60])
