"""The OpenAPI document is valid and true: every body that is served fits it, and every operation behaves as it says."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # it ships no types
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from directory.core.errors import PROBLEMS
from directory.search.fields import FACETS
from directory.services.arguments import ARGUMENTS
from tests.api.people import Directory, open_directory

ADDRESS = "/api/v1/openapi.json"
OPERATIONS = {
    "/api/v1/mentors": "searchMentors",
    "/api/v1/mentors/{mentor_id}": "getMentor",
    "/api/v1/suggest": "suggest",
    "/api/v1/vocabularies": "listVocabularies",
    "/api/v1/vocabularies/{name}": "getVocabulary",
    "/api/v1/institutions": "listInstitutions",
    "/api/v1/institutions/{institution_id}": "getInstitution",
}


@pytest.fixture(scope="session")
def document(directory: Directory) -> dict[str, Any]:
    served: dict[str, Any] = directory.get(ADDRESS)
    return served


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield path, item["get"]


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    """For the component of a name, with the whole document for its references."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def errors(document: dict[str, Any], name: str, body: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(document, name).iter_errors(body)]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_it_describes_every_resource_and_nothing_else(document: dict[str, Any]) -> None:
    assert {path: operation["operationId"] for path, operation in operations(document)} == OPERATIONS
    used = repr(document["paths"]) + repr(document["components"])
    assert [name for name in document["components"]["schemas"] if f"'#/components/schemas/{name}'" not in used] == []


def test_arguments_are_those_of_the_field_table(document: dict[str, Any], tmp_path: Any) -> None:
    parameters = {row["name"]: row["schema"] for row in document["paths"]["/api/v1/mentors"]["get"]["parameters"]}
    assert sorted(parameters) == sorted(ARGUMENTS)
    assert parameters["arena"]["items"]["enum"] == ["research-skills", "career-development", "personal-goals"]
    assert "enum" not in parameters["specialty"]["items"]
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    limits = {"MENTORS_SEARCH_MOST": "50", "MENTORS_SEARCH_QUERY_LENGTH": "80", "MENTORS_SEARCH_VALUES": "9", "MENTORS_SEARCH_PAGE": "60"}
    with open_directory(tmp_path / "x", **limits) as other:
        rows = {row["name"]: row["schema"] for row in other.get(ADDRESS)["paths"]["/api/v1/mentors"]["get"]["parameters"]}
        assert rows["limit"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 50}
        assert (rows["q"]["maxLength"], {rows[facet]["maxItems"] for facet in FACETS}) == (80, {9})
        assert other.client.get("/api/v1/mentors?limit=51").status_code == 400
        assert other.client.get(f"/api/v1/mentors?q={'a' * 81}").status_code == 400


def test_every_answer_documents_its_problems(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) or status == "default":
                assert list(response["content"]) == ["application/problem+json"]
        assert "default" in operation["responses"]


SERVED = [
    ("SearchOut", "/api/v1/mentors?limit=100"),
    ("SearchOut", "/api/v1/mentors?q=emergancy&limit=30"),
    ("SearchOut", "/api/v1/mentors?q=EM+research+residents&sort=name"),
    ("SearchOut", "/api/v1/mentors?arena=research-skills&availability=open&mode=video&include=mode&level=resident"),
    ("SearchOut", "/api/v1/mentors?q=nobodycalledthis"),
    ("SuggestOut", "/api/v1/suggest?q=e"),
    ("VocabularyListOut", "/api/v1/vocabularies"),
    ("InstitutionListOut", "/api/v1/institutions"),
]


@pytest.mark.parametrize(("name", "address"), SERVED)
def test_what_is_served_fits_the_document(directory: Directory, document: dict[str, Any], name: str, address: str) -> None:
    assert errors(document, name, directory.get(address)) == []


def test_every_mentor_vocabulary_and_institution_fits_the_document(directory: Directory, document: dict[str, Any]) -> None:
    checked = {name: validator(document, name) for name in ("MentorDetailOut", "VocabularyOut", "InstitutionOut")}
    wrong = []
    for item in directory.items(limit=100):
        wrong += list(checked["MentorDetailOut"].iter_errors(directory.get(item["links"]["self"])))
    for name in directory.parts.vocabularies:
        wrong += list(checked["VocabularyOut"].iter_errors(directory.get(f"/api/v1/vocabularies/{name}")))
    for row in directory.get("/api/v1/institutions")["items"]:
        wrong += list(checked["InstitutionOut"].iter_errors(directory.get(row["links"]["self"])))
    assert [f"{error.json_path}: {error.message[:200]}" for error in wrong] == []


@pytest.mark.parametrize("address", ["/api/v1/mentors?limit=0", "/api/v1/mentors?x=1", "/api/v1/nothing", "/api/v1/mentors?specialty=x"])
def test_problems_fit_the_document(directory: Directory, document: dict[str, Any], address: str) -> None:
    body = directory.client.get(address).get_json()
    assert errors(document, "ProblemOut", body) == []
    assert body["status"] in {row.status for row in PROBLEMS.values()}


def test_the_check_finds_what_does_not_fit(directory: Directory, document: dict[str, Any]) -> None:
    page = directory.search(limit=1)
    page["items"][0]["confirmed_on"] = "yesterday"
    page["items"][0]["offers"] = None
    page["secret"] = 1
    assert len(errors(document, "SearchOut", page)) == 3


CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
"""All that apply, but for `positive_data_acceptance`: a text that fits its schema and is nobody's cursor, id or key is rightly refused."""


def has_empty(query: Any) -> bool:
    """Whether an argument is empty, which the document allows by `allowEmptyValue` and not by the argument's schema."""
    values = [value for sent in (query or {}).values() for value in (sent if isinstance(sent, list) and sent else [sent])]
    return any(value in (None, [], {}) or not str(value).strip() for value in values)


@pytest.mark.parametrize(
    ("operation_id", "mode"),
    [
        *((name, GenerationMode.POSITIVE) for name in OPERATIONS.values()),
        ("searchMentors", GenerationMode.NEGATIVE),  # the others have no arguments that could be wrong
        ("suggest", GenerationMode.NEGATIVE),
    ],
)
def test_every_operation_behaves_as_it_says(directory: Directory, operation_id: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi(ADDRESS, directory.app)
    known = [row.ok() for row in schema.get_all_operations() if isinstance(row, Ok)]
    (operation,) = (row for row in known if row.definition.raw["operationId"] == operation_id)
    seen: Counter[int] = Counter()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(mode))
    def behaves(case: Any) -> None:
        assume(mode is GenerationMode.POSITIVE or not has_empty(case.query))
        response = case.call()
        seen[response.status_code] += 1
        case.validate_response(response, checks=CHECKED)

    behaves()
    assert sum(seen.values()) >= 1
    assert max(seen) < 500
