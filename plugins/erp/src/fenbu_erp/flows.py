"""What ERP does when something has happened: each handler turns an event into a verb."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from fenbu.contracts.erp import LineQuantity, OrderFulfilled, RequirementFailed, RequirementMet
from fenbu.contracts.hrm import PayrollApproved, PayrollPaid
from fenbu.contracts.payments import PaymentCaptured, PaymentRefunded, PayoutPaid
from fenbu.contracts.scm import CostedLine, GoodsDispatched, GoodsReceived, GoodsReturned, StockAdjusted
from fenbu.errors import Permanent
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp import (
    costs,
    fulfilment,
    invoices,
    ledger,
    matching,
    open_items,
    order_store,
    payroll,
    periods,
    receipts,
    requirements,
)
from fenbu_erp.chart import Role
from fenbu_erp.order import ZERO
from fenbu_erp.rates import rate_on

# --- orders ---------------------------------------------------------------------------------------------


def invoice(work: Work, event: OrderFulfilled) -> None:
    """What was handed over is invoiced."""
    invoices.issue(work, event.order, event.fulfilment, event.day)


def lock_for_invoicing(work: Work, events: Sequence[OrderFulfilled]) -> None:
    """Lock what a batch of invoices touches, in the order in which everybody locks: then none waits for another.

    Orders, then deposits, then periods; number series come last.
    """
    order_store.lock(work, [event.order for event in events])
    open_items.lock_deposits(work, [event.account for event in events], [event.order for event in events])
    for day in sorted({event.day for event in events}):
        periods.open_day(work, day)


def requirement_met(work: Work, event: RequirementMet) -> None:
    """An order goes on when what it waited for is met."""
    requirements.met(work, event.order, event.requirement, _quantities(event.lines))


def requirement_failed(work: Work, event: RequirementFailed) -> None:
    """An order waits for a person when what it needs cannot be had."""
    requirements.failed(work, event.order, event.requirement, event.reason)


# --- goods ----------------------------------------------------------------------------------------------


def dispatched(work: Work, event: GoodsDispatched) -> None:
    """Goods that left fulfil their order, and what they cost is posted."""
    module = work.event.module if work.event is not None else "scm"
    fulfilment.dispatched(work, event.order, _quantities(event.lines), event.day, module, event.shipment)
    costs.post(work, "cost", Role.COST, Role.INVENTORY, _cost(event.lines), event.day, event.shipment)


def returned(work: Work, event: GoodsReturned) -> None:
    """Goods that came back are inventory again."""
    costs.post(work, "cost", Role.INVENTORY, Role.COST, _cost(event.lines), event.day, event.goods_return)


def adjusted(work: Work, event: StockAdjusted) -> None:
    """What a count found or missed is a gain or a loss."""
    costs.post(work, "cost", Role.INVENTORY, Role.STOCK_LOSS, event.value, event.day, event.adjustment)


def received(work: Work, event: GoodsReceived) -> None:
    """Goods that arrived are inventory, against their supplier or the opening."""
    against = Role.OPENING if event.source == "opening" else Role.GOODS_IN
    costs.post(work, "cost", Role.INVENTORY, against, event.value, event.day, event.receipt)


# --- money ----------------------------------------------------------------------------------------------


def captured(work: Work, event: PaymentCaptured) -> None:
    """Captured money is a deposit, and settles the invoices of its order."""
    orders = order_store.heads(work, [event.order] if event.order else [])
    debits = [item for item in open_items.of_order(work, event.order) if item.open > 0] if orders else []
    money = receipts.Money(
        document=event.capture,
        kind="payment",
        account=event.account,
        order_number=event.order,
        day=event.day,
        currency=event.currency,
        rate=rate_on(work, event.currency, event.day),
        amount=event.amount,
        place=Role.CLEARING,
        fee=event.fee,
    )
    with ledger.opened(work, event.day) as books:
        credit = receipts.book(work, money, books)
        pairs = open_items.paired(debits, [credit], work.enterprise.currency)
        matching.settle(work, pairs, orders, books)
    order_store.save_heads(work, orders.values())


def refunded(work: Work, event: PaymentRefunded) -> None:
    """Refunded money takes back a deposit or what a credit note owes."""
    orders = order_store.heads(work, [event.order] if event.order else [])
    owing = [item for item in open_items.of_order(work, event.order) if item.open < 0] if orders else []
    _money_out(work, event, event.refund, event.order, owing)


def paid_out(work: Work, event: PayoutPaid) -> None:
    """A payout settles the credit note that it pays.

    Raises:
        Permanent: It pays something that ERP does not know.
    """
    credit = open_items.of_documents(work, [event.document]).get(event.document)
    if credit is None or credit.amount > 0:
        raise Permanent(
            _("payout {payout} pays {document}, which is no open credit here").format(
                payout=event.payout, document=event.document
            )
        )
    _money_out(work, event, event.payout, credit.order_number, [credit])


def _money_out(
    work: Work,
    event: PaymentRefunded | PayoutPaid,
    document: str,
    order_number: str,
    owing: list[open_items.OpenItem],
) -> None:
    money = receipts.Money(
        document=document,
        kind="refund",
        account=event.account,
        order_number=order_number,
        day=event.day,
        currency=event.currency,
        rate=rate_on(work, event.currency, event.day),
        amount=-event.amount,
        place=Role.CLEARING,
    )
    with ledger.opened(work, event.day) as books:
        debit = receipts.book(work, money, books)
        pairs = open_items.paired([debit], owing, work.enterprise.currency)
        matching.settle(work, pairs, {}, books)


# --- people ---------------------------------------------------------------------------------------------


def payroll_approved(work: Work, event: PayrollApproved) -> None:
    """What people at work cost is an expense, and what is owed of it a liability."""
    payroll.post(work, event)


def payroll_paid(work: Work, event: PayrollPaid) -> None:
    """Net pay that has left us is owed no more."""
    payroll.paid(work, event)


def _quantities(lines: Iterable[LineQuantity | CostedLine]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for line in lines:
        found[line.line] = found.get(line.line, ZERO) + line.quantity
    return found


def _cost(lines: Iterable[CostedLine]) -> Decimal:
    return sum((line.cost for line in lines), ZERO)
