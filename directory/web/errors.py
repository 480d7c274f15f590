"""Pages for errors, from the one error table. They show a way on and never a trace."""

from dataclasses import dataclass

from flask import Response, render_template

from directory.api.problems import headers_of, incident, problem_of
from directory.core.errors import Problem

NOT_FOUND = 404
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page shows. `incident` names the occurrence for the operator; set only where that helps."""

    problem: Problem
    detail: str
    incident: str
    retry_after: str


def page_answer(error: Exception) -> Response:
    """The page for an error outside the API."""
    problem, detail = problem_of(error)
    headers = headers_of(error)
    name = incident(error, problem)
    page = ErrorPage(problem, detail, name if problem.status >= SERVER_ERROR else "", headers.get("Retry-After", ""))
    return Response(render_template("pages/error.html", page=page), problem.status, headers, mimetype="text/html")
