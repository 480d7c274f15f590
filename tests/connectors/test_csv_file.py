"""Spreadsheets as offices export them: what is taken from a cell, and what is said about the rest."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Limits
from connectors.sources.csv_lines import Lines
from connectors.sources.csv_rows import BrokenRow, Row, Rows
from connectors.sources.csv_values import as_consent, as_date, as_link, as_window, is_formula, without_formula
from directory.core.errors import SourceError, SourceRefused
from directory.core.profile import ConsentStatement, Institution, Link, Name, Offer, Window
from directory.core.record_reader import Tombstone
from tests.connectors.reading import Outcome, connect, read, source


def sheet(tmp_path: Path, content: str | bytes, **config: object) -> Outcome:
    """One reading of a file."""
    path = tmp_path / "mentors.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(connect(source("csv", path=path, **config)))


def row(tmp_path: Path, **cells: str) -> Outcome:
    """One reading of a file with one row; `_` in a name stands for a blank."""
    named = {"id": "a", "family name": "Vale"} | {name.replace("_", " "): cell for name, cell in cells.items()}
    out = io.StringIO()
    csv.writer(out).writerows([named.keys(), named.values()])
    return sheet(tmp_path, out.getvalue())


# what a file is made of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(tmp_path: Path, encoding: str, delimiter: str, line_end: str) -> None:
    text = 'Last Name|id|Given Name|Headline\nMüller|a|Zoë|"one|two;three,four"\nÅs|b|Éa|"two\nlines"\n'
    outcome = sheet(tmp_path, text.replace("|", delimiter).replace("\n", line_end).encode(encoding))
    assert (outcome.bad, outcome.problems) == ([], [])
    assert [outcome.facts(key).name for key in ("a", "b")] == [Name("Müller", "Zoë"), Name("Ås", "Éa")]
    assert outcome.facts("a").headline == f"one{delimiter.strip() or ' '}two;three,four"
    assert outcome.facts("b").headline == "two lines"
    assert [item.locator for item in outcome.items] == ["line 2", "line 3"]
    wanted = ["lines that are not UTF-8 were read as Windows-1252: 2, the first is line 2; save the file as CSV in UTF-8"]
    assert outcome.notices == (wanted if encoding == "cp1252" else [])


def test_a_note_of_the_delimiter_and_blank_lines_before_the_header(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, "sep=;\n\n id ;Surname\na;Vale\n;\n\nb;Roe\n")
    assert (outcome.ids, [item.locator for item in outcome.items]) == (["a", "b"], ["line 4", "line 7"])


def test_headers_in_any_spelling_and_order(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, "SPECIALTY,first-name,_Last_Name_,Faculty ID,Opt In,Research Topics\nEM,Ann,Vale,a,Y,Stats\n")
    assert outcome.notices == []
    facts = outcome.facts("a")
    assert (facts.name, facts.specialties, facts.offers) == (
        Name("Vale", "Ann"),
        ("emergency-medicine",),
        (Offer("research-skills", ("statistics",)),),
    )


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, "id,Last name,surname,E-mail,Phone,Favorite <b>color</b>,\na,Vale,Roe,x@example.org,1,blue,\n")
    assert outcome.notices == [
        'columns are not used, because their headers are not known: "Favorite \\u003cb\\u003ecolor\\u003c/b\\u003e"',
        'columns are never read, because the directory does not want what they hold: "E-mail", "Phone"',
        'columns are not used, because another column means the same: "surname"',
    ]
    assert outcome.facts("a").name == Name("Vale")
    assert "example.org" not in str(outcome.parsed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Name;Mail\nx;y\n", 'the header has no column "id", "family name"; it has "Name;Mail"'),
        ("id,Name\n", 'the header has no column "family name"; it has "id", "Name"'),
        ("\n\n  \n", 'the file is empty; expected is a header line with "id", "family name"'),
        (" ,\n,,\n", 'the file is empty; expected is a header line with "id", "family name"'),
        ("i\0d,family name\n", "the header in line 1 can't be read: the line holds a NUL character"),
        (
            'id,"family name\na,b\n',
            "the header in line 1 can't be read: a quote that opens in cell 2 is not closed within this row and 65536 bytes",
        ),
        ("id,family name" + ",x" * 499, "the header has 501 columns; allowed are 500"),
        ("a,b,c\n" * 3, 'the header has no column "id", "family name"; it has "a", "b", "c"'),
    ],
)
def test_a_header_that_can_t_be_used(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        sheet(tmp_path, content)
    assert str(caught.value) == message


def test_utf16_without_mark_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="looks like UTF-16 without a byte order mark"):
        sheet(tmp_path, "id,family name\na,Vale\n".encode("utf-16-le"))


# rows that can't be read


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f'{n},Vale,"text {n}"\n' if n % 2 else f"{n},Vale,text\n" for n in range(2000))
    outcome = sheet(tmp_path, 'id,family name,bio\nx,"Vale,text\n' + rows)
    assert [(bad.locator, bad.code, bad.message) for bad in outcome.bad] == [
        ("line 2", "unclosed-quote", 'a quote that opens in column "family name" is not closed within this row and 65536 bytes')
    ]
    assert outcome.bad[0].excerpt == 'x,"Vale,text'
    assert outcome.ids == [str(n) for n in range(2000)]
    assert outcome.completion.complete


def test_a_quote_that_swallows_rows_gives_them_back(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, 'id,family name,bio\na,"Vale,x\nb,Roe,x\nc,Doe,x\nd,Poe",x\ne,Fey,x\n')
    assert (outcome.ids, outcome.faults) == (["b", "c", "d", "e"], [("line 2", "unclosed-quote")])


def test_a_quote_that_swallows_rows_into_a_wrong_number_of_cells_gives_them_back(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, 'id,family name,rank,bio\na,Vale,"x,y\nb,Roe,,y\nc,Doe,,y"\n')
    assert (outcome.ids, outcome.faults) == (["b", "c"], [("line 2", "unclosed-quote")])


def test_a_quote_inside_a_quoted_cell_names_its_column(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, 'id,family name,bio\na,Vale,"the "best" one"\nb,5" Roe,x\n')
    assert [(bad.locator, bad.message) for bad in outcome.bad] == [
        ("line 2", 'column "bio" goes on behind its closing quote; write a quote inside a cell twice')
    ]
    assert outcome.facts("b").name == Name('5" Roe')


def test_a_nul_names_its_column(tmp_path: Path) -> None:
    assert sheet(tmp_path, b'id,family name,bio\na,"Va,le",x\0y\n').bad[0].message == 'the line holds a NUL character in column "bio"'


def test_rows_with_another_number_of_cells(tmp_path: Path) -> None:
    outcome = sheet(tmp_path, "id,family name,bio\na,Vale\nb,Roe,x,y\nc,Doe,x,, \n,,\n\nd,Poe,x\n")
    assert [(bad.locator, bad.message) for bad in outcome.bad] == [
        ("line 2", "the row has 2 cells, the header has 3"),
        ("line 3", "the row has 4 cells, the header has 3"),
    ]
    assert outcome.ids == ["c", "d"]


@pytest.mark.parametrize("end", ["b,Ro", 'b,Roe,"x', 'b,Roe,"x\ny'])
def test_a_file_that_is_cut_off_is_not_complete(tmp_path: Path, end: str) -> None:
    outcome = sheet(tmp_path, "id,family name,bio\na,Vale,x\n" + end)
    assert (outcome.ids, len(outcome.bad)) == (["a"], 1)
    assert (outcome.completion.complete, outcome.completion.reason) == (False, "the file ends in the middle of a row")


def test_a_last_line_without_an_end_is_complete(tmp_path: Path) -> None:
    assert sheet(tmp_path, "id,family name\na,Vale").completion.complete


def test_formulas(tmp_path: Path) -> None:
    content = "id,family name,headline,bio\na,Vale,\"=cmd|'/C calc'!A0\",- reads drafts\nb,=1+1,x,x\n@SUM(1),Roe,x,x\nc,Doe,+A1,+1 more\n"
    outcome = sheet(tmp_path, content)
    assert (outcome.facts("a").headline, outcome.facts("a").bio) == ("cmd|'/C calc'!A0", "<p>- reads drafts</p>")
    assert (outcome.facts("c").headline, outcome.facts("c").bio) == ("A1", "<p>+1 more</p>")
    assert [(bad.locator, bad.message) for bad in outcome.bad] == [
        ("line 3", 'column "family name" holds a formula; allowed is text'),
        ("line 4", 'column "id" holds a formula; allowed is text'),
    ]
    assert outcome.notices == ['column "headline": formulas were turned into text by leaving out their first sign, in lines 2, 5']


# what cells mean


def test_everything_about_offers(tmp_path: Path) -> None:
    outcome = row(
        tmp_path,
        research_skills_topics="Study design; stats",
        research_skills_levels="Residents, Fellows",
        research_skills_capacity="5",
        research_skills_places_taken="3",
        research_skills_paused_until="1/15/2027",
        research_skills_note="Two sentences, please.",
        research_skills_last_confirmed="2026-11-10",
        career_levels="Students",
        areas="Personal goals; First R01 or K; career",
        levels="Residents",
        last_confirmed="11/1/26",
    )
    assert outcome.problems == []
    assert outcome.facts("a").offers == (
        Offer(
            "research-skills",
            ("study-design", "statistics", "first-r01-or-k-award"),
            ("resident", "fellow"),
            5,
            3,
            "Two sentences, please.",
            date(2027, 1, 15),
            date(2026, 11, 10),
        ),
        Offer("career-development", (), ("student",), confirmed_on=date(2026, 11, 1)),
        Offer("personal-goals", (), ("resident",), confirmed_on=date(2026, 11, 1)),
    )


def test_lists_windows_links_and_institution(tmp_path: Path) -> None:
    outcome = row(
        tmp_path,
        keywords="Sodium, Dietary; sepsis\ntrial design",
        weekly_times="Mon 12:00-14:00; Thursday 9-10:30am",
        time_zone="America/Chicago",
        links="Lab https://lab.example.org/; https://x.example.org",
        institution="example university OF the plains",
        updated="11/1/2026 2:30 PM",
    )
    assert outcome.problems == []
    facts = outcome.facts("a")
    assert facts.keywords == ("Sodium, Dietary", "sepsis", "trial design")
    assert facts.windows == (Window("mon", 720, 840), Window("thu", 540, 630))
    assert facts.links == (Link("https://lab.example.org/", "Lab"), Link("https://x.example.org"))
    assert facts.institution == Institution("example university OF the plains", "https://ror.org/05h9q1g27", "Lincoln", "NE")
    assert row(tmp_path, institution="Example Lakes", city="Madison").facts("a").institution == Institution("Example Lakes", city="Madison")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, ()),
        ({"consent": ""}, ()),
        ({"opt_in": "X"}, (ConsentStatement("listing", "granted"),)),
        (
            {"consent": "Yes", "consent_date": "3/3/2026", "evidence": "form 12"},
            (ConsentStatement("listing", "granted", datetime(2026, 3, 3, tzinfo=UTC), "form 12"),),
        ),
        (
            {"consent": "withdrawn", "consent_date": "2026-03-03"},
            (ConsentStatement("listing", "withdrawn", datetime(2026, 3, 3, tzinfo=UTC)),),
        ),
        ({"consent": "no", "contact_consent": "true"}, (ConsentStatement("listing", "withdrawn"), ConsentStatement("contact", "granted"))),
        (
            {"contact_consent": "y", "consent_date": "3/3/2026", "contact_consent_date": "3/4/2026"},
            (ConsentStatement("contact", "granted", datetime(2026, 3, 4, tzinfo=UTC)),),
        ),
    ],
)
def test_consent(tmp_path: Path, cells: dict[str, str], expected: tuple[ConsentStatement, ...]) -> None:
    outcome = row(tmp_path, **cells)
    record = outcome.parsed["a"].record
    assert record is not None
    assert (record.consent, outcome.problems) == (expected, [])


@pytest.mark.parametrize(
    ("cells", "place", "value", "message"),
    [
        ({"Rank": "Boss"}, 'column "Rank"', "Boss", "is not a known rank; allowed are the terms of the vocabulary rank"),
        ({"Opt_in": "maybe"}, 'column "Opt in"', "maybe", "is not a state of consent; allowed are granted, withdrawn"),
        ({"Research_topics": "Stats; Sailing"}, 'column "Research topics"', "Sailing", "is not a known topic"),
        ({"Areas": "Sailing"}, 'column "Areas"', "Sailing", "is not a known arena"),
        ({"Career_confirmed": "2/31/2026"}, 'column "Career confirmed"', "2/31/2026", "is not a calendar day; write it like 2026-11-30"),
        (
            {"Areas": "career; research", "Research_capacity": "many"},
            'column "Research capacity"',
            "many",
            "must be a whole number from 0 to 999",
        ),
        ({"Office_hours": "noon", "tz": "America/Chicago"}, 'column "Office hours"', "noon", "is not a day of the week"),
        ({"given_name": "x" * 101}, 'column "given name"', "x" * 77 + "...", "The text has 101 characters; at most 100 are allowed"),
    ],
)
def test_a_wrong_cell_is_reported_by_line_and_column(tmp_path: Path, cells: dict[str, str], place: str, value: str, message: str) -> None:
    ((locator, where, shown, text, fatal),) = row(tmp_path, **cells).problems
    assert (locator, where, shown, fatal) == ("line 2", place, value, False)
    assert text.startswith(message)


def test_a_row_without_a_family_name_is_rejected_with_its_column(tmp_path: Path) -> None:
    assert row(tmp_path, family_name=" ").problems == [("line 2", 'column "family name"', "", "is required", True)]


def test_visibility(tmp_path: Path) -> None:
    outcome = row(tmp_path, hidden_fields="Biography; time zone", members_only_fields="Office hours; bio")
    assert outcome.facts("a").visibility == {"windows": "members", "bio": "hidden", "time_zone": "hidden"}
    outcome = row(tmp_path, hidden_fields="bio; my home")
    error = outcome.rejected["a"]
    assert (error.code, error.field, error.value) == ("unknown-field", 'column "hidden fields"', "my home")


@pytest.mark.parametrize("cell", ["yes", "X", "Y", "t", "TRUE", "1", "Withdrawn", "left."])
def test_who_withdrew(tmp_path: Path, cell: str) -> None:
    outcome = row(tmp_path, removed=cell)
    assert (outcome.parsed["a"].tombstone, outcome.problems) == (Tombstone("plains", "a", None, "withdrawn in the file"), [])


@pytest.mark.parametrize("cell", ["no", "N", "f", "False", "0", "", "  "])
def test_who_did_not_withdraw(tmp_path: Path, cell: str) -> None:
    outcome = row(tmp_path, withdrawn=cell)
    assert (outcome.facts("a").name, outcome.parsed["a"].tombstone, outcome.problems) == (Name("Vale"), None, [])


@pytest.mark.parametrize("cell", ["3/3/2026", "2026-03-03", "2026-03-03 00:00:00"])
def test_the_day_of_a_withdrawal(tmp_path: Path, cell: str) -> None:
    tombstone = row(tmp_path, withdrawn=cell).parsed["a"].tombstone
    assert tombstone == Tombstone("plains", "a", datetime(2026, 3, 3, tzinfo=UTC), "withdrawn in the file")
    outcome = row(tmp_path, Left=cell.replace("2026", "2027"))
    assert [(place, message) for _, place, _, message, _ in outcome.problems] == [('column "Left"', "lies in the future")]
    assert outcome.parsed["a"].tombstone is not None


@pytest.mark.parametrize("cell", ["granted", "?", "n/a", "13/13/2026", "on leave", "2"])
def test_a_withdrawal_that_can_t_be_read_costs_the_row(tmp_path: Path, cell: str) -> None:
    error = row(tmp_path, Left=cell).rejected["a"]
    assert (error.code, error.field, error.value) == ("bad-value", 'column "Left"', cell)
    assert str(error) == "can't be read; allowed are yes, no, or the day of the withdrawal"


def test_topics_that_are_called_like_an_arena(tmp_path: Path) -> None:
    outcome = row(tmp_path, mentoring_topics="Promotion; Leadership; Wellness; Career; Personal goals")
    assert outcome.problems == []
    assert outcome.facts("a").offers == (
        Offer("career-development", ("promotion", "leadership")),
        Offer("personal-goals", ("well-being-and-resilience",)),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11/10/2026", "2026-11-10"),
        ("1/2/26", "2026-01-02"),
        ("2/30/2026", "2/30/2026"),
        ("13/1/2026", "13/1/2026"),
        ("2026-11-10", "2026-11-10"),
        ("11/10/2026 08:00", "2026-11-10"),
        ("10.11.2026", "10.11.2026"),
    ],
)
def test_dates(text: str, value: str) -> None:
    assert as_date(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mon 12:00-14:00", ("mon", "12:00", "14:00")),
        ("tuesday 9-11", ("tue", "09:00", "11:00")),
        ("Wed. 1pm to 2:30 pm", ("wed", "13:00", "14:30")),
        ("Thu 9-10:30am", ("thu", "09:00", "10:30")),
        ("Fri 11-1pm", ("fri", "11:00", "13:00")),
        ("Sat 12am\u201312pm", ("sat", "00:00", "12:00")),
        ("sometimes", ("sometimes", "00:00", "24:00")),
    ],
)
def test_windows(text: str, value: tuple[str, str, str]) -> None:
    assert tuple(as_window(text).values()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("YES", "granted"),
        (" x ", "granted"),
        ("Opted in", "granted"),
        ("N", "withdrawn"),
        ("revoked.", "withdrawn"),
        ("pending", "pending"),
        ("none", "none"),
    ],
)
def test_yes_and_no(text: str, value: str) -> None:
    assert as_consent(text) == value


def test_links() -> None:
    assert as_link("My lab: https://lab.example.org/") == {"url": "https://lab.example.org/", "label": "My lab"}
    assert as_link("lab.example.org") == {"url": "lab.example.org"}


@pytest.mark.parametrize("text", ["=1+1", " =A1", "=", "+A1", "-SUM(B1)", "@SUM(A1:A2)", "-2+3+cmd|' /C calc'!A0", "+cmd|'x'!A1", "@A1"])
def test_formulas_are_recognized(text: str) -> None:
    assert is_formula(text)
    assert not is_formula(without_formula(text))


@pytest.mark.parametrize("text", ["-5", "+1 402 555", "- reads drafts (often)", "@example", "a=b", "", "1+1", "--", "-"])
def test_text_is_no_formula(text: str) -> None:
    assert not is_formula(text)


# rules


CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff\ufffd"), max_size=8) | st.sampled_from(
    ['"', 'a"b', ",", ";", "x\ny", '""', ""]
)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12)


@given(TABLE, st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_what_a_spreadsheet_program_writes_is_read_back(table: list[list[str]], delimiter: str, encoding: str, quoted: bool) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\r\n").writerows(
        [["x", "y", "z"], *table]
    )
    rows = Rows(Lines(io.BytesIO(out.getvalue().encode(encoding)), max_bytes=65536), max_bytes=65536)
    rows.delimiter = delimiter
    next(rows)
    rows.names = ("x", "y", "z")
    read_back = [list(found.cells) if isinstance(found, Row) else found.message for found in rows]
    assert read_back == [cells for cells in table if any(cell and not cell.isspace() for cell in cells)]


@given(
    st.lists(
        st.sampled_from(["1,a,b", '2,"a,b', '3,a"b,c', '4,"a""b",c', '"', '5,"a\nb",c', ",,", "6,a", '7,"a"b,c', '8,a,"', "\0"]),
        max_size=30,
    )
)
def test_every_line_is_read_or_reported(parts: list[str]) -> None:
    content = ("x,y,z\n" + "".join(part + "\n" for part in parts)).encode()
    rows = Rows(Lines(io.BytesIO(content), max_bytes=200), max_bytes=200)
    next(rows)
    rows.names = ("x", "y", "z")
    expected = 2
    for found in rows:
        assert found.line >= expected
        expected = (found.last if isinstance(found, BrokenRow) else found.line) + 1
    good = {part for part in parts if part.startswith("1,")}
    text = content.decode()
    assert expected <= text.count("\n") + 2
    assert good <= {"1,a,b"}


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_are_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes, with_header: bool) -> None:
    path = tmp_path_factory.getbasetemp() / "strange.csv"
    path.write_bytes(b"id,family name,consent\n" * with_header + content)
    try:
        outcome = read(connect(source("csv", path=path, limits=Limits(max_item_bytes=100))))
    except SourceError:
        return
    assert all(bad.message.isprintable() for bad in outcome.bad)


def test_the_hash_follows_the_meaning_of_the_columns(tmp_path: Path) -> None:
    one = sheet(tmp_path, "id,family name,rank\na,Vale,x\n").items[0].raw_hash
    other = sheet(tmp_path, "id,family name,headline\na,Vale,x\n").items[0].raw_hash
    moved = sheet(tmp_path, "id,family name,rank\nb,Roe,y\na,Vale,x\n").items[1].raw_hash
    assert (one != other, one == moved) == (True, True)
