"""Institutions whose mentors are listed."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api import bodies
from directory.api.documentation import problems
from directory.api.mentors import no_arguments
from directory.api.schemas import InstitutionListOut, InstitutionOut
from directory.current import part
from directory.services.institutions import InstitutionView

blueprint = Blueprint("institutions", __name__, url_prefix="/api/v1", description="Institutions whose mentors are listed.")


@blueprint.route("/institutions")
class Institutions(MethodView):
    """All of them."""

    @blueprint.doc(operationId="listInstitutions", responses=problems("unknown-argument", "unavailable"))
    @blueprint.response(200, InstitutionListOut)
    def get(self) -> Response:
        """Institutions with listed mentors"""
        no_arguments()
        rows = part().institutions.listed()
        return bodies.json_answer({"items": [_body(row) for row in rows], "total": len(rows)})


@blueprint.route("/institutions/<string:institution_id>")
class OneInstitution(MethodView):
    """One of them."""

    @blueprint.doc(operationId="getInstitution", responses=problems("unknown-argument", "not-found", "unavailable"))
    @blueprint.response(200, InstitutionOut)
    def get(self, institution_id: str) -> Response:
        """One institution"""
        no_arguments()
        row = part().institutions.one(institution_id)
        return bodies.json_answer(_body(row) | {"open": row.open})


def _body(row: InstitutionView) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "ror": row.ror,
        "city": row.city,
        "state": row.state,
        "mentors": row.mentors,
        "links": {"self": f"/api/v1/institutions/{row.id}", "page": f"/mentors?institution={row.id}"},
    }
