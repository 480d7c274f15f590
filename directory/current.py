"""The parts of the application that serves the current request."""

from typing import cast

from flask import current_app, request

from directory.bootstrap import Parts

EXTENSION = "mentor-directory"


def part() -> Parts:
    """The parts behind the running application; only handlers of requests may ask."""
    return cast("Parts", current_app.extensions[EXTENSION])


def public_root() -> str:
    """The public address of this directory without a slash at its end: from the settings, else as the request came in."""
    return part().settings.web.base_url or request.url_root.rstrip("/")
