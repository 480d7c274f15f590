"""Kind `csv`: the list of mentors that a faculty-affairs office exports from a spreadsheet. Described in docs/connectors/csv.md."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final, cast

from connectors.base import BadItem, Completion, Event, Item, Kind, Notice, SourceConfig, Validators, excerpt, fingerprint, read_id
from connectors.client import Client
from connectors.documents import Document, open_document
from connectors.sources.csv_columns import columns, spellings
from connectors.sources.csv_header import Layout, read_header
from connectors.sources.csv_lines import Lines
from connectors.sources.csv_record import RowData, RowMapper
from connectors.sources.csv_rows import BrokenRow, Row, Rows
from connectors.sources.csv_values import is_formula, without_formula
from directory.core.errors import Invalid, SourceRefused
from directory.core.vocabulary import Vocabularies

VERSION: Final = "csv/1"
ACCEPT: Final = "text/csv, text/plain;q=0.9, application/octet-stream;q=0.8, application/vnd.ms-excel;q=0.7"
FOREIGN_TYPES: Final = ("application/json", "application/xml", "text/xml", "application/pdf", "application/zip")
NO_FORMULA: Final = ("id", "family name", "given name", "middle name", "suffix")
NOTED: Final = 5


class CsvFile:
    """One spreadsheet, from a file or an address."""

    kind = "csv"

    def __init__(self, config: SourceConfig, client: Client, vocabularies: Vocabularies) -> None:
        self._config = config
        self._client = client
        self._known = spellings(columns(vocabularies["arena"].active()))
        self._mapper = RowMapper(config, vocabularies, self._known)
        self.contract = fingerprint(VERSION, config.institution, config.consent, vocabularies.fingerprint)

    def discover(self, state: Validators) -> Iterator[Event]:
        """See `Connector`."""
        with open_document(self._config, self._client, accept=ACCEPT, state=state) as document:
            if document.not_modified:
                yield Completion(complete=True, etag=document.etag, last_modified=document.last_modified, not_modified=True)
                return
            if document.content_type in FOREIGN_TYPES:
                raise SourceRefused(f"the source answers with {document.content_type}; expected is text/csv")
            yield from self._read(document)

    def map(self, item: Item) -> Mapping[str, object]:
        """See `Connector`."""
        return self._mapper.map(cast("RowData", item.data))

    def place(self, item: Item, path: str) -> str:
        """See `Connector`."""
        return self._mapper.place(cast("RowData", item.data), path)

    def _read(self, document: Document) -> Iterator[Event]:
        limits = self._config.limits
        lines = Lines(document.stream, max_bytes=limits.max_item_bytes)
        rows = Rows(lines, max_bytes=limits.max_item_bytes)
        layout = read_header(rows, self._known)
        yield from map(Notice, layout.notices)
        checks = _Checks(layout)
        reason = ""
        for count, row in enumerate(rows):
            if count == limits.max_items:
                reason = f"the file has more than {limits.max_items} rows; the others were not read"
                break
            yield checks.broken(row) if isinstance(row, BrokenRow) else checks.item(row)
        yield from map(Notice, checks.notices())
        if lines.guessed:
            yield Notice(
                f"lines that are not UTF-8 were read as Windows-1252: {lines.guessed}, the first is line {lines.first_guessed};"
                " save the file as CSV in UTF-8"
            )
        if rows.cut:
            reason = "the file ends in the middle of a row"
        yield Completion(complete=not reason, reason=reason, etag=document.etag, last_modified=document.last_modified)


class _Checks:
    """Turns rows into items; remembers formulas, to report them."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._id_index = next(index for index, column in layout.columns if column.required and column.path == "id")
        self._formulas: dict[str, tuple[int, list[int]]] = {}
        self._seed = blake2b("\x1f".join(layout.headers).encode(), digest_size=16)

    def item(self, row: Row) -> Item | BadItem:
        """The item of a row, without formulas."""
        cells = list(row.cells)
        for index, column in self._layout.columns:
            text = cells[index]
            if text[:1] in "=+-@ \t" and text and is_formula(text):
                if column.title in NO_FORMULA:
                    return self._bad(row, "formula", f'column "{column.title}" holds a formula; allowed is text')
                cells[index] = without_formula(text)
                self._note_formula(self._layout.headers[index], row.line)
        try:
            external_id = read_id(cells[self._id_index])
        except Invalid as exc:
            return self._bad(row, "bad-id", f'column "{excerpt(self._layout.headers[self._id_index])}": {exc}')
        raw = self._seed.copy()
        raw.update("\x1f".join(cells).encode())
        return Item(f"line {row.line}", raw.digest(), external_id, RowData(self._layout, cells))

    def broken(self, row: BrokenRow) -> BadItem:
        """The bad item of a broken row; with the id, if it can be told, so that its person does not count as left out."""
        try:
            external_id = read_id(row.cells[self._id_index].strip(' "')) if self._id_index < len(row.cells) else ""
        except Invalid:
            external_id = ""
        where = f"line {row.line}" if row.line == row.last else f"lines {row.line} to {row.last}"
        return BadItem(where, row.code, row.message, row.excerpt, external_id)

    def notices(self) -> Iterator[str]:
        """What was changed in cells, by column."""
        for header, (count, lines) in self._formulas.items():
            places = ", ".join(map(str, lines)) + (f" and {count - NOTED} more" if count > NOTED else "")
            yield f'column "{excerpt(header)}": formulas were turned into text by leaving out their first sign, in lines {places}'

    def _note_formula(self, header: str, line: int) -> None:
        count, lines = self._formulas.get(header, (0, []))
        self._formulas[header] = (count + 1, [*lines, line] if count < NOTED else lines)

    @staticmethod
    def _bad(row: Row, code: str, message: str) -> BadItem:
        return BadItem(f"line {row.line}", code, message, excerpt(",".join(row.cells)))


KIND: Final = Kind("csv", "Spreadsheet (CSV)", CsvFile)
