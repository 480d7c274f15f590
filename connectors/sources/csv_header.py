"""The header line: which delimiter it uses, which of its columns are known, and what has to be said about the others."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.base import excerpt
from connectors.sources.csv_columns import NEVER_READ, Column
from connectors.sources.csv_rows import BrokenRow, Rows
from directory.core.errors import SourceRefused
from directory.core.vocabulary import fold

DELIMITERS: Final = (",", ";", "\t")
MAX_COLUMNS: Final = 500
SHOWN: Final = 12
_IGNORED: Final = frozenset(map(fold, NEVER_READ))


@dataclass(frozen=True, slots=True)
class Layout:
    """What each cell of a row means. `columns` are (index, column) of the cells that are read; `headers` are the cells as written."""

    headers: tuple[str, ...]
    columns: tuple[tuple[int, Column], ...]
    notices: tuple[str, ...] = field(default=(), repr=False)

    def header_of(self, column: Column) -> str:
        """The header under which the file has this column, else the column's own title."""
        return next((self.headers[index] for index, known in self.columns if known is column), column.title)


def read_header(rows: Rows, known: Mapping[str, Column]) -> Layout:
    """Take the header off `rows` and set them to its delimiter. `known` maps folded spellings to columns.

    Raises `SourceRefused` when the file is empty, or its header lacks a required column.
    """
    line = rows.first_line()
    if line is not None and line.text.casefold().strip().startswith("sep=") and len(line.text.strip('" \t')) <= 5:
        rows.skip_line()  # a spreadsheet's own note of its delimiter
        line = rows.first_line()
    if line is None:
        raise _empty(known)
    if line.fault:
        raise SourceRefused(f"the header in line {line.number} can't be read: {line.fault}")
    rows.delimiter = max(DELIMITERS, key=lambda delimiter: _recognized(line.text, delimiter, known))
    header = next(rows, None)
    if header is None:  # nothing but delimiters
        raise _empty(known)
    if isinstance(header, BrokenRow):
        raise SourceRefused(f"the header in line {header.line} can't be read: {header.message}")
    if len(header.cells) > MAX_COLUMNS:
        raise SourceRefused(f"the header has {len(header.cells)} columns; allowed are {MAX_COLUMNS}")
    layout = _layout(tuple(" ".join(cell.split()) for cell in header.cells), known)
    rows.names = layout.headers
    rows.single_line = [index for index, column in layout.columns if column.path == "id" or column.path.startswith("name.")]
    return layout


def _empty(known: Mapping[str, Column]) -> SourceRefused:
    return SourceRefused(f"the file is empty; expected is a header line with {_required(known)}")


def _recognized(text: str, delimiter: str, known: Mapping[str, Column]) -> int:
    try:
        cells = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        cells = text.split(delimiter)
    return sum(fold(cell) in known for cell in cells[:MAX_COLUMNS])


def _layout(headers: tuple[str, ...], known: Mapping[str, Column]) -> Layout:
    columns: dict[str, tuple[int, Column]] = {}
    twice: list[str] = []
    ignored: list[str] = []
    extra: list[str] = []
    for index, header in enumerate(headers):
        folded = fold(header)
        column = known.get(folded)
        if column is None:
            (ignored if folded in _IGNORED else extra).append(header)
        elif column.title in columns:
            twice.append(header)
        else:
            columns[column.title] = (index, column)
    missing = [column.title for column in _all_required(known) if column.title not in columns]
    if missing:
        raise SourceRefused(f"the header has no column {_quoted(missing)}; it has {_quoted(headers)}")
    notices = [
        f"columns are not used, because their headers are not known: {_quoted(extra)}" if any(extra) else "",
        f"columns are never read, because the directory does not want what they hold: {_quoted(ignored)}" if ignored else "",
        f"columns are not used, because another column means the same: {_quoted(twice)}" if twice else "",
    ]
    return Layout(headers, tuple(columns.values()), tuple(filter(None, notices)))


def _all_required(known: Mapping[str, Column]) -> Sequence[Column]:
    return list({column.title: column for column in known.values() if column.required}.values())


def _required(known: Mapping[str, Column]) -> str:
    return _quoted([column.title for column in _all_required(known)])


def _quoted(headers: Sequence[str]) -> str:
    named = [header for header in headers if header]
    shown = ", ".join(f'"{excerpt(header[:40])}"' for header in named[:SHOWN])
    return f"{shown} and {len(named) - SHOWN} more" if len(named) > SHOWN else shown or "no text at all"
