"""What payments do when something has happened: each handler turns an event into a verb."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fenbu.contracts.erp import (
    CreditNoteIssued,
    OrderAwaits,
    OrderCancelled,
    OrderFulfilled,
    RequirementWaived,
)
from fenbu.contracts.hrm import PayrollApproved
from fenbu.contracts.payments import REQUIREMENT, AuthorisationExpires, NoticeReceived, OutcomeDue
from fenbu.work import Work
from fenbu_payments import notices, payment_store, payments, payouts, polls, refunds
from fenbu_payments.payment import ZERO

# --- orders ---------------------------------------------------------------------------------------------


def awaits(work: Work, event: OrderAwaits) -> None:
    """An order that waits for its payment asks for it."""
    if event.owner == work.module:
        payments.request_for_order(work, event.order, event.account, event.currency, event.total, event.day)


def fulfilled(work: Work, event: OrderFulfilled) -> None:
    """What was fulfilled is captured."""
    payments.fulfilled(work, event.order, event.amount, event.day, str(event.fulfilment))


def cancelled(work: Work, event: OrderCancelled) -> None:
    """What will not be fulfilled is let go."""
    payments.cancelled(work, event.order, event.day, event.reason)


def waived(work: Work, event: RequirementWaived) -> None:
    """An order that goes on without its payment lets it go: it is paid by invoice."""
    if event.requirement == REQUIREMENT and event.owner == work.module:
        for payment in payment_store.of_order(work, event.order):
            payments.let_go(work, payment, work.today, event.reason, source="event")


def expires(work: Work, event: AuthorisationExpires) -> None:
    """Money that is no longer held is asked for anew before it is captured."""
    payments.expired(work, event.payment, event.expires)


def outcome_due(work: Work, event: OutcomeDue) -> None:
    """What a gateway has told nothing of is asked for."""
    polls.due(work, event)


# --- notices --------------------------------------------------------------------------------------------


def notice(work: Work, event: NoticeReceived) -> None:
    """What a gateway has told is taken by its payment."""
    notices.take(work, f"{event.gateway}:{event.event}")


# --- payouts --------------------------------------------------------------------------------------------


def credited(work: Work, event: CreditNoteIssued) -> None:
    """Credit that is to be paid back is refunded where the order's payment was captured, else paid out.

    Paid out is only what ERP says is left of the credit, when the refund has had its part of it.
    """
    if not event.total:
        return
    if not event.payout:
        if event.order:
            refunds.credit_kept(work, event.order, event.total, event.day, event.credit_note)
        return
    left = event.total
    if event.order:
        now, left = refunds.give_back(work, event.order, event.total, event.day, event.credit_note)
        if event.left is not None:
            left = min(left, max(ZERO, event.left - now))
    if left:
        payouts.pay(
            work,
            document=event.credit_note,
            order=event.order,
            account=event.account,
            currency=event.currency,
            amount=left,
            day=event.day,
        )


def payroll_approved(work: Work, event: PayrollApproved) -> None:
    """The net pay of a payroll is paid out, in one sum: what each one gets stays with HRM."""
    if event.payable:
        payouts.pay(
            work,
            document=event.run,
            order="",
            account="",
            currency=event.currency,
            amount=event.payable,
            day=event.day,
            purpose=payouts.PAYROLL,
        )


# --- batches --------------------------------------------------------------------------------------------


def lock_orders(work: Work, events: Sequence[Any]) -> None:
    """Lock the payments of a batch's orders, and the series from which both kinds of its documents are numbered."""
    _lock(work, {event.order for event in events if getattr(event, "order", "")}, events)
    asks = any(isinstance(event, OrderAwaits) for event in events)
    pays_out = any(isinstance(event, CreditNoteIssued) and event.payout for event in events)
    if asks and pays_out:
        work.hold_numbers("payment", "payout")


def lock_for_notices(work: Work, events: Sequence[NoticeReceived]) -> None:
    """Lock the payments that a batch of notices tells of, with the others of their orders."""
    _lock(work, {event.key for event in events}, events)


def _lock(work: Work, orders: Collection[str], events: Sequence[Any]) -> None:
    """Lock in the order in which everybody locks: payments, then payouts."""
    numbers = {event.payment for event in events if getattr(event, "payment", "")}
    payment_store.lock(work, orders, numbers)
    payouts.lock(work, numbers)
