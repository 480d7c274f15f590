"""Rows of a CSV file out of its lines. A row that can't be read costs itself only: reading goes on where the next row begins."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.base import excerpt
from connectors.sources.csv_lines import Line

UNCLOSED: Final = "unclosed-quote"
WIDTH: Final = "cell-count"


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one row, which begins on `line`."""

    line: int
    cells: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """Lines `line` to `last` that are no row. `cells` are a guess at the first ones, good enough to tell whose row it was."""

    line: int
    last: int
    code: str
    message: str
    excerpt: str = field(repr=False)
    cells: Sequence[str] = field(default=(), repr=False)


class _Fault(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rows:
    """Iterator over rows and broken rows; rows of empty cells only are left out.

    Set `delimiter`, then take the header with `next`, then set `names` to its cells: from then on a row must have as many.
    `single_line` are the cells that hold no line ends; where one does, a quote was left open and swallowed the next rows.
    `cut` is True when the file ends in the middle of a row.
    """

    def __init__(self, lines: Iterable[Line], *, max_bytes: int) -> None:
        self.delimiter = ","
        self.names: Sequence[str] = ()
        self.single_line: Sequence[int] = ()
        self.cut = False
        self._lines = iter(lines)
        self._max_bytes = min(max_bytes, csv.field_size_limit())  # the parser's own limit is one for the whole process
        self._waiting: deque[Line] = deque()

    def __iter__(self) -> Iterator[Row | BrokenRow]:
        return self

    def __next__(self) -> Row | BrokenRow:
        while True:
            taken: list[Line] = []
            try:
                cells = self._cells(taken)
                self._check(cells, taken)
            except _Fault as fault:
                return self._recover(taken, fault)
            if not _are_blank(cells):
                return Row(taken[0].number, cells)

    def first_line(self) -> Line | None:
        """The next line that is not blank, which is still to be read; None at the end of the file."""
        while (line := self._next_line()) is not None:
            if line.fault or line.text.strip():
                self._waiting.appendleft(line)
                return line
        return None

    def skip_line(self) -> None:
        """Leave out the next line."""
        self._next_line()

    def _next_line(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _cells(self, taken: list[Line]) -> Sequence[str]:
        """Cells of the next row; the lines that it was read from are put into `taken`. Raises `StopIteration` at the end."""
        line = self._next_line()
        if line is None:
            raise StopIteration
        if not line.fault and '"' not in line.text:
            taken.append(line)
            return line.text.split(self.delimiter)
        self._waiting.appendleft(line)
        try:
            return next(csv.reader(self._feed(taken), delimiter=self.delimiter, strict=True))
        except csv.Error:
            raise self._quote_fault(taken) from None

    def _feed(self, taken: list[Line]) -> Iterator[str]:
        """Lines for as long as the parser asks for more, which it does while a quote is open."""
        size = 0
        while (line := self._next_line()) is not None:
            taken.append(line)
            size += len(line.text) + 1
            if line.fault:
                if len(taken) > 1:
                    raise self._quote_fault(taken)
                raise _Fault(line.code, f"{line.fault}{self._in_column(line.text[: line.position])}")
            if size > self._max_bytes:
                raise self._quote_fault(taken)
            yield line.text + "\n"

    def _quote_fault(self, taken: Sequence[Line]) -> _Fault:
        column, is_open = _quote_place(taken[0].text, self.delimiter)
        name = self._column(column)
        if is_open:
            return _Fault(UNCLOSED, f"a quote that opens in {name} is not closed within this row and {self._max_bytes} bytes")
        return _Fault("quote", f"{name} goes on behind its closing quote; write a quote inside a cell twice")

    def _in_column(self, before: str) -> str:
        return f" in {self._column(_quote_place(before, self.delimiter)[0])}" if self.names and before else ""

    def _column(self, index: int) -> str:
        return f'column "{excerpt(self.names[index])}"' if index < len(self.names) else f"cell {index + 1}"

    def _check(self, cells: Sequence[str], taken: Sequence[Line]) -> None:
        width = len(self.names)
        fits = not width or (len(cells) >= width and _are_blank(cells[width:])) or _are_blank(cells)
        if len(taken) > 1 and (not fits or any("\n" in cells[index] for index in self.single_line)):
            raise self._quote_fault(taken)
        if not fits:
            raise _Fault(WIDTH, f"the row has {len(cells)} cells, the header has {width}")

    def _recover(self, taken: Sequence[Line], fault: _Fault) -> BrokenRow:
        """Give up the first line of `taken`, and those behind it that can't be a row of their own; keep the others for the next row."""
        first, last = taken[0], taken[0]
        self._waiting.extendleft(reversed(taken[1:]))
        if len(taken) > 1:
            while (line := self._next_line()) is not None:
                if self._is_row(line):
                    self._waiting.appendleft(line)
                    break
                last = line
        self.cut = last.open and fault.code in (UNCLOSED, WIDTH)
        cells = first.text.split(self.delimiter, len(self.names))[: len(self.names)]
        return BrokenRow(first.number, last.number, fault.code, str(fault), excerpt(first.text), cells)

    def _is_row(self, line: Line) -> bool:
        if line.fault or line.text.count(self.delimiter) < len(self.names) - 1:
            return False
        try:
            cells = next(csv.reader([line.text], delimiter=self.delimiter, strict=True), [])
        except csv.Error:
            return False
        return len(cells) == len(self.names)


def _quote_place(text: str, delimiter: str) -> tuple[int, bool]:
    """The index of the cell where reading `text` stops, and whether that cell's quote is still open there.

    It stops at the end, or where a cell goes on behind its closing quote.
    """
    cell, position = 0, 0
    while True:
        if text[position : position + 1] == '"':
            position += 1
            while (end := text.find('"', position)) != -1 and text[end + 1 : end + 2] == '"':
                position = end + 2
            if end == -1:
                return cell, True
            position = end + 1
            if text[position : position + 1] not in ("", delimiter, "\n"):
                return cell, False
        following = text.find(delimiter, position)
        if following == -1:
            return cell, False
        cell, position = cell + 1, following + 1


def _are_blank(cells: Sequence[str]) -> bool:
    return not any(cell and not cell.isspace() for cell in cells)
