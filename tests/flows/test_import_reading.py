"""What a stranger's file may hold, and what is made of it: whole documents, or rows with a reason."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from fenbu.engine.importing.columns import Columns
from fenbu.engine.importing.documents import SPAN, WINDOW, Gathered, gather
from fenbu.engine.importing.lines import LINE_LIMIT, Lines
from fenbu.engine.importing.rejects import Rejects, beside
from fenbu.engine.importing.source import open_source
from fenbu.errors import BadFile
from fenbu.importing import Field, Importer, Profile

LONDON = ZoneInfo("Europe/London")

IMPORTER = Importer(
    name="tea.slips",
    title="Slips of the tea shop",
    fields=(
        Field("slip", "Slip"),
        Field("tea", "Tea"),
        Field("quantity", "Quantity", "decimal"),
        Field("sold", "Sold", "time"),
        Field("note", "Note", required=False),
    ),
    reference="slip",
    reader="tea.importer:Reader",
)
PROFILE = Profile(
    name="tea",
    title="Tea shop",
    importer="tea.slips",
    columns={"slip": "Slip", "tea": "Tea", "quantity": "Quantity", "sold": "Sold", "note": "Note"},
)
HEADER = "Slip,Tea,Quantity,Sold,Note\n"


def documents(path: Path, profile: Profile = PROFILE, importer: Importer = IMPORTER) -> Iterator[Gathered]:
    columns = Columns(importer, profile, LONDON)
    with Lines(path, profile.encoding) as lines:
        yield from gather(map(columns.read, open_source(lines, profile, columns.wanted, columns.needed)))


def read(
    folder: Path, text: str | bytes, profile: Profile = PROFILE, importer: Importer = IMPORTER
) -> list[Gathered]:
    path = folder / "slips.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(profile.encoding))
    return list(documents(path, profile, importer))


def row(slip: str = "1", tea: str = "Oolong", quantity: str = "2", sold: str = "2026-03-31 14:50:00") -> str:
    return f"{slip},{tea},{quantity},{sold},\n"


def problems(found: list[Gathered]) -> dict[int, str]:
    return {line: problem for document in found for line, problem in document.problems.items()}


# --- what is read -----------------------------------------------------------------------------------------


def test_rows_with_one_reference_are_one_document(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + row("1") + row("1", "Sencha") + row("2"))
    assert [(document.reference, len(document.rows)) for document in found] == [("1", 2), ("2", 1)]
    assert not problems(found)
    assert found[0].rows[1].values == {
        "slip": "1",
        "tea": "Sencha",
        "quantity": Decimal(2),
        "sold": datetime(2026, 3, 31, 13, 50, tzinfo=UTC),
        "note": None,
    }


def test_an_archive_is_read_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv.gz"
    path.write_bytes(gzip.compress((HEADER + row()).encode()))
    assert [document.reference for document in documents(path)] == ["1"]


def test_a_mark_of_the_byte_order_is_no_part_of_the_header(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + (HEADER + row()).encode())[0].reference == "1"


def test_columns_may_stand_in_any_order_among_others(tmp_path: Path) -> None:
    text = "Till;Note;Sold;Quantity;Tea;Slip\nA;hot;2026-03-31;1.5;Oolong;7\n"
    [found] = read(tmp_path, text, evolve(PROFILE, delimiter=";"))
    assert found.rows[0].values["quantity"] == Decimal("1.5")
    assert found.rows[0].values["note"] == "hot"


def test_a_quoted_field_may_hold_line_breaks_and_lines_are_counted_through_them(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + '1,"Oolong\nroasted",2,2026-03-31,\n' + row("2"))
    assert found[0].rows[0].values["tea"] == "Oolong\nroasted"
    assert found[1].first_line == 4


def test_a_formula_stays_a_text(tmp_path: Path) -> None:
    [found] = read(tmp_path, HEADER + row(tea="=1+1"))
    assert found.rows[0].values["tea"] == "=1+1"


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEADER + "\n" + row() + ",,,,\n\n")) == 1


def test_a_default_fills_what_is_empty(tmp_path: Path) -> None:
    profile = evolve(PROFILE, defaults={"quantity": "1"})
    assert read(tmp_path, HEADER + row(quantity=""), profile)[0].rows[0].values["quantity"] == 1


def test_json_lines_are_read_with_exact_numbers(tmp_path: Path) -> None:
    profile = evolve(PROFILE, format="jsonl")
    text = '{"Slip": 7, "Tea": "Oolong", "Quantity": 0.1, "Sold": "2026-03-31T14:50:00+08:00"}\n'
    [found] = read(tmp_path, text, profile)
    assert found.rows[0].values["quantity"] == Decimal("0.1")
    assert found.rows[0].values["sold"] == datetime(2026, 3, 31, 6, 50, tzinfo=UTC)


def test_tabs_separate_when_the_profile_says_so(tmp_path: Path) -> None:
    text = (HEADER + row()).replace(",", "\t")
    assert read(tmp_path, text, evolve(PROFILE, format="tsv"))[0].reference == "1"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31", date(2026, 3, 31)),
        # Just after midnight in London's summer it is still the day before in UTC.
        ("2026-07-01 00:10:00", date(2026, 7, 1)),
        ("2026-06-30T23:30:00Z", date(2026, 7, 1)),
    ],
)
def test_a_day_is_the_day_in_the_zone_of_the_source(tmp_path: Path, text: str, day: date) -> None:
    by_day = evolve(
        IMPORTER, fields=tuple(evolve(f, kind="day") if f.name == "sold" else f for f in IMPORTER.fields)
    )
    [found] = read(tmp_path, HEADER + row(sold=text), importer=by_day)
    assert found.rows[0].values["sold"] == day


# --- what is refused with a reason ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(quantity="two"), "a number like 1234.50 is wanted"),
        (row(quantity="1,5").replace("1,5", '"1,5"'), "a number like 1234.50 is wanted"),
        (row(quantity="1E+05"), "written short by a spreadsheet"),
        (row(quantity="NaN"), "a number like 1234.50 is wanted"),
        (row(quantity="1_000"), "a number like 1234.50 is wanted"),
        (row(quantity="9" * 200), "a number like 1234.50 is wanted"),
        (row(quantity=""), "quantity is empty"),
        (row(sold="31/03/2026"), "a time like 2026-03-31"),
        (row(sold="0001-01-01"), "a year from 1900 to 2199"),
        (row(sold="2026-03-29 01:30:00"), "does not exist in Europe/London"),
        ("1,Oolong,2\n", "it has 3 fields, the header has 5"),
        ("1,Oolong,2,2026-03-31,,,\n", "it has 7 fields, the header has 5"),
        ('1,"Oolong"x,2,2026-03-31,\n', "a quote stands in the middle of a field"),
        ("1,Oo\0long,2,2026-03-31,\n", "a NUL byte stands at character 5"),
    ],
)
def test_a_row_that_cannot_be_what_it_should_be_is_named_with_its_line(
    tmp_path: Path, bad: str, reason: str
) -> None:
    found = read(tmp_path, HEADER + row("0") + bad + row("2"))
    assert [document.reference for document in found] == ["0", "1", "2"]
    assert list(problems(found)) == [3]
    assert reason in problems(found)[3]


def test_a_reference_that_no_index_could_hold_is_refused(tmp_path: Path) -> None:
    assert problems(read(tmp_path, HEADER + row("9" * 5000))) == {
        2: "the reference has more than 200 characters"
    }


def test_a_byte_that_is_no_text_is_named_with_its_place(tmp_path: Path) -> None:
    found = read(tmp_path, (HEADER + row("1", "Th")).encode() + "2,Thé,1,2026-03-31,\n".encode("latin-1"))
    assert problems(found) == {3: "the byte 0xE9 at character 5 is not utf-8"}


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    text = HEADER + row("0") + '1,"Oolong,2,2026-03-31,\n' + "".join(row(str(n)) for n in range(2, 500))
    found = read(tmp_path, text)
    assert [document.reference for document in found] == [str(n) for n in range(500)]
    assert list(problems(found)) == [3]


def test_an_enormous_field_costs_its_own_row_only(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + row("1", "x" * 200_000) + row("2"))
    assert "more than 131072 characters" in problems(found)[2]
    assert found[1].problems == {}


def test_an_endless_line_costs_its_own_row_only(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + row("1", "x" * (3 * LINE_LIMIT)) + row("2"))
    assert problems(found) == {2: "the line is too long"}
    assert found[1].reference == "2"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1, 2]", "a JSON object is wanted"),
        ('{"Slip": ', "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ('{"Slip": "1", "Tea": "Oolong", "Quantity": NaN, "Sold": "2026-03-31"}', "NaN is no number"),
        ('{"Slip": "1", "Tea": ["Oolong"], "Quantity": 1, "Sold": "2026-03-31"}', "Tea is no text or number"),
        ('{"Slip": "1", "Tea": "\\ud800", "Quantity": 1, "Sold": "2026-03-31"}', "character that is none"),
        ('{"Slip": "1", "Tea": "Oo\\u0000", "Quantity": 1, "Sold": "2026-03-31"}', "character that is none"),
    ],
)
def test_a_line_of_json_that_is_no_row_is_named(tmp_path: Path, line: str, reason: str) -> None:
    assert reason in problems(read(tmp_path, line + "\n", evolve(PROFILE, format="jsonl")))[1]


# --- which document a row belongs to ----------------------------------------------------------------------


def test_two_tills_may_write_into_one_file(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + row("1") + row("2") + row("1") + row("2") + row("3"))
    assert [(document.reference, len(document.rows)) for document in found] == [("1", 2), ("2", 2), ("3", 1)]


def test_a_reference_that_comes_back_much_later_is_another_document(tmp_path: Path) -> None:
    others = "".join(row(str(n)) for n in range(2, WINDOW + 3))
    found = read(tmp_path, HEADER + row("1") + others + row("1", "Sencha"))
    assert [document.reference for document in found].count("1") == 2


def test_a_row_without_a_reference_spoils_the_documents_around_it(tmp_path: Path) -> None:
    """It may be part of either, and half a document is worse than none."""
    found = read(tmp_path, HEADER + row("1") + row("2") + row("") + row("3") + row("4"))
    spoiled = {document.reference for document in found if document.problems}
    assert spoiled == {"", "2", "3"}


def test_a_document_spread_over_the_whole_file_is_refused_instead_of_held(tmp_path: Path) -> None:
    spread = (row("wide") + "".join(row(f"{n}-{m}") for m in range(100)) for n in range(SPAN // 100))
    found = read(tmp_path, HEADER + "".join(spread))
    wide = next(document for document in found if document.reference == "wide")
    assert "spread over more than" in wide.problems[2]


def test_the_digest_is_of_the_content_and_not_of_its_place(tmp_path: Path) -> None:
    [first, *_] = read(tmp_path, HEADER + row("1") + row("1", "Sencha"))
    [*_, moved] = read(tmp_path, HEADER + row("0") + row("1") + row("1", "Sencha"))
    [*_, other] = read(tmp_path, HEADER + row("1") + row("1", "Assam"))
    assert first.digest == moved.digest != other.digest


# --- files that are none ----------------------------------------------------------------------------------


def test_a_wrong_header_names_what_is_missing_and_what_is_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, "slip,Thee,Quantity,Sold,Note\n" + row())
    assert "Slip (the nearest is slip)" in str(refused.value)
    assert "Tea" in str(refused.value)
    assert "the file has: slip, Thee" in refused.value.hint


def test_a_column_that_stands_twice_in_the_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="names Tea twice"):
        read(tmp_path, "Slip,Tea,Tea,Quantity,Sold,Note\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it has no header"),
        (b"PK\x03\x04rest of a workbook", "a workbook"),
        ("Slip,Tea\n".encode("utf-16"), "UTF-16"),
        (gzip.compress((HEADER + row() * 5000).encode())[:-40], "cannot be read any further"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        read(tmp_path, content)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="directory"):
        list(documents(tmp_path))


def test_a_profile_that_contradicts_its_importer_is_refused() -> None:
    with pytest.raises(BadFile, match="fills colour, which"):
        Columns(IMPORTER, evolve(PROFILE, columns={**PROFILE.columns, "colour": "Colour"}), LONDON)
    with pytest.raises(BadFile, match="says no column for tea"):
        Columns(IMPORTER, evolve(PROFILE, columns={"slip": "a", "quantity": "b", "sold": "c"}), LONDON)


# --- the rejects file -------------------------------------------------------------------------------------


def reject_all(path: Path, profile: Profile = PROFILE) -> Path:
    rejects = beside(path, profile)
    columns = Columns(IMPORTER, profile, LONDON)
    with Lines(path, profile.encoding) as lines:
        source = open_source(lines, profile, columns.wanted, columns.needed)
        with Rejects(rejects, profile, source.columns) as file:
            for record in source:
                file.write(record, "because")
    return rejects


def test_rejected_rows_keep_their_cells_and_get_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv"
    path.write_text(HEADER + row("1", '"Oo ""the"" long"') + "2,short\n", encoding="utf-8")
    with reject_all(path).open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["Slip", "Tea", "Quantity", "Sold", "Note", "line", "reason"],
            ["1", 'Oo "the" long', "2", "2026-03-31 14:50:00", "", "2", "because"],
            ["2", "short", "", "", "", "3", "because"],
        ]


def test_bytes_that_are_no_text_come_out_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv"
    path.write_bytes(HEADER.encode() + b"1,Th\xe9,2,2026-03-31,\n")
    assert b"1,Th\xe9,2," in reject_all(path).read_bytes()


def test_a_mended_rejects_file_is_imported_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "slips.csv"
    path.write_text(HEADER + row("1", quantity="two"), encoding="utf-8")
    rejects = reject_all(path)
    rejects.write_text(rejects.read_text("utf-8").replace("two", "2"), encoding="utf-8")
    [found] = documents(rejects)
    assert not found.problems
    assert found.digest == read(tmp_path, HEADER + row("1", quantity="2"))[0].digest


def test_rejected_json_keeps_its_text(tmp_path: Path) -> None:
    path, profile = tmp_path / "slips.jsonl", evolve(PROFILE, format="jsonl")
    path.write_text('{"Slip": "1", "Quantity": 1.10}\nnonsense\n{}\n', encoding="utf-8")
    first, second, third = reject_all(path, profile).read_text("utf-8").splitlines()
    assert first == '{"Slip": "1", "Quantity": 1.10, "line": 1, "reason": "because"}'
    assert json.loads(second) == {"text": "nonsense", "line": 2, "reason": "because"}
    assert json.loads(third) == {"line": 3, "reason": "because"}


@pytest.mark.parametrize(
    "more", [{}, {"format": "tsv"}, {"delimiter": "|"}, {"encoding": "utf-16"}, {"format": "jsonl"}], ids=str
)
def test_the_rejects_of_an_earlier_run_go_when_there_are_none(tmp_path: Path, more: dict[str, Any]) -> None:
    profile = evolve(PROFILE, **more)
    path = tmp_path / "slips"
    cut = "\t" if profile.format == "tsv" else profile.delimiter
    text = "{}\n" if profile.format == "jsonl" else (HEADER + row()).replace(",", cut)
    path.write_text(text, encoding=profile.encoding)
    rejects = reject_all(path, profile)
    with Rejects(rejects, profile, ()):
        pass
    assert not rejects.exists()
    rejects.write_text("my own notes", encoding="utf-8")
    with Rejects(rejects, profile, ()):
        pass
    assert rejects.exists()
