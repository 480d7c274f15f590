"""Writes the parts of the connectors' documentation that are made from code: python tools/connector_docs.py

The column table of docs/connectors/csv.md, docs/templates/mentors.csv, and the JSON Schemas in docs/schemas. The tests compare.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from connectors.sources.csv_columns import NEVER_READ, Column, columns  # noqa: E402 the path comes first
from connectors.sources.csv_template import template  # noqa: E402
from directory.core.json_schema import json_schema  # noqa: E402
from directory.core.vocabulary_files import load_vocabularies  # noqa: E402

BEGIN = "<!-- made by tools/connector_docs.py: begin -->"
END = "<!-- end -->"


def known_columns() -> tuple[Column, ...]:
    """The columns with the arenas of the shipped vocabularies."""
    return columns(load_vocabularies(ROOT / "config" / "vocabularies")["arena"].active())


def column_table() -> str:
    """The columns as a Markdown table, then those that are never read."""
    return "\n".join((*_rows(known_columns()), "", f"Never read, whatever they hold: {', '.join(NEVER_READ)}."))


def _rows(known: Iterable[Column]) -> Iterator[str]:
    yield "| column | what it holds | terms of | also called |"
    yield "|---|---|---|---|"
    for column in known:
        name = f"**{column.title}** (required)" if column.required else column.title
        own = "" if column.path.count(".") > 1 else ", ".join(column.synonyms)
        yield f"| {name} | {column.help} | {column.vocabulary} | {own} |"


def page_with(page: str, part: str) -> str:
    """The page with the part between its two marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def schemas() -> dict[str, str]:
    """File name -> JSON text."""
    return {f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in json_schema().items()}


def main() -> None:
    """Write the files."""
    page = ROOT / "docs" / "connectors" / "csv.md"
    page.write_text(page_with(page.read_text(encoding="utf-8"), column_table()), encoding="utf-8")
    (ROOT / "docs" / "templates" / "mentors.csv").write_text(template(known_columns()), encoding="utf-8")
    for name, text in schemas().items():
        (ROOT / "docs" / "schemas" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
