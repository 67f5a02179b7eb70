"""Views are read from both ends, and narrowed by what people type; nothing is counted for it."""

from __future__ import annotations

from typing import Any

import pytest

from fenbu.engine import reading
from fenbu.engine.conditions import ANYWHERE, Condition
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import Page
from fenbu.engine.searching import searched
from fenbu.errors import NotPermitted
from fenbu.work import Actor
from tests.core.reading.conftest import COUNT

SORTS = ["", "number", "-number", "total", "-total", "note", "-note"]


def _page(kernel: Kernel, view: str = "kiosk.sales", **asked: Any) -> Page:
    with kernel.read("kiosk") as work:
        return reading.page(work, kernel.assembly.view(view), **asked)


def _numbers(page: Page) -> list[str]:
    return [row["number"] for row in page.rows]


def _typed(kernel: Kernel, text: str) -> list[str]:
    return _numbers(_page(kernel, filters=searched(kernel.assembly.view("kiosk.sales"), text)))


@pytest.mark.parametrize("limit", [1, 7, 40, 100])
@pytest.mark.parametrize("sort", SORTS)
def test_from_the_end_upwards_every_row_is_read_once_and_in_the_same_order(
    kiosk: Kernel, sort: str, limit: int
) -> None:
    page = _page(kiosk, last=True, sort=sort, limit=limit)
    assert page.next is None
    numbers = _numbers(page)
    while page.previous is not None:
        page = _page(kiosk, before=page.previous, sort=sort, limit=limit)
        numbers = _numbers(page) + numbers

    assert numbers == _numbers(_page(kiosk, sort=sort, limit=COUNT))
    assert page.again == ""


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_leads_down_up_and_to_itself_again(kiosk: Kernel, sort: str) -> None:
    first = _page(kiosk, sort=sort, limit=10)
    second = _page(kiosk, sort=sort, limit=10, after=first.next)

    assert first.previous is None
    assert _page(kiosk, sort=sort, limit=10, before=second.previous).rows == first.rows
    assert _page(kiosk, sort=sort, limit=10, after=second.again).rows == second.rows
    upwards = _page(kiosk, sort=sort, limit=5, before=second.previous)
    assert _page(kiosk, sort=sort, limit=5, after=upwards.again).rows == upwards.rows
    assert _page(kiosk, sort=sort, limit=10, after=upwards.next).rows == second.rows


def test_a_key_with_two_ways_is_read_from_its_end_too(kiosk: Kernel) -> None:
    everything = _numbers(_page(kiosk, "kiosk.days", limit=COUNT))

    assert _numbers(_page(kiosk, "kiosk.days", last=True, limit=6)) == everything[-6:]


def test_narrowed_to_nothing_both_ends_are_empty(kiosk: Kernel) -> None:
    nobody = [Condition("customer", "nobody")]

    assert _page(kiosk, last=True, filters=nobody) == Page([], None)
    assert _page(kiosk, filters=nobody) == Page([], None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("k-00", [f"K-{index:03}" for index in range(10)]),
        ("paid", ["K-005"]),
        ("K-00 !k-003 !paid", [f"K-{index:03}" for index in range(10) if index not in (3, 5)]),
        ("state:paid", ["K-005"]),
        ("State:PA", ["K-005"]),
        ("st:pai", ["K-005"]),
        ("!state:open", ["K-005"]),
        ("state:!open", ["K-005"]),
        ("number=K-007", ["K-007"]),
        ("number:>K-037", ["K-038", "K-039"]),
        ("!number:<=K-037", ["K-038", "K-039"]),
        ('customer:"customer 1" number:<K-010', ["K-001", "K-006"]),
        ('customer:"customer 1', [f"K-{index:03}" for index in range(1, COUNT, 5)]),
        ("paid number:", ["K-005"]),
        ("paid !", ["K-005"]),
        ("12:30", []),
        ("http://x", []),
    ],
)
def test_a_list_is_narrowed_by_what_people_type(kiosk: Kernel, text: str, wanted: list[str]) -> None:
    assert _typed(kiosk, text) == wanted


def test_amounts_and_days_are_compared_as_such(kiosk: Kernel) -> None:
    assert len(_typed(kiosk, "total:>=7.50 gift:yes")) == 5
    assert len(_typed(kiosk, "day:2026-03-02")) == 10
    assert len(_typed(kiosk, "!day:>2026-03-02")) == 20


def test_a_word_is_not_looked_for_in_what_the_actor_may_not_see(kiosk: Kernel) -> None:
    view = kiosk.assembly.view("kiosk.sales")
    assert len(_typed(kiosk, '"customer 1"')) == 8
    kiosk.perform("fenbu.operator.add", {"operator": "ben", "grants": ["kiosk.show"]})
    with Kernel.open(kiosk.database.url, actor=Actor("ben")) as hers, hers.read("kiosk") as work:
        assert reading.page(work, view, filters=[Condition(ANYWHERE, "customer 1", "~")]).rows == []
        with pytest.raises(NotPermitted):
            reading.page(work, view, filters=searched(view, "customer:1"))
