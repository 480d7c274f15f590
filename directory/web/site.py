"""Puts the pages into an application: templates, static files, headers, one blueprint per page module."""

from flask import Blueprint, Flask
from jinja2 import StrictUndefined

from directory.bootstrap import Parts
from directory.web import formatting, headers, static_files, well_known
from directory.web.operator import contact
from directory.web.pages import about, home, institutions, mentor, search

FILTERS = ("day", "moment", "ago", "number", "plural", "in_words", "hours", "lowered")
PAGES = (home.blueprint, search.blueprint, mentor.blueprint, institutions.blueprint, about.blueprint)


def register(app: Flask, parts: Parts) -> None:
    """Add every page to `app`. Errors stay with the error table, see `directory.api.problems.register`."""
    files = static_files.read_static_files()
    app.extensions[static_files.EXTENSION] = files
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update({name: getattr(formatting, name) for name in FILTERS})
    environment.globals.update({"asset": files.address, "demo": parts.settings.web.demo, "contact": contact(parts.settings.web.contact)})
    app.register_blueprint(Blueprint("site", __name__, template_folder="templates"))
    app.register_blueprint(static_files.blueprint)
    app.register_blueprint(well_known.blueprint)
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    headers.register(app)
