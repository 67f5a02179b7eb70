"""Cancelling the unfulfilled rest of an order, and closing what is settled."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fenbu.actions import Consequence
from fenbu.contracts.erp import OrderCancelled, OrderClosed, erp_order_cancellation
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input, Reason
from fenbu.work import Work
from fenbu_erp import order_store, requirements
from fenbu_erp.errors import OrderStillOpen
from fenbu_erp.lifecycles import ORDER, OrderState
from fenbu_erp.order import Head, Order


class CancelOrder(Input):
    """An order whose unfulfilled rest is not wanted any more."""

    order: Code
    reason: Reason = Field(description="Why; other modules and the order's story tell it")
    day: Day | None = Field(None, description="Business date; today unless given")


class CloseOrder(Input):
    """An order that is settled."""

    order: Code


def cancel(work: Work, wanted: CancelOrder) -> dict[str, Any]:
    """Cancel what is not fulfilled of an order; what is fulfilled stays sold.

    Raises:
        NotFound, TransitionRefused: No such order, or it is closed or cancelled.
        NothingLeft: All is fulfilled.
        Vetoed: A module cannot let go any more (a shipment has left).
    """
    order = order_store.load(work, wanted.order, "cancel")
    lines = tuple(order.what_is_left())
    work.ask(erp_order_cancellation, order=order.number, lines=lines)
    whole = not any(line.fulfilled for line in order.lines)
    order.cancel_rest()
    order.state = ORDER.next(order.state, "cancel" if whole else "cancel-rest", order.number)
    work.publish(
        OrderCancelled(
            order=order.number,
            account=order.account,
            day=wanted.day or work.today,
            reason=wanted.reason,
            whole=whole,
            lines=lines,
        )
    )
    requirements.drop_all(work, order.number)
    close_if_settled(work, order)
    order_store.save(work, order)
    return {"order": order.number, "state": order.state, "lines": len(lines)}


def preview_cancel(work: Work, wanted: CancelOrder) -> list[Consequence]:
    """Say what cancelling would do."""
    order = order_store.load(work, wanted.order, "cancel")
    left = order.what_is_left()
    worth = f"{order.rest_total} {order.currency}"
    return [
        Consequence(_("lines that will not be fulfilled"), str(len(left))),
        Consequence(_("their worth with tax"), worth),
    ]


def close(work: Work, wanted: CloseOrder) -> dict[str, Any]:
    """Close an order whose goods, invoices and payments are all settled.

    Raises:
        OrderStillOpen: One of its three axes is not; the text names it.
    """
    order = order_store.load(work, wanted.order, "close")
    if axis := order.open_axis():
        raise OrderStillOpen(order.number, *axis)
    close_if_settled(work, order)
    order_store.save(work, order)
    return {"order": order.number, "state": order.state}


def close_if_settled(work: Work, order: Order | Head) -> None:
    """Close the order in hand when nothing of it is open any more; the caller stores it."""
    if order.state == OrderState.PLACED and order.open_axis() is None:
        order.state = ORDER.next(order.state, "close", order.number)
        work.publish(OrderClosed(order=order.number, account=order.account))
