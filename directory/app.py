"""The Flask application: blueprints, error table, headers, and bounds on what is worked on at once and on what is sent."""

import secrets
import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

import directory.web as web
from directory.api import documentation, health, institutions, mentors, problems, schemas_published, vocabularies
from directory.bootstrap import Parts, build, settle
from directory.core.errors import PROBLEMS
from directory.current import EXTENSION
from directory.logs import configure_logging
from directory.settings import load_settings

MOST_BODY = 1_048_576
UNBOUNDED = ("/healthz", "/readyz", "/metrics", "/static/")
PATIENCE = 0.5


class Bounded:
    """WSGI middleware: work on at most `at_once` requests; one that finds no place within `PATIENCE` seconds gets 503 with
    Retry-After instead of waiting unseen, and is counted by `refused`. The server needs more threads than that for it to work."""

    def __init__(self, app: Callable[..., Iterable[bytes]], at_once: int, refused: Callable[[], None]) -> None:
        self._app = app
        self._free = threading.Semaphore(at_once)
        self._refused = refused

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(UNBOUNDED):
            return self._app(environ, start_response)
        if not self._free.acquire(timeout=PATIENCE):
            self._refused()
            kind, body = overloaded(path)
            headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Retry-After", "1"), ("Cache-Control", "no-store")]
            start_response("503 Service Unavailable", headers)
            return [body]
        try:
            return self._app(environ, start_response)
        finally:
            self._free.release()


def overloaded(path: str) -> tuple[str, bytes]:
    """Content type and body of the refusal, made without the application: a problem document for programs, a sentence for people."""
    row = PROBLEMS["overloaded"]
    if not problems.wants_problem(path):
        return "text/plain; charset=utf-8", f"{row.title}. Please try again in a moment.\n".encode()
    body = {"type": f"/problems/{row.slug}", "title": row.title, "status": row.status, "detail": row.help}
    return "application/problem+json", orjson.dumps(body | {"instance": f"urn:incident:{secrets.token_hex(6)}"})


def create_app(parts: Parts) -> Flask:
    """An application over these parts."""
    app = Flask("directory", static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BODY,
        API_TITLE="Mentor directory",
        API_VERSION=parts.version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_JSON_PATH="openapi.json",
        OPENAPI_URL_PREFIX="/api/v1",
        API_SPEC_OPTIONS={"info": {"description": documentation.ABOUT, "license": {"name": "Apache-2.0"}}},
    )
    app.extensions[EXTENSION] = parts
    app.url_map.merge_slashes = False  # one address for one thing, and no redirects that answer with a page
    app.before_request(_refuse_large)
    api = documentation.make_api(app, parts.vocabularies, parts.settings.search)
    for blueprint in (mentors.blueprint, vocabularies.blueprint, institutions.blueprint):
        api.register_blueprint(blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(schemas_published.blueprint)
    parts.metrics.watch(app)
    web.register(app, parts)
    problems.register(app, web.page_answer)
    return app


def _refuse_large() -> None:
    """By the length that the request states, before anything of it is read; a body without one is bounded while it is read."""
    if (request.content_length or 0) > MOST_BODY:
        raise RequestEntityTooLarge


def create_wsgi() -> Callable[..., Iterable[bytes]]:
    """What a WSGI server imports: settings from the environment, parts for reading, the bounded application."""
    settings = load_settings()
    configure_logging(settings.log.level)
    parts = build(settings, read_only_engine=True)
    app = create_app(parts)
    settle()
    return Bounded(app, settings.web.at_once, parts.metrics.refused)
