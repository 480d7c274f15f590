"""Headers of every response, and compression of text for people."""

import gzip
from typing import Final

from flask import Flask, Response, request

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # searches stand in addresses: other sites learn nothing of them
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Set unless a handler has set its own."""

COMPRESSED: Final = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
WORTH_BYTES: Final = 1000


def secured(response: Response) -> Response:
    """The response with the headers of this site."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


def compressed(response: Response) -> Response:
    """Pages, styles and scripts as gzip for those who take it. No page holds a secret, so its length tells nothing (BREACH)."""
    if response.mimetype not in COMPRESSED or response.direct_passthrough or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and request.accept_encodings.quality("gzip") > 0:
        body = response.get_data()
        if len(body) >= WORTH_BYTES:
            response.set_data(gzip.compress(body, 5, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    return response


def register(app: Flask) -> None:
    """Apply to every response of the application, the API's included."""
    app.after_request(compressed)
    app.after_request(secured)
