"""Views are read page by page, by key: every row once, in one order, however large the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from fenbu.engine import reading
from fenbu.engine.conditions import Condition, ReadingRefused, conditions, filterable
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import Row
from fenbu.errors import NotFound
from tests.core.reading.conftest import COUNT


def _all(kernel: Kernel, view: str, *, limit: int, **asked: Any) -> list[Row]:
    """Return every row of a view, read page by page."""
    rows: list[Row] = []
    after = ""
    while True:
        with kernel.read("kiosk") as work:
            page = reading.page(work, kernel.assembly.view(view), after=after, limit=limit, **asked)
        assert len(page.rows) <= limit
        rows += page.rows
        if page.next is None:
            return rows
        after = page.next


def _page(kernel: Kernel, view: str = "kiosk.sales", **asked: Any) -> reading.Page:
    with kernel.read("kiosk") as work:
        return reading.page(work, kernel.assembly.view(view), **asked)


def _numbers(rows: Sequence[Row]) -> list[str]:
    return [row["number"] for row in rows]


@pytest.mark.parametrize("limit", [1, 7, 40, 100])
@pytest.mark.parametrize("sort", ["", "number", "-number", "total", "-total", "note", "-note"])
def test_every_row_is_read_once_in_every_order_and_page_size(kiosk: Kernel, sort: str, limit: int) -> None:
    rows = _all(kiosk, "kiosk.sales", limit=limit, sort=sort)

    assert sorted(_numbers(rows)) == [f"K-{index:03}" for index in range(COUNT)]
    assert rows == _all(kiosk, "kiosk.sales", limit=COUNT, sort=sort)


def test_rows_come_in_the_order_of_the_sort_and_then_of_the_key(kiosk: Kernel) -> None:
    rows = _all(kiosk, "kiosk.sales", limit=9, sort="-total")

    assert [(-row["total"], row["number"]) for row in rows] == sorted(
        (-row["total"], row["number"]) for row in rows
    )


@pytest.mark.parametrize(("sort", "nothing_stands"), [("note", "last"), ("-note", "first")])
def test_nothing_counts_as_larger_than_anything_on_both_databases(
    kiosk: Kernel, sort: str, nothing_stands: str
) -> None:
    notes = [row["note"] for row in _all(kiosk, "kiosk.sales", limit=6, sort=sort)]
    told = [note for note in notes if note is not None]

    empty = len(notes) - len(told)
    assert empty == 14
    assert told == sorted(told, reverse=sort.startswith("-"))
    assert notes == ([*told, *[None] * empty] if nothing_stands == "last" else [*[None] * empty, *told])


def test_a_key_may_run_down_in_one_column_and_up_in_the_next(kiosk: Kernel) -> None:
    rows = _all(kiosk, "kiosk.days", limit=7)

    wanted = sorted(((row["day"], row["number"]) for row in rows), key=lambda one: one[1])
    wanted.sort(key=lambda one: one[0], reverse=True)
    assert [(row["day"], row["number"]) for row in rows] == wanted
    assert len(rows) == COUNT


def test_a_row_written_meanwhile_neither_repeats_nor_pushes_out_another(kiosk: Kernel) -> None:
    first = _page(kiosk, limit=10)
    line = {"item": "tea", "quantity": "1"}
    kiosk.perform("kiosk.sale.sell", {"number": "K-000a", "lines": [line]})

    second = _page(kiosk, limit=10, after=first.next)

    assert _numbers(second.rows) == [f"K-{index:03}" for index in range(10, 20)]


def test_the_last_page_says_that_nothing_follows(kiosk: Kernel) -> None:
    assert _page(kiosk, limit=COUNT).next is None
    assert _page(kiosk, limit=COUNT - 1).next == "K-038"


def test_values_come_back_exact_and_typed(kiosk: Kernel) -> None:
    row = _page(kiosk, limit=1).rows[0]

    assert row["total"] == Decimal("1.25")
    assert row["day"] == date(2026, 3, 1)
    assert row["gift"] is True
    assert row["note"] is None
    assert isinstance(row["at"], datetime)
    assert row["at"].tzinfo is UTC


@pytest.mark.parametrize(
    ("where", "count"),
    [
        (["state=paid"], 1),
        (["state!=paid"], COUNT - 1),
        (["day=2026-03-02"], 10),
        (["day>2026-03-02"], 20),
        (["total>=7.50", "gift=yes"], 5),
        (["customer~CUSTOMER 1"], 8),
        (["number<=K-003"], 4),
        (["gift=no"], 20),
        (["customer=nobody"], 0),
    ],
)
def test_a_view_is_narrowed_by_what_its_columns_hold(kiosk: Kernel, where: list[str], count: int) -> None:
    assert len(_all(kiosk, "kiosk.sales", limit=3, filters=conditions(where))) == count


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"filters": [Condition("totl", 1)]}, "totl: this view is not narrowed by it"),
        (
            {"filters": [Condition("day", "yesterday")]},
            "day: must be a day, written as 2026-01-31 (got yesterday)",
        ),
        ({"filters": [Condition("total", "NaN")]}, "total: must be an amount, written as 12.50 (got NaN)"),
        ({"filters": [Condition("total", "12", "~")]}, "total: ~ looks within text, which this is not"),
        ({"filters": [Condition("day", "2026-03", "~")]}, "day: ~ looks within text, which this is not"),
        ({"filters": [Condition("gift", "maybe")]}, "gift: must be true or false (got maybe)"),
        ({"sort": "customer"}, "sort: one of total, note, number is wanted (got customer)"),
        ({"after": '["a","b"]'}, "after: it does not belong to this order (number)"),
        ({"after": "[nonsense"}, "after: it does not belong to this order (number)"),
        ({"limit": 0}, "limit: 1 to 10000 is wanted (got 0)"),
    ],
)
def test_a_wrong_question_is_refused_and_says_what_is_wanted(
    kiosk: Kernel, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ReadingRefused) as refused:
        _page(kiosk, **asked)

    assert told in str(refused.value)
    assert "fenbu show kiosk.sales --help" in refused.value.hint


def test_a_condition_without_a_sign_is_refused() -> None:
    with pytest.raises(ReadingRefused, match="column=value is wanted"):
        conditions(["state"])


def test_a_value_may_hold_the_signs_themselves() -> None:
    assert conditions(["note=a>=b"]) == [Condition("note", "a>=b", "=")]
    assert conditions(["total >= 5"]) == [Condition("total", "5", ">=")]


def test_a_record_is_found_by_the_number_people_know(kiosk: Kernel) -> None:
    view = kiosk.assembly.view("kiosk.sales")
    with kiosk.read("kiosk") as work:
        assert reading.record(work, view, "K-005")["state"] == "paid"
        with pytest.raises(NotFound) as missing:
            reading.record(work, view, "k-00")

    assert str(missing.value) == "kiosk.sales has no record k-00"
    assert missing.value.hint == "did you mean K-000 / K-001 / K-002?"


def test_only_actions_that_the_state_allows_are_offered(kiosk: Kernel) -> None:
    view = kiosk.assembly.view("kiosk.sales")
    with kiosk.read("kiosk") as work:
        still_open, paid = (reading.record(work, view, number) for number in ("K-001", "K-005"))

    offered = [action.name for action in reading.offered(kiosk.assembly, view, still_open)]
    assert offered == ["kiosk.sale.pay", "kiosk.sale.cancel"]
    assert reading.offered(kiosk.assembly, view, paid) == []


@pytest.mark.databases("sqlite")  # PostgreSQL scans tables as small as this one whatever the query
def test_a_page_far_into_the_list_is_found_by_index_and_not_by_counting(kiosk: Kernel) -> None:
    """It searches from the key on; it neither scans from the start nor sorts."""
    asked: list[tuple[str, Any]] = []
    with kiosk.read("kiosk") as work:
        event.listen(
            work.connection.engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, parameters, *_rest: asked.append((statement, parameters)),
        )
        reading.page(work, kiosk.assembly.view("kiosk.sales"), after="K-030", limit=5)
        statement, parameters = asked[-1]
    with kiosk.database.read() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    assert any("SEARCH kiosk_sale USING INDEX" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_every_view_of_the_kernel_can_be_read_sorted_and_narrowed(kiosk: Kernel) -> None:
    for name in (name for name in kiosk.assembly.views if name.startswith("fenbu.")):
        view = kiosk.assembly.view(name)
        with kiosk.read() as work:
            page = reading.page(work, view, limit=3)
            for row in page.rows:
                assert set(row) >= {column.name for column in view.columns}, name
                assert reading.record(work, view, str(row[view.record])) == row
            for column in filterable(view):
                if page.rows and page.rows[0][column] is not None:
                    same = [Condition(column, page.rows[0][column])]
                    assert reading.page(work, view, filters=same, limit=1).rows, (name, column)
            if page.next:
                following = reading.page(work, view, after=page.next, limit=3).rows
                assert page.rows[-1] not in following, name
