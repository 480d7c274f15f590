"""What programs ask every site for: what robots may read, and the icon under its oldest name."""

from typing import Final

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as Answer

from directory.web.addresses import SEARCH
from directory.web.static_files import static_files

DAY: Final = 86_400

# Searches have no end of addresses, and the API says the same as the pages. The star changes nothing in RFC 9309, but readers older
# than it, Python's among them, drop a question mark at the end and would leave out every mentor.
ROBOTS: Final = f"User-agent: *\nDisallow: {SEARCH}?*\nDisallow: /api/\n"

blueprint = Blueprint("well_known", __name__)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Pages of mentors may be read, searches and the API not."""
    response = Response(ROBOTS, mimetype="text/plain")
    response.headers["Cache-Control"] = f"public, max-age={DAY}"
    return response


@blueprint.get("/favicon.ico")
def icon() -> Answer:
    """Leads to the icon of this release."""
    return redirect(static_files().address("icon.svg"))
