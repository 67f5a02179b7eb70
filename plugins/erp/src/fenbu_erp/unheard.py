"""What orders wait for in vain: their module is enabled, and what told it of them was given up while it was not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from fenbu.contracts.erp import Awaited, erp_order_unheard
from fenbu.work import Work
from fenbu_erp.lifecycles import OrderState, RequirementState
from fenbu_erp.order import BY_HAND, GOODS, Order
from fenbu_erp.requirement import Needed
from fenbu_erp.tables import ORDER, ORDER_LINE, REQUIREMENT

_AT_WORK = (RequirementState.ANNOUNCED, RequirementState.PARTLY_MET)
_ANNOUNCED = select(REQUIREMENT.c.order_number, REQUIREMENT.c.owner, REQUIREMENT.c.name).where(
    REQUIREMENT.c.state.in_(_AT_WORK)
)
_RELEASED = (
    select(ORDER.c.number, ORDER.c.fulfiller)
    .join_from(ORDER, ORDER_LINE, ORDER_LINE.c.order_number == ORDER.c.number)
    .where(
        ORDER.c.state == OrderState.PLACED,
        ORDER.c.fulfiller != BY_HAND,
        ORDER_LINE.c.kind == GOODS,
        ORDER_LINE.c.released > ORDER_LINE.c.fulfilled,
    )
    .distinct()
)


def of_order(work: Work, order: Order, needed: Sequence[Needed]) -> frozenset[Awaited]:
    """Return what an order in hand waits for in vain; nothing while something about it is still on its way here."""
    awaited = [Awaited(order.number, one.owner, one.name) for one in needed if one.state in _AT_WORK]
    if order.fulfiller != BY_HAND and any(line.to_fulfil for line in order.goods):
        awaited.append(Awaited(order.number, order.fulfiller, ""))
    awaited = [one for one in awaited if work.enabled(one.module)]
    return _asked(work, awaited) if awaited and not work.waiting(key=order.number) else frozenset()


def everywhere(work: Work) -> list[Awaited]:
    """Return what any order waits for in vain, by order."""
    awaited = [Awaited(*row) for row in map(tuple, work.execute(_ANNOUNCED))]
    awaited += [Awaited(number, fulfiller, "") for number, fulfiller in map(tuple, work.execute(_RELEASED))]
    enabled = {name: work.enabled(name) for name in {one.module for one in awaited}}
    found = _asked(work, [one for one in awaited if enabled[one.module]])
    return sorted(
        (one for one in found if not work.waiting(key=one.order)),
        key=lambda one: (one.order, one.module, one.requirement),
    )


def _asked(work: Work, awaited: Iterable[Awaited]) -> frozenset[Awaited]:
    wanted = tuple(awaited)
    return frozenset(one for answer in work.ask(erp_order_unheard, awaited=wanted) for one in answer)
