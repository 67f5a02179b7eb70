"""Invoices: one for each fulfilment, numbered without gaps, posted in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from fenbu.contracts.erp import InvoiceIssued
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_erp import ledger, matching, open_items, order_store
from fenbu_erp.chart import Role
from fenbu_erp.ledger import Books
from fenbu_erp.numbers import next_number
from fenbu_erp.open_items import OpenItem
from fenbu_erp.order import ZERO, Order, Part
from fenbu_erp.rates import in_own
from fenbu_erp.settings import ErpSettings
from fenbu_erp.tables import INVOICE, INVOICE_LINE

_INSERT = insert(INVOICE)
_INSERT_LINES = insert(INVOICE_LINE)


def issue(work: Work, order_number: str, fulfilment: int, day: date) -> str:
    """Invoice one fulfilment of an order, post it and settle it with the customer's deposits.

    Args:
        work: The caller commits.
        order_number: Of the order.
        fulfilment: Number of the fulfilment within it.
        day: Business date of the fulfilment, which is the invoice's.

    Returns:
        The invoice's number.
    """
    order, parts = order_store.load_fulfilled(work, order_number, fulfilment)
    order.invoice(parts)
    deposits = open_items.deposits(work, order.account, order.currency, order.number)
    with ledger.opened(work, day) as books:
        number = next_number(work, "invoice")
        item = _post(work, order, parts, number, books)
        _store(work, order, parts, item, fulfilment)
        open_items.add(work, [item])
        work.publish(
            InvoiceIssued(
                invoice=number,
                order=order.number,
                account=order.account,
                day=day,
                due=item.due,
                currency=order.currency,
                total=item.amount,
            )
        )
        pairs = open_items.paired([item], deposits, work.enterprise.currency)
        matching.settle(work, pairs, {order.number: order}, books)
    order_store.save(work, order)
    return number


def _post(work: Work, order: Order, parts: Sequence[Part], number: str, books: Books) -> OpenItem:
    """Post receivable, revenue and tax, and return what the invoice leaves owing."""
    net = round_amount(sum((part.amount for part in parts), ZERO), order.currency)
    tax = round_amount(sum((part.tax for part in parts), ZERO), order.currency)
    sheet = books.sheet(order.currency, order.rate)
    sheet.debit(Role.RECEIVABLES, net + tax, order.account)
    sheet.credit(Role.REVENUE, net)
    sheet.credit(Role.TAX, tax)
    entry = ""
    if sheet.postings:
        entry = books.post("invoice", sheet.balanced(), document=number)
    return OpenItem(
        document=number,
        kind=matching.INVOICE,
        account=order.account,
        order_number=order.number,
        control=Role.RECEIVABLES,
        currency=order.currency,
        amount=net + tax,
        amount_own=in_own(work, net + tax, order.rate),
        day=books.day,
        due=books.day + timedelta(days=work.settings(ErpSettings).payment_days),
        entry=entry,
    )


def _store(work: Work, order: Order, parts: Sequence[Part], item: OpenItem, fulfilment: int) -> None:
    tax = sum((part.tax for part in parts), ZERO)
    head: dict[str, Any] = {
        "number": item.document,
        "order_number": order.number,
        "fulfilment": fulfilment,
        "account": order.account,
        "day": item.day,
        "due": item.due,
        "currency": order.currency,
        "rate": order.rate,
        "net": item.amount - tax,
        "tax": tax,
        "total": item.amount,
        "total_own": item.amount_own,
        "entry": item.entry,
        "issued_at": work.now,
    }
    work.execute(_INSERT, head)
    work.execute(
        _INSERT_LINES,
        [
            {"invoice": item.document, "line": position, "order_line": part.line.line, **line_of(part)}
            for position, part in enumerate(parts, 1)
        ],
    )


def line_of(part: Part) -> dict[str, str | Decimal]:
    """Return what invoice and credit note lines say of a part of an order line."""
    line = part.line
    return {
        "item": line.item,
        "title": line.title,
        "unit": line.unit,
        "quantity": part.quantity,
        "unit_price": line.unit_price,
        "amount": part.amount,
        "tax_category": line.tax_category,
        "tax_rate": line.tax_rate,
        "tax": part.tax,
    }
