"""What stands around a document: its record, and the lists of all modules in which it stands.

Nobody lists these: a column of a view says of which other view its values are records, so whoever is enabled late
or comes from outside is found as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from attrs import frozen

from fenbu.engine import reading
from fenbu.engine.conditions import Condition, filterable
from fenbu.engine.reading import RecordMissing, Row
from fenbu.engine.work import EngineWork
from fenbu.views import View

if TYPE_CHECKING:
    from fenbu.engine.assembly import Assembly

MOST = 100
"""Rows are counted up to so many."""


@frozen
class Place:
    """A list in which a document stands."""

    view: View
    column: str
    """By which its rows are found there."""
    rows: int
    """How many, up to `MOST`."""


def records(work: EngineWork, view: str, number: str) -> list[tuple[View, Row]]:
    """Return what enabled modules keep under a number: the record of a view, then those that others add to it.

    Empty when the view does not have it, or its module is not enabled. What others add is left out where the actor
    may not look at it; NotPermitted when that is so of the view itself.
    """
    assembly = work.transaction.assembly
    found = []
    for one in _same(assembly, view):
        if one.name != view and not work.holds(one.needs):
            continue
        try:
            found.append((one, reading.record(_bound(work, one.name), one, number)))
        except RecordMissing:
            if one.name == view:
                return []
    return found


def places(work: EngineWork, view: str, number: str) -> list[Place]:
    """Return the lists of enabled modules in which a record of a view stands, those of its own module first.

    Args:
        work: A reading work of the kernel.
        view: The view that holds its record.
        number: By which people know it.
    """
    assembly = work.transaction.assembly
    own = view.partition(".")[0]
    found = []
    same = {one.name for one in _same(assembly, view)}
    for other, column in _leading_to(assembly, same):
        wanted = [Condition(column, number)]
        if not work.holds(other.needs):
            continue
        if count := reading.count(_bound(work, other.name), other, filters=wanted, most=MOST):
            found.append(Place(other, column, count))
    return sorted(found, key=lambda place: (place.view.name.partition(".")[0] != own, place.view.name))


def _same(assembly: Assembly, view: str) -> list[View]:
    """Return a view, and those that keep more of the same records: what SCM knows of ERP's items."""
    views = assembly.views
    more = (
        one
        for one in views.values()
        if one.column(one.record).ref == view and [name.removeprefix("-") for name in one.key] == [one.record]
    )
    return [views[view], *more] if view in views else []


def _leading_to(assembly: Assembly, views: Set[str]) -> Iterator[tuple[View, str]]:
    """Yield views that can be narrowed by a column whose values are records of one of these, with that column."""
    for other in assembly.views.values():
        able = filterable(other)
        for column in other.columns:
            if column.ref in views and column.name in able and other.name not in views:
                yield other, column.name
                break


def _bound(work: EngineWork, view: str) -> EngineWork:
    return EngineWork(work.transaction, work.transaction.assembly.module_of(view), read_only=True)
