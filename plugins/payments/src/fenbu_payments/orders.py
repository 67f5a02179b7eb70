"""What orders still want of their payments, as ERP knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fenbu.contracts.erp import erp_open_lines
from fenbu.work import Work

_PAGE = 500


def finished(work: Work, orders: Iterable[str]) -> set[str] | None:
    """Return those of these orders of which nothing is left to fulfil; None when nobody here keeps orders."""
    done: set[str] = set()
    for page in _pages(sorted(set(orders))):
        left = work.ask(erp_open_lines, orders=page)
        if left is None:
            return None
        done |= set(page) - {line.order for line in left}
    return done


def _pages(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), _PAGE):
        yield numbers[start : start + _PAGE]
