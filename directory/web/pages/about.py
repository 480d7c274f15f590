"""Pages about the directory: help, privacy, accessibility, the meaning of errors, the API."""

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template

from directory.core.errors import PROBLEMS, NotFound, Problem
from directory.core.vocabulary import Term
from directory.current import part, public_root
from directory.search.fields import SORTS, TEXTS, Sort, Text
from directory.web.api_reference import Reference, reference
from directory.web.api_sample import SAMPLE, Sample

blueprint = Blueprint("about", __name__)


@dataclass(frozen=True, slots=True)
class HelpPage:
    """What the help page takes from tables, so that it can't fall behind them."""

    marks: tuple[Term, ...]
    texts: tuple[Text, ...]
    sorts: tuple[Sort, ...]
    lapse_days: int


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """Life of a consent and of a rejected line, in days."""

    consent_days: int
    quarantine_days: int


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """One row of the error table."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class ApiPage:
    """The API and its errors; `root` is the public address that all of it begins with."""

    root: str
    sample: Sample
    reference: Reference
    problems: tuple[Problem, ...]


@blueprint.get("/help")
def assistance() -> str:
    """How to search, what the marks and filters mean."""
    parts = part()
    texts = tuple(sorted(TEXTS.values(), key=lambda text: -text.weight))
    page = HelpPage(parts.vocabularies["availability"].active(), texts, tuple(SORTS.values()), parts.settings.availability.days)
    return render_template("pages/help.html", page=page)


@blueprint.get("/privacy")
def privacy() -> str:
    """What is kept, why, and how it ends."""
    settings = part().settings
    return render_template("pages/privacy.html", page=PrivacyPage(settings.consent.days, settings.ingest.quarantine_days))


@blueprint.get("/accessibility")
def accessibility() -> str:
    """What was tested and what was not."""
    return render_template("pages/accessibility.html")


@blueprint.get("/problems/<slug>")
def problem(slug: str) -> str:
    """What an error of the API means; the `type` of problem documents leads here. Raises NotFound."""
    if slug not in PROBLEMS:
        raise NotFound(f"There is no problem {slug[:60]!r}; the API page lists them.")
    return render_template("pages/problem.html", page=ProblemPage(PROBLEMS[slug]))


@blueprint.get("/api")
def api() -> str:
    """The reference, made from the same document that programs read."""
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return render_template("pages/api.html", page=ApiPage(public_root(), SAMPLE, reference(document), tuple(PROBLEMS.values())))
