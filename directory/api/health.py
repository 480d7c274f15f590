"""Health, readiness, metrics and the node's own card, at the root of the site."""

from typing import Any

from flask import Blueprint, Response

from directory.api import bodies
from directory.current import part, public_root

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return bodies.json_answer({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The process can do its work: store, engine and index are there. 503 names the part that is not."""
    report = part().health.readiness()
    response = bodies.json_answer({"ready": report.ready, "checks": dict(report.checks), "warnings": list(report.warnings)})
    if not report.ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text format."""
    body, content_type = part().metrics.render()
    return Response(body, content_type=content_type)


@blueprint.get("/.well-known/mentor-directory")
def node() -> Response:
    """What this node is and where its interfaces are."""
    root = public_root()
    body: dict[str, Any] = {
        "name": "mentor-directory",
        "version": part().version,
        "schemas": ["mentor-profile/1", "mentor-feed/1"],
        "api": f"{root}/api/v1",
        "openapi": f"{root}/api/v1/openapi.json",
        "profile_schema": f"{root}/schemas/mentor-profile-1.json",
        "feed_schema": f"{root}/schemas/mentor-feed-1.json",
        "demo": part().settings.web.demo,
    }
    return bodies.json_answer(body, max_age=300)
