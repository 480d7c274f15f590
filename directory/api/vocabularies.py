"""Vocabularies with labels, synonyms and the number of listed mentors per term."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api import bodies
from directory.api.documentation import problems
from directory.api.mentors import no_arguments
from directory.api.schemas import VocabularyListOut, VocabularyOut
from directory.core.errors import NotFound
from directory.core.vocabulary import Term
from directory.current import part
from directory.search.fields import FACETS

blueprint = Blueprint("vocabularies", __name__, url_prefix="/api/v1", description="The terms that profiles and filters use.")

FACET_OF = {row.vocabulary: row.name for row in FACETS.values() if row.vocabulary}


@blueprint.route("/vocabularies")
class VocabularyList(MethodView):
    """All vocabularies."""

    @blueprint.doc(operationId="listVocabularies", responses=problems("unknown-argument"))
    @blueprint.response(200, VocabularyListOut)
    def get(self) -> Response:
        """Names of the vocabularies"""
        no_arguments()
        vocabularies = part().vocabularies
        return bodies.json_answer({"items": [{"key": name, "label": vocabularies[name].label} for name in vocabularies]}, max_age=300)


@blueprint.route("/vocabularies/<string:name>")
class OneVocabulary(MethodView):
    """One vocabulary."""

    @blueprint.doc(operationId="getVocabulary", responses=problems("unknown-argument", "not-found", "unavailable"))
    @blueprint.response(200, VocabularyOut)
    def get(self, name: str) -> Response:
        """One vocabulary with counts"""
        no_arguments()
        parts = part()
        if name not in parts.vocabularies:
            raise NotFound(f"There is no vocabulary {name[:60]!r}; /api/v1/vocabularies lists them.")
        vocabulary = parts.vocabularies[name]
        counts = parts.search.counts((FACET_OF[name],)).facets[FACET_OF[name]] if name in FACET_OF else None
        body = {
            "name": name,
            "label": vocabulary.label,
            "description": vocabulary.description,
            "parent_vocabulary": vocabulary.parent_vocabulary,
            "terms": [_term(term, None if counts is None else counts.get(term.id, 0)) for term in vocabulary.terms.values()],
        }
        return bodies.json_answer(body)


def _term(term: Term, count: int | None) -> dict[str, Any]:
    return {
        "key": term.id,
        "label": term.label,
        "parent": term.parent,
        "synonyms": list(term.synonyms),
        "retired": term.retired,
        "replaced_by": term.replaced_by,
        "count": count,
    }
