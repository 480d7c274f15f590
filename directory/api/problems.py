"""Errors on their way out: every exception becomes a row of the error table, as a problem document (RFC 9457)."""

import logging
import secrets
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from directory.core.errors import PROBLEMS, DirectoryError, Invalid, Problem, Unavailable
from directory.current import public_root
from directory.logs import passed

log = logging.getLogger(__name__)

MOST_ALLOWED = 300
"""Allowed values listed in one problem; a longer list is named by its address in `detail`."""

BY_STATUS = {
    HTTPStatus.BAD_REQUEST: "bad-request",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not-acceptable",
    HTTPStatus.GONE: "gone",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "address-too-long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


def problem_of(error: Exception) -> tuple[Problem, str]:
    """The row of the error table and the sentence for this case. An unforeseen error says nothing of itself."""
    if isinstance(error, DirectoryError) and error.problem != "internal":
        return PROBLEMS[error.problem], str(error)
    if isinstance(error, HTTPException) and error.code in BY_STATUS:
        row = PROBLEMS[BY_STATUS[HTTPStatus(error.code)]]
        return row, row.help
    return PROBLEMS["internal"], PROBLEMS["internal"].help


def headers_of(error: Exception) -> dict[str, str]:
    """Headers that belong to the error: Retry-After, Allow, and no storing."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return headers


def incident(error: Exception, row: Problem) -> str:
    """A name for this occurrence, logged with the kind of error and, for an unforeseen one, the lines of code it passed; never with
    its text, which may hold what a person typed."""
    name = secrets.token_hex(6)
    if row.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        lines = passed(error) if row.slug == "internal" else ""
        log.error("problem %s: %s, %s at %s\n%s", name, row.slug, type(error).__name__, request.endpoint, lines)
    return name


def body_of(error: Exception, row: Problem, detail: str) -> dict[str, Any]:
    """The problem document."""
    body: dict[str, Any] = {
        "type": f"{public_root()}/problems/{row.slug}",
        "title": row.title,
        "status": row.status,
        "detail": detail,
        "instance": f"urn:incident:{incident(error, row)}",
    }
    if isinstance(error, Invalid):
        body |= {key: value for key, value in (("argument", error.where), ("value", error.value)) if value}
        if error.allowed:
            body["allowed"] = list(error.allowed[:MOST_ALLOWED])
    return body


def answer(error: Exception) -> Response:
    """The response for an error under /api."""
    row, detail = problem_of(error)
    body = orjson.dumps(body_of(error, row, detail))
    return Response(body, row.status, headers_of(error), content_type="application/problem+json")


def wants_problem(path: str) -> bool:
    """API clients get problem documents, people get pages."""
    return path.startswith(("/api/", "/schemas/")) or path in ("/api", "/healthz", "/readyz", "/metrics")


def register(app: Flask, page_answer: Any) -> None:
    """Route every exception of the application through the error table. `page_answer` makes the page for people."""

    def handle(error: Exception) -> Any:
        if isinstance(error, HTTPException) and error.code is not None and error.code < HTTPStatus.BAD_REQUEST:
            return error  # a redirect is no error
        return answer(error) if wants_problem(request.path) else page_answer(error)

    app.register_error_handler(Exception, handle)
    app.register_error_handler(HTTPException, handle)  # the nearest class wins, and flask-smorest has taken this one
