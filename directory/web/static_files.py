"""Static files under an address that holds the hash of their content, so that browsers may keep them for ever."""

import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files

from flask import Blueprint, Response, abort, current_app

EXTENSION = "mentor-directory-static"
FOREVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("static_files", __name__)


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """All files, read once when the application starts. One hash covers all, so that modules can import each other by relative names."""

    content: dict[str, bytes]
    version: str

    def address(self, name: str) -> str:
        """Where the file is served now. Raises KeyError for a name that does not exist, which is a slip in a template."""
        self.content[name]
        return f"/static/{self.version}/{name}"


def read_static_files() -> StaticFiles:
    """The shipped files with their hash."""
    folder = files("directory.web") / "static"
    content = {entry.name: entry.read_bytes() for entry in sorted(folder.iterdir(), key=lambda entry: entry.name) if entry.is_file()}
    digest = hashlib.blake2b(digest_size=8)
    for name, body in content.items():
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return StaticFiles(content, digest.hexdigest())


def static_files() -> StaticFiles:
    """The files of the running application."""
    held: StaticFiles = current_app.extensions[EXTENSION]
    return held


@blueprint.get("/static/<version>/<name>")
def static_file(version: str, name: str) -> Response:
    """One file. A page rendered by an older release still gets the file, but may not keep it."""
    held = static_files()
    if name not in held.content:
        abort(404)
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response(held.content[name], mimetype=kind)
    response.headers["Cache-Control"] = FOREVER if version == held.version else "no-cache"
    return response
