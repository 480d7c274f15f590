"""The spreadsheet to start with: every column and one invented row."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from connectors.sources.csv_columns import Column

EXAMPLES: Final = {
    "research skills topics": "Study design; First R01 or K award",
    "research skills levels": "Residents; Fellows",
    "research skills capacity": "5",
    "research skills taken": "3",
    "research skills note": "Please send two sentences about your question.",
    "research skills last confirmed": "11/10/2026",
    "career development levels": "Residents",
    "career development capacity": "2",
    "career development taken": "2",
}
"""Cells of the example row for columns whose table row holds no example, because it stands for every arena."""


def template(known: Iterable[Column]) -> str:
    """The template as CSV: a header and one example row."""
    shown = tuple(known)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(column.title for column in shown)
    rows.writerow(EXAMPLES.get(column.title, column.example) for column in shown)
    return out.getvalue()
