"""Reading views: pages by key, filters, records, and which actions a row offers; the same for every face.

A page is found by the key of the row before it and not by counting, so the millionth page costs what the first
does, and rows written meanwhile neither appear twice nor push others out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from sqlalchemy import Subquery, select

from fenbu.engine import paging
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.conditions import Condition, kind_of, narrowed, parse, refused
from fenbu.engine.guard import permissions
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.lifecycle import Lifecycle
from fenbu.values import MASK
from fenbu.views import Kind, View

if TYPE_CHECKING:
    from fenbu.actions import Action
    from fenbu.engine.assembly import Assembly
    from fenbu.engine.work import EngineWork
    from fenbu.metrics import Metric

DEFAULT_LIMIT = 50
MOST = 10_000
"""Rows of one page at most."""

Row = Mapping[str, Any]


@frozen(eq=False)
class RecordMissing(NotFound):
    """A view has no record with this key."""

    def __str__(self) -> str:
        return _("{view} has no record {key}").format(view=self.kind, key=self.key)


@frozen
class Page:
    """Rows in the view's order, and where the next page begins."""

    rows: Sequence[Row]
    next: str | None
    """Given as ``after`` it continues here; None when nothing follows."""
    previous: str | None = None
    """Given as ``before`` it continues here upwards; None when nothing comes before."""
    again: str = ""
    """Given as ``after`` it reads from the first of these rows again."""


def page(
    work: EngineWork,
    view: View,
    *,
    filters: Sequence[Condition] = (),
    sort: str = "",
    after: str = "",
    before: str = "",
    last: bool = False,
    limit: int = DEFAULT_LIMIT,
) -> Page:
    """Return one page of a view: the first, the one after a row, the one before a row, or the last.

    Args:
        work: A reading work; the view's query is asked in it.
        view: As declared.
        filters: All must hold.
        sort: A column of ``view.sorts`` or of its key, with ``-`` before it downwards; the key's order if empty.
        after: `Page.next` of the page before.
        before: `Page.previous` of the page after.
        last: The last rows are wanted; they are found from the end, and nothing is counted.
        limit: Rows wanted, 1 to `MOST`.

    Raises:
        ReadingRefused: No such column, a value of another kind, or an ``after`` of another order.
        NotPermitted: The actor may not look at it, or asks by what tells of a person and may not see that.
    """
    work.require(view.needs)
    _refuse_telling(work, view, [*(one.column for one in filters), sort.removeprefix("-")])
    if not 1 <= limit <= MOST:
        raise refused(view, "limit", _("1 to {most} is wanted").format(most=MOST), str(limit))
    source = view.query(work).subquery()
    orders = paging.orders(view, sort)
    upwards = last or bool(before)
    ways = paging.turned(orders) if upwards else orders
    wanted = select(source).order_by(*(paging.ordered(source, order) for order in ways)).limit(limit + 1)
    wanted = narrowed(wanted, source, view, filters, _unseen(work, view))
    if place := before or after:
        wanted = wanted.where(paging.beyond(source, ways, paging.read_after(view, source, ways, place)))
    rows = [dict(row) for row in work.execute(wanted).mappings()]
    found = _upwards(orders, rows, limit, before) if upwards else _downwards(orders, rows, limit, after)
    return evolve(found, rows=[_as_permitted(work, view, dict(row)) for row in found.rows])


def _downwards(orders: Sequence[paging.Order], rows: Sequence[Row], limit: int, after: str) -> Page:
    """Return a page of rows that follow each other, with one more where others follow."""
    kept = rows[:limit]
    following = paging.write_after(orders, kept[-1]) if len(rows) > limit else None
    return Page(kept, following, paging.write_after(orders, kept[0]) if after and kept else None, after)


def _upwards(orders: Sequence[paging.Order], rows: Sequence[Row], limit: int, before: str) -> Page:
    """Return a page of rows read from its end to its beginning, with one more where others come before."""
    kept = list(reversed(rows[:limit]))
    again = paging.write_after(orders, rows[limit]) if len(rows) > limit else ""
    following = paging.write_after(orders, kept[-1]) if before and kept else None
    return Page(kept, following, paging.write_after(orders, kept[0]) if again else None, again)


def count(work: EngineWork, view: View, *, filters: Sequence[Condition] = (), most: int = MOST) -> int:
    """Return how many rows match, counting no further than ``most``."""
    work.require(view.needs)
    _refuse_telling(work, view, [one.column for one in filters])
    source = view.query(work).subquery()
    limited = narrowed(select(source.c[view.record]), source, view, filters, _unseen(work, view)).limit(most)
    return len(work.execute(limited).all())


def record(work: EngineWork, view: View, key: str) -> Row:
    """Return one record by the value that people know it by.

    Raises:
        RecordMissing: There is none; the nearest that begin alike are named.
        NotPermitted: The actor may not look at it.
    """
    work.require(view.needs)
    source = view.query(work).subquery()
    value = parse(view, view.record, key, source)
    row = work.execute(select(source).where(source.c[view.record] == value).limit(1)).mappings().first()
    if row is None:
        raise RecordMissing(view.name, key, _nearest(work, view, source, key))
    return _as_permitted(work, view, dict(row))


def measure(work: EngineWork, metric: Metric) -> Any:
    """Return what a metric of the work's module comes to now; None when there is nothing to measure.

    Raises:
        NotPermitted: The actor may not look at what the module shows.
    """
    work.require(permissions.show(work.module))
    return metric.value(work)


def offered(assembly: Assembly, view: View, row: Row) -> list[Action]:
    """Return the actions that apply to a row in its state, in the order in which the view names them."""
    found = [assembly.actions[name].action for name in view.actions if name in assembly.actions]
    state = row.get(view.state) if view.state else None
    return [action for action in found if _allows(action, view, state)]


def _as_permitted(work: EngineWork, view: View, row: dict[str, Any]) -> Row:
    """Return a row with what tells of a person masked, unless the actor may see that."""
    names = _telling(view)
    if names and not work.holds(_personal(view)):
        row |= {name: MASK for name in names if row.get(name) is not None}
    return row


def _refuse_telling(work: EngineWork, view: View, names: Sequence[str]) -> None:
    """Refuse to narrow or order by what tells of a person, which would tell it, unless the actor may see that."""
    if not _telling(view).isdisjoint(names):
        work.require(_personal(view))


def _telling(view: View) -> frozenset[str]:
    """Return the columns that tell of a person, but for the one that a record is known by."""
    return frozenset(column.name for column in view.columns if column.personal and column.name != view.record)


def _unseen(work: EngineWork, view: View) -> frozenset[str]:
    """Return the columns in which no word is looked for, because finding it would tell of a person."""
    names = _telling(view)
    return frozenset() if not names or work.holds(_personal(view)) else names


def _personal(view: View) -> str:
    return permissions.personal(view.name.partition(".")[0])


def _nearest(work: EngineWork, view: View, source: Subquery, key: str) -> str:
    """Say which records are spelled alike: those that contain the text, else nothing."""
    column = source.c[view.record]
    if kind_of(view, view.record, source) is not Kind.TEXT:
        return ""
    alike = select(column).where(column.icontains(key, autoescape=True)).order_by(column).limit(3)
    found = [str(value) for value in work.execute(alike).scalars()]
    if not found:
        return _("fenbu show {view} lists what there is").format(view=view.name)
    return _("did you mean {nearest}?").format(nearest=" / ".join(found))


def _allows(action: Action, view: View, state: Any) -> bool:
    reference = action.lifecycle or view.lifecycle
    if action.verb is None or reference is None or state is None:
        return True
    lifecycle: Lifecycle[Any] = resolve(reference)
    return action.verb in lifecycle.actions(str(state))
