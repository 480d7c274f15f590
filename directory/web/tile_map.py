"""The states as a map of equal tiles, drawn on the server, with the numbers beside it as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from directory.core.vocabulary import Vocabulary
from directory.web.formatting import number, plural

PITCH: Final = 40
WIDTH: Final = 437
HEIGHT: Final = 317

_ROWS: Final = (
    "AK . . . . . . . . . ME",
    ". . . . . . . . . VT NH",
    "WA ID MT ND MN IL WI MI NY RI MA",
    "OR NV WY SD IA IN OH PA NJ CT .",
    "CA UT CO NE MO KY WV VA MD DE .",
    ". AZ NM KS AR TN NC SC DC . .",
    ". . . OK LA MS AL GA . . .",
    "HI . . TX . . . . FL . .",
)
PLACES: Final = {code: (x, y) for y, row in enumerate(_ROWS) for x, code in enumerate(row.split()) if code != "."}
"""Column and row of each state; territories stand in the table only."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One state. `shade` is a class of the style sheet: empty, few, some or many mentors."""

    code: str
    x: int
    y: int
    count: int
    shade: str
    ink: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """One line of the table."""

    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class TileMap:
    """Tiles of all states, the table of those with mentors (most first), and the finding in a sentence."""

    tiles: tuple[Tile, ...]
    rows: tuple[StateRow, ...]
    finding: str


def tile_map(counts: Mapping[str, int], states: Vocabulary) -> TileMap:
    """The map of mentors per state; regions in `counts` are left out."""
    found = [StateRow(term.id, term.label, counts.get(term.id, 0)) for term in states.active() if term.parent is not None]
    rows = tuple(sorted((row for row in found if row.count), key=lambda row: (-row.count, row.label)))
    most = rows[0].count if rows else 0
    tiles = tuple(_tile(code, place, counts.get(code, 0), most) for code, place in PLACES.items())
    return TileMap(tiles, rows, _finding(rows))


def _tile(code: str, place: tuple[int, int], count: int, most: int) -> Tile:
    if not count:
        shade, ink = "c-rule", ""
    elif count * 3 <= most:
        shade, ink = "c-tint", "hi"
    elif count * 3 <= most * 2:
        shade, ink = "c-soft", "hi"
    else:
        shade, ink = "c-act", "on"
    return Tile(code, place[0] * PITCH, place[1] * PITCH, count, shade, ink)


def _finding(rows: tuple[StateRow, ...]) -> str:
    if not rows:
        return "Tile map of the states: no mentor is listed yet."
    where = plural(len(rows), "state")
    return f"Tile map: mentors are listed in {where}, most in {rows[0].label}, {number(rows[0].count)}; the table below has every number."
