"""Thousands may wait for the one piece that comes: the queue is read from its head, and only as far as pieces go."""

from __future__ import annotations

import pytest

from benchmarks import floor
from fenbu_scm import backorders
from tests.scm.depot import Depot


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backorders, "_PAGE", 2)


def looks(told: floor.Recording) -> list[str]:
    """Return what the queue was asked."""
    return [one for one in told.statements if "scm_demand.short >" in one]


def test_what_comes_is_promised_along_the_queue_of_all_its_items(depot: Depot) -> None:
    """Eleven lines wait for two items, in turns; six pieces of one and three of the other come together."""
    depot.do("item.register", items=[{"item": "CUP"}, {"item": "MUG"}])
    orders = [depot.placed(("CUP", 1, "1"), ("MUG", 1, "1")) for _ in range(5)] + [
        depot.placed(("CUP", 2, "1"))
    ]
    with floor.recorded() as told:
        depot.receive(("CUP", 6, "1"), ("MUG", 3, "1"))
    short = [[row["short"] for row in depot.look("order-lines", order=order)] for order in orders]
    assert short == [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [1]]
    assert len(looks(told)) == 5, "three pages of both, and two of cups alone when no mug was left"
    assert depot.ill() == {}


def test_one_piece_looks_at_the_head_of_the_queue_alone(depot: Depot) -> None:
    depot.do("item.register", items=[{"item": "CUP"}])
    first, *_others = [depot.placed(("CUP", 1, "1")) for _ in range(7)]
    with floor.recorded() as told:
        depot.receive(("CUP", 1, "1"))
    assert len(looks(told)) == 1
    assert depot.line(first)["short"] == 0
    assert depot.ill() == {}
