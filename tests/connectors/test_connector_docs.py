"""The parts of the documentation that are made from code are up to date, and the template is a file without a mistake."""

from pathlib import Path

import pytest

from connectors.registry import KINDS
from connectors.sources.csv_template import template
from tests.connectors.reading import connect, read, source
from tools.connector_docs import column_table, known_columns, page_with, schemas

DOCS = Path(__file__).parents[2] / "docs"


def test_made_parts_are_up_to_date() -> None:
    page = (DOCS / "connectors" / "csv.md").read_text(encoding="utf-8")
    assert page_with(page, column_table()) == page
    assert (DOCS / "templates" / "mentors.csv").read_text(encoding="utf-8") == template(known_columns())
    assert {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "schemas").glob("*.json")} == schemas()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_page_that_names_its_options(kind: str) -> None:
    page = (DOCS / "connectors" / f"{kind}.md").read_text(encoding="utf-8")
    assert f'kind = "{kind}"' in page
    assert [option.name for option in KINDS[kind].options if option.name not in page] == []


def test_the_template_is_read_without_a_problem() -> None:
    outcome = read(connect(source("csv", path=DOCS / "templates" / "mentors.csv")))
    assert (outcome.notices, outcome.bad, outcome.problems) == ([], [], [])
    facts = outcome.facts("a-17")
    assert [(offer.arena, offer.capacity, offer.taken) for offer in facts.offers] == [
        ("research-skills", 5, 3),
        ("career-development", 2, 2),
    ]
    assert outcome.completion.complete


def test_titles_are_unique() -> None:
    titles = [column.title for column in known_columns()]
    assert len(titles) == len(set(titles))
