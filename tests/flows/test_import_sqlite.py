"""A database as a source: rows of a query, read only; what is rejected comes out as CSV and goes in again."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from fenbu.engine.importing.columns import Columns
from fenbu.engine.importing.documents import Gathered, gather
from fenbu.engine.importing.opening import opened
from fenbu.engine.importing.rejects import Rejects, beside
from fenbu.errors import BadFile
from fenbu.importing import Field, Importer, Profile

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
    name="old_till",
    title="The till of before",
    importer="tea.slips",
    columns={"slip": "number", "tea": "code", "quantity": "pieces", "sold": "sold_at", "note": "note"},
    format="sqlite",
    query="SELECT number, code, pieces, sold_at, note FROM sale ORDER BY id;",
)


def till(folder: Path, *rows: tuple[object, ...]) -> Path:
    """Write a till's database with these sales: number, tea, pieces, time, note."""
    path = folder / "till.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE sale (id INTEGER PRIMARY KEY, number, code, pieces, sold_at, note)")
        database.executemany("INSERT INTO sale VALUES (NULL, ?, ?, ?, ?, ?)", rows)
    database.close()
    return path


def sale(
    number: object = 1, code: object = "OOLONG", pieces: object = 2, note: object = None
) -> tuple[object, ...]:
    return (number, code, pieces, "2026-03-31 14:50:00", note)


def documents(path: Path, profile: Profile = PROFILE) -> list[Gathered]:
    columns = Columns(IMPORTER, profile, ZoneInfo("Europe/London"))
    with opened(path, profile, columns.wanted, columns.needed) as (source, _reading):
        return list(gather(map(columns.read, source)))


def reject_all(path: Path) -> Path:
    rejects = beside(path, PROFILE)
    columns = Columns(IMPORTER, PROFILE, ZoneInfo("Europe/London"))
    with (
        opened(path, PROFILE, columns.wanted, columns.needed) as (source, _reading),
        Rejects(rejects, PROFILE, source.columns) as file,
    ):
        for record in source:
            file.write(record, "because")
    return rejects


def test_rows_of_a_query_are_records_of_documents(tmp_path: Path) -> None:
    found = documents(till(tmp_path, sale(7, pieces=0.1), sale(7, "SENCHA"), sale("8", note="hot")))
    assert [(one.reference, len(one.rows), one.first_line) for one in found] == [("7", 2, 1), ("8", 1, 3)]
    assert found[0].rows[0].values == {
        "slip": "7",
        "tea": "OOLONG",
        "quantity": Decimal("0.1"),
        "sold": datetime(2026, 3, 31, 13, 50, tzinfo=UTC),
        "note": None,
    }
    assert not any(one.problems for one in found)


def test_an_archive_of_a_database_is_read_as_the_database(tmp_path: Path) -> None:
    path = till(tmp_path, sale())
    packed = tmp_path / "till.db.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert documents(packed)[0].digest == documents(path)[0].digest


def test_the_progress_is_told_in_rows(tmp_path: Path) -> None:
    columns = Columns(IMPORTER, PROFILE, ZoneInfo("Europe/London"))
    with opened(till(tmp_path, sale(), sale()), PROFILE, columns.wanted, columns.needed) as (source, reading):
        told = [(reading.position, reading.size) for _record in source]
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (sale(pieces=b"\x01"), "pieces is no text or number"),
        (sale(pieces="1e5"), "written short by a spreadsheet"),
        (sale(code="a\0b"), "code: a NUL byte stands at character 2"),
        (sale(code=None), "tea is empty"),
    ],
)
def test_a_cell_that_is_no_value_spoils_its_document(
    tmp_path: Path, row: tuple[object, ...], problem: str
) -> None:
    [found] = documents(till(tmp_path, row))
    assert problem in found.problems[1]


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = till(tmp_path, sale())
    with sqlite3.connect(path) as database:
        database.execute("UPDATE sale SET code = CAST(x'5468e9' AS TEXT)")
    database.close()
    [found] = documents(path)
    assert "code: the byte 0xE9 at character 3 is not utf-8" in found.problems[1]


def test_what_was_rejected_is_written_as_csv_and_imported_by_the_same_profile(tmp_path: Path) -> None:
    path = till(tmp_path, sale(pieces="two", note='with "quotes"'))
    rejects = reject_all(path)
    assert rejects.name == "till.db.rejects.csv"
    with rejects.open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["number", "code", "pieces", "sold_at", "note", "line", "reason"]
    rejects.write_text(rejects.read_text("utf-8").replace("two", "2"), encoding="utf-8")
    other = tmp_path / "right"
    other.mkdir()
    [mended], [right] = documents(rejects), documents(till(other, sale(note='with "quotes"')))
    assert not mended.problems
    assert mended.digest == right.digest


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "the profile says no query"),
        ("SELECT 1 FROM moon", "its query cannot be run on till.db: no such table: moon"),
        ("SELECT number FROM sale", "the header lacks code, pieces, sold_at"),
        ("SELECT *, number FROM sale", "the header names number twice"),
        ("DELETE FROM sale", "its query cannot be run"),
        ("SELECT 1); DELETE FROM sale; SELECT (1", "its query cannot be run"),
        ("ATTACH '/etc/passwd' AS other", "its query cannot be run"),
        ("SELECT * FROM pragma_database_list", "its query cannot be run"),
    ],
)
def test_a_query_that_is_none_or_does_more_than_read_is_refused(
    tmp_path: Path, query: str, problem: str
) -> None:
    path = till(tmp_path, sale())
    before = path.read_bytes()
    with pytest.raises(BadFile, match=problem.replace("(", r"\(")):
        documents(path, evolve(PROFILE, query=query))
    assert path.read_bytes() == before


def test_a_damaged_archive_or_database_is_named(tmp_path: Path) -> None:
    whole = till(tmp_path, *(sale(number) for number in range(2000))).read_bytes()
    torn = tmp_path / "torn.db.gz"
    torn.write_bytes(gzip.compress(whole)[:-2000])
    with pytest.raises(BadFile, match="it cannot be opened"):
        documents(torn)
    scrawled = tmp_path / "scrawled.db"
    scrawled.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(BadFile, match="malformed"):
        documents(scrawled)
