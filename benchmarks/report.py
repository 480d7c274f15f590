"""Tables on the screen, and the page that keeps the results."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"
HEAD: Final = """# Performance

This page is written by `make bench` (minutes) and `make bench-full` (up to a million profiles). Every number is measured on the
machine named in its section, with invented mentors made by the demo's generator from a fixed seed; ratios compare what ran
alternately in one run and are the steadier figures. Times are wall times in milliseconds unless a heading says otherwise. Where no
server for Elasticsearch was given, its cells are empty or say so. SQLite is the store of record in all of them.
"""
Row = Sequence[str]
_SECTION: Final = re.compile(r"<!-- begin (\S+) -->\n.*?<!-- end \1 -->\n", re.DOTALL)


@dataclass(slots=True)
class Table:
    """Results of one kind. The first column names what was measured; numbers are written by `number`."""

    title: str
    columns: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The table with aligned columns, which reads well on a screen too."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        body = [_line(line, widths) for line in lines]
        rule = "|" + "|".join("-" * (width + 1) + (":" if place else "-") for place, width in enumerate(widths)) + "|"
        notes = "".join(f"\n{note}\n" for note in self.notes)
        return f"### {self.title}\n\n{body[0]}\n{rule}\n" + "\n".join(body[1:]) + f"\n{notes}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        f"{cell:<{width}}" if not place else f"{cell:>{width}}" for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join((first, *others))} |"


def rows_of(found: Mapping[int, Sequence[Row]]) -> list[Row]:
    """The rows of all sizes, the smallest first."""
    return [row for size in sorted(found) for row in found[size]]


def number(value: float) -> str:
    """Three significant digits, more only before the decimal point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write_page(sections: dict[str, str], page: Path = PAGE) -> None:
    """Put sections in place of those of the same names; the others stay as they are."""
    known = {found[1]: found[0] for found in _SECTION.finditer(page.read_text(encoding="utf-8"))} if page.exists() else {}
    known |= {name: f"<!-- begin {name} -->\n{text.strip()}\n<!-- end {name} -->\n" for name, text in sections.items()}
    page.write_text("\n".join([HEAD, *(known[name] for name in sorted(known))]), encoding="utf-8")
