"""Thousands may wait for the one piece that comes: the queue is read from its head, and only as far as pieces go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from fenbu_scm import backorders
from tests.scm.depot import Depot


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backorders, "_PAGE", 2)


@contextmanager
def looks(depot: Depot) -> Iterator[list[str]]:
    """Collect what the queue is asked within the body."""
    seen: list[str] = []
    engine = depot.kernel.database._backend.writer

    def see(_connection: Any, _cursor: Any, sql: str, *_more: Any) -> None:
        if "scm_demand.short >" in sql:
            seen.append(sql)

    event.listen(engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", see)


def test_what_comes_is_promised_along_the_queue_of_all_its_items(depot: Depot) -> None:
    """Eleven lines wait for two items, in turns; six pieces of one and three of the other come together."""
    depot.do("item.register", items=[{"item": "CUP"}, {"item": "MUG"}])
    orders = [depot.placed(("CUP", 1, "1"), ("MUG", 1, "1")) for _ in range(5)] + [
        depot.placed(("CUP", 2, "1"))
    ]
    with looks(depot) as seen:
        depot.receive(("CUP", 6, "1"), ("MUG", 3, "1"))
    short = [[row["short"] for row in depot.look("order-lines", order=order)] for order in orders]
    assert short == [[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [1]]
    assert len(seen) == 5, "three pages of both, and two of cups alone when no mug was left"
    assert depot.ill() == {}


def test_one_piece_looks_at_the_head_of_the_queue_alone(depot: Depot) -> None:
    depot.do("item.register", items=[{"item": "CUP"}])
    first, *_others = [depot.placed(("CUP", 1, "1")) for _ in range(7)]
    with looks(depot) as seen:
        depot.receive(("CUP", 1, "1"))
    assert len(seen) == 1
    assert depot.line(first)["short"] == 0
    assert depot.ill() == {}
