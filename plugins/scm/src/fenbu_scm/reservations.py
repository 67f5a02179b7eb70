"""Reservations: pieces promised to orders, told to ERP, let go when what the order waits for does not come."""

from __future__ import annotations

from collections.abc import Set
from datetime import timedelta
from typing import Any

from pydantic import Field

from fenbu.contracts.erp import OrderAwaits, OrderCancelled, OrderReleased, RequirementFailed, RequirementMet
from fenbu.contracts.scm import BackorderRaised, ReservationDue, ReservationLapsed
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Reason
from fenbu.work import Work
from fenbu_scm import backorders, order_store, shipments
from fenbu_scm.errors import NothingReserved, OrderStillWanted
from fenbu_scm.holding import ZERO
from fenbu_scm.items import GOODS
from fenbu_scm.lifecycles import ORDER, OrderState
from fenbu_scm.order import Order
from fenbu_scm.order_store import Hand
from fenbu_scm.settings import ScmSettings

REQUIREMENT = "stock"
MODULE = "scm"
_DUE = "scm.reservation-due/1"


class ReleaseReservation(Input):
    """An order that is to hold its pieces no longer."""

    order: Code
    reason: Reason = Field(description="Why; the order's story tells it")


class StopOrder(Input):
    """An order that was settled while the warehouse did not listen."""

    order: Code
    reason: Reason


class RenewReservation(Input):
    """An order whose reservation lapsed."""

    order: Code


# --- what happens to orders -----------------------------------------------------------------------------


def reserve(work: Work, event: OrderAwaits) -> None:
    """Reserve what is there of an order's goods; wait for the rest in the order of the orders."""
    at = work.event.at if work.event is not None else work.now
    goods = [line for line in event.lines if line.kind == GOODS]
    hand = order_store.enter(
        work,
        event.order,
        {line.item for line in goods},
        account=event.account,
        ship=event.ship,
        day=event.day,
        at=at,
        alone=not event.others,
    )
    order = hand.order
    if order.state == OrderState.STOPPED and not _is_reopened(hand):
        return
    _reopen(order)
    if asked_before := bool(order.demands):
        order.waived, order.alone, order.ship = False, not event.others, event.ship
        order.told(event.day, at)
        _want_no_more(work, hand, {line.line for line in goods})
    for line in goods:
        demand = order.ask(line.line, line.item, at)
        demand.want(line.quantity, hand.stock[line.item])
        demand.serve(hand.stock[line.item])
        demand.missed = demand.short
    _tell_short(work, hand)
    _go_on(work, hand)
    if asked_before:
        backorders.fill(work, hand.stock)


def release(work: Work, event: OrderReleased) -> None:
    """Ship what is released and there; what is not there yet is shipped when it comes."""
    at = work.event.at if work.event is not None else work.now
    wanted = {line.item for line in event.lines}
    hand = order_store.hold(work, event.order, wanted) or order_store.enter(
        work, event.order, wanted, account=event.account, ship="partial", day=event.day, at=at
    )
    order = hand.order
    if order.state == OrderState.STOPPED and not _is_reopened(hand):
        return  # its cancellation is on the way
    _reopen(order)
    order.told(event.day, at)
    for line in event.lines:
        demand = order.ask(line.line, line.item, at)
        demand.release(line.quantity)
        demand.serve(hand.stock[line.item])
    if order.lapses_at is not None and not any(demand.held for demand in order.lines):
        work.cancel_timers(_DUE, order.number)
        order.lapses_at = None
    _go_on(work, hand)


def filled(work: Work, order_number: str) -> None:
    """Go on with an order for which pieces have come."""
    hand = order_store.hold(work, order_number)
    if hand is not None and hand.order.open:
        _go_on(work, hand)


def cancelled(work: Work, event: OrderCancelled) -> None:
    """Let go what a cancelled order still holds; those who wait get it."""
    hand = order_store.hold(work, event.order)
    if hand is not None:
        let_all_go(work, hand, event.reason)


def stop(work: Work, wanted: StopOrder) -> dict[str, Any]:
    """Let go what is held for an order that ERP does not want from here any more.

    Raises:
        NotFound: The warehouse does not know the order.
        OrderStillWanted: ERP waits for these goods.
        TransitionRefused: It is stopped already.
    """
    hand = order_store.require(work, wanted.order)
    ORDER.next(hand.order.state, "stop", hand.order.number)
    if shipments.wanted(work, hand.order.number):
        raise OrderStillWanted(hand.order.number)
    let_all_go(work, hand, wanted.reason)
    return {"order": hand.order.number, "state": hand.order.state}


def handed_over(work: Work, order_number: str) -> None:
    """Let go what is held for an order that somebody else fulfils now."""
    hand = order_store.hold(work, order_number)
    if hand is not None and hand.order.state != OrderState.STOPPED:
        let_all_go(work, hand, _("another fulfils it"))


def let_all_go(work: Work, hand: Hand, reason: str) -> None:
    """Stop an order: its shipments are cancelled, its pieces free."""
    order = hand.order
    if order.state != OrderState.STOPPED:
        order.state = ORDER.next(order.state, "stop", order.number)
    order.reason, order.changed = reason, True
    shipments.cancel_open(work, hand)
    for demand in order.lines:
        if demand.rest:
            demand.let_go(hand.stock[demand.item], demand.reserved)
            demand.short = ZERO
            demand.wanted = demand.released = demand.met = demand.dispatched
            demand.changed = True
    if order.lapses_at is not None:
        work.cancel_timers(_DUE, order.number)
        order.lapses_at = None
    order_store.save(work, hand)
    backorders.fill(work, hand.stock)


def waived(work: Work, order_number: str) -> None:
    """Note that ERP does not wait for stock any more; the order gets its pieces all the same."""
    hand = order_store.hold(work, order_number)
    if hand is not None:
        hand.order.waived, hand.order.changed = True, True
        order_store.save(work, hand)


# --- letting go in time ---------------------------------------------------------------------------------


def due(work: Work, order_number: str) -> None:
    """Let go what was reserved and is not released, when its time is over."""
    hand = order_store.hold(work, order_number)
    if hand is None or not hand.order.open or hand.order.lapses_at is None:
        return
    if hand.order.lapses_at > work.now or not any(demand.held for demand in hand.order.lines):
        return  # something was reserved later, and has a timer of its own
    _lapse(work, hand, _("not released in time"))


def let_go(work: Work, wanted: ReleaseReservation) -> dict[str, Any]:
    """Let go what is reserved for an order and not released; it waits for nothing until it is renewed.

    Raises:
        NotFound: The warehouse does not know the order.
        TransitionRefused: It lapsed before, or is cancelled.
        NothingReserved: All it has is released, or it has nothing.
    """
    hand = order_store.require(work, wanted.order)
    ORDER.next(hand.order.state, "lapse", hand.order.number)
    if not any(demand.held for demand in hand.order.lines):
        raise NothingReserved(hand.order.number)
    _lapse(work, hand, wanted.reason)
    return {"order": hand.order.number, "state": hand.order.state}


def renew(work: Work, wanted: RenewReservation) -> dict[str, Any]:
    """Reserve anew for an order whose reservation lapsed; it waits behind those who have come since.

    Raises:
        NotFound: The warehouse does not know the order.
        TransitionRefused: Its reservation has not lapsed.
    """
    hand = order_store.require(work, wanted.order)
    order = hand.order
    order.state = ORDER.next(order.state, "renew", order.number)
    order.reason, order.changed = "", True
    for demand in order.lines:
        if demand.unserved:
            demand.queued_at = work.now
            demand.serve(hand.stock[demand.item])
    _tell_short(work, hand)
    _go_on(work, hand)
    return {
        "order": order.number,
        "reserved": sum((demand.reserved for demand in order.lines), ZERO),
        "short": sum((demand.short for demand in order.lines), ZERO),
    }


def _lapse(work: Work, hand: Hand, reason: str) -> None:
    order = hand.order
    gone = [
        demand.amount(quantity)
        for demand in order.lines
        if (quantity := demand.give_up(hand.stock[demand.item]))
    ]
    order.state = ORDER.next(order.state, "lapse", order.number)
    order.reason, order.lapses_at, order.changed = reason, None, True
    work.cancel_timers(_DUE, order.number)
    work.publish(ReservationLapsed(order=order.number, reason=reason, lines=tuple(gone)))
    if not order.waived:
        work.publish(RequirementFailed(order=order.number, requirement=REQUIREMENT, reason=reason))
    order_store.save(work, hand)
    backorders.fill(work, hand.stock)


# --- going on -------------------------------------------------------------------------------------------


def _go_on(work: Work, hand: Hand) -> None:
    """Tell ERP what is there now, ship what is released, and store all of it."""
    order = hand.order
    told = order.tell()
    if told and not order.waived:
        work.publish(RequirementMet(order=order.number, requirement=REQUIREMENT, lines=tuple(told)))
        _set_timer(work, hand)
    shipments.ship(work, hand)
    order_store.save(work, hand)


def _want_no_more(work: Work, hand: Hand, wanted: Set[int]) -> None:
    """Take back what was going on for an order that is asked about anew, and all of the lines it wants no more."""
    shipments.cancel_open(work, hand)
    for demand in hand.order.lines:
        if demand.line not in wanted:
            demand.want(ZERO, hand.stock[demand.item])


def _tell_short(work: Work, hand: Hand) -> None:
    short = tuple(demand.amount(demand.short) for demand in hand.order.lines if demand.short)
    if short:
        work.publish(BackorderRaised(order=hand.order.number, lines=short))


def _set_timer(work: Work, hand: Hand) -> None:
    days = work.settings(ScmSettings).reservation_days
    if not days or hand.order.alone:
        return
    hand.order.lapses_at = work.now + timedelta(days=days)
    hand.order.changed = True
    work.publish(ReservationDue(order=hand.order.number), not_before=hand.order.lapses_at)


def _reopen(order: Order) -> None:
    """Let an order get pieces again that had lapsed or was stopped."""
    verb = {OrderState.LAPSED: "renew", OrderState.STOPPED: "resume"}.get(OrderState(order.state))
    if verb is not None:
        order.state = ORDER.next(order.state, verb, order.number)
        order.reason, order.changed = "", True


def _is_reopened(hand: Hand) -> bool:
    """Say whether the order was let go because another should fulfil it, and comes back now.

    A cancelled order cannot be assessed anew, so whatever is asked for again is wanted.
    """
    return hand.order.reason != ""
