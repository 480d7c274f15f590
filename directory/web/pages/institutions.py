"""Institutions that publish, and how to become one."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, render_template

from connectors.sources.csv_columns import Column, columns
from connectors.sources.csv_template import template
from directory.current import part
from directory.services.institutions import InstitutionView

blueprint = Blueprint("institutions_page", __name__)


@dataclass(frozen=True, slots=True)
class InstitutionsPage:
    """What the page shows; counts hold for `today`, `columns` are those of a file."""

    rows: tuple[InstitutionView, ...]
    mentors: int
    today: date
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Titles of the columns that a file must have."""
        return tuple(column.title for column in self.columns if column.required)


@blueprint.get("/institutions")
def institutions() -> str:
    """The list with live counts."""
    parts = part()
    rows = parts.institutions.listed()
    known = columns(parts.vocabularies["arena"].active())
    page = InstitutionsPage(rows, sum(row.mentors for row in rows), parts.clock().date(), known)
    return render_template("pages/institutions.html", page=page)


@blueprint.get("/templates/mentors.csv")
def csv_template() -> Response:
    """The file to start with, with the arenas of this directory."""
    text = template(columns(part().vocabularies["arena"].active()))
    answer = Response(text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="mentors.csv"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer
