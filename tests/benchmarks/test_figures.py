"""Times, figures that are kept, and the tables made of them."""

from pathlib import Path

import pytest

from benchmarks.report import Table
from benchmarks.results import Results
from benchmarks.searching import beside, tables
from benchmarks.timing import percentile, side_by_side


def test_all_ways_are_asked_alternately_and_each_comes_first_in_turn() -> None:
    asked: list[str] = []
    ways = {way: [lambda way=way, place=place: asked.append(f"{way}{place}") for place in range(4)] for way in "ab"}
    times = side_by_side(ways, 1, {"b": 3})
    assert asked[:6] == ["a0", "b0", "a1", "a2", "b3", "a3"]
    assert asked[6:] == asked[:6]
    assert {way: len(found.taken) for way, found in times.items()} == {"a": 4, "b": 2}


def test_percentiles_are_measured_values() -> None:
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile(range(100), 0.95) == 95
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_figures_of_other_sizes_stay_when_one_is_measured_again(tmp_path: Path) -> None:
    first = Results(tmp_path / "results.json")
    first.put("loading", 100_000, [["a", "1"]], "2026-01-01")
    first.put("loading", 3_000, [["b", "2"]], "2026-01-02")
    again = Results(tmp_path / "results.json")
    again.put("loading", 100_000, [["a", "3"]], "2026-01-03")
    found = Results(tmp_path / "results.json")
    assert list(found.of("loading").items()) == [(3_000, [["b", "2"]]), (100_000, [["a", "3"]])]
    assert found.days("loading") == ["2026-01-02", "2026-01-03"]
    assert found.of("size") == {}


SMALL = {"everybody": {"bare": (1, 2), "application": (3, 4), "http": (4, 8), "plain": (8, 10), "sql": (80, 100)}}
LARGE = {
    "everybody": {
        "bare": (2, 4), "application": (5, 6), "http": (6, 8), "plain": (60, 80), "sql": (900, 1000),
        "one request": (12, 16), "http on Elasticsearch": (18, 20),
    }
}  # fmt: skip
MENTOR = {"one mentor": {"bare": (1, 1), "application": (2, 2), "http": (2, 3), "http on Elasticsearch": (2, 3)}}
FIGURES = {
    1_000: {"alone": SMALL, "beside": SMALL, "seldom": [], "asked": 10, "equal": 9},
    100_000: {"alone": LARGE | MENTOR, "beside": LARGE, "seldom": ["everybody"], "asked": 4, "equal": 4},
}


def cells(table: Table) -> list[list[str]]:
    return [list(row) for row in table.rows]


def test_ratios_are_of_medians_and_of_95th_percentiles() -> None:
    ways, ratios = beside(FIGURES)
    assert cells(ratios) == [
        ["everybody", "1,000", "0.50 / 0.80", "", "4.00 / 4.00", "+3.00 / +6.00", "20 / 12"],
        ["everybody", "100,000", "0.10 / 0.10", "0.50 / 0.50", "3.00 / 2.00", "+4.00 / +4.00", "150 / 125"],
    ]
    assert cells(ways)[0] == ["everybody", "1,000", "4.00 / 8.00", "1.00 / 2.00", "8.00 / 10.0", "", "", "80.0 / 100"]
    assert ways.notes[-2].startswith("1,000 mentors: in 9 of 10 questions with words")
    assert ways.notes[-1].endswith("SQL was asked one question in 10: everybody.")


def test_a_table_says_where_elasticsearch_was_not_measured() -> None:
    _, remote, _ = tables(FIGURES)
    assert cells(remote) == [
        ["everybody", "100,000", "12.0 / 16.0", "18.0 / 20.0", "1.50 / 1.25", "+6.00 / +4.00"],
        ["one mentor", "100,000", "", "2.00 / 3.00", "", ""],
        ["not measured: no server given", "1,000", "", "", "", ""],
    ]
    assert "Elasticsearch where a column is empty: not measured: no server given." in beside(FIGURES)[0].notes


def test_growth_is_of_the_largest_to_the_smallest() -> None:
    assert cells(tables(FIGURES)[-1]) == [["everybody", "1.50 / 1.00"]]
    assert len(tables({1_000: FIGURES[1_000]})) == 2
