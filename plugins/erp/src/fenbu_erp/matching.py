"""Matching: money that came in settles what is owed; unmatched money stays a customer deposit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import insert

from fenbu.contracts.erp import InvoiceSettled
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Amount, Code, Day, Input
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_erp import cancellations, ledger, open_items, order_store
from fenbu_erp.chart import Chart, Role
from fenbu_erp.errors import AmountTooLarge, NothingLeft
from fenbu_erp.inputs import require_payable
from fenbu_erp.ledger import Books
from fenbu_erp.open_items import OpenItem, Owed, Pair
from fenbu_erp.order import ZERO, Head, Order
from fenbu_erp.tables import MATCH

INVOICE = "invoice"
_INSERT = insert(MATCH)


class MatchReceipt(Input):
    """Which money settles what."""

    receipt: Code = Field(description="A receipt, payment, credit note or other credit that is open")
    invoices: Sequence[Code] = Field((), description="Settle these, in this order; the oldest unless given")
    amount: Amount | None = Field(None, description="At most this much; all that is open unless given")
    day: Day | None = Field(None, description="Business date; today unless given")


def match(work: Work, wanted: MatchReceipt) -> dict[str, Any]:
    """Match a credit with what the same account owes, by name or oldest first.

    Raises:
        NotFound: No such receipt, or an invoice that the account does not owe in this currency.
        NothingLeft: One of them is settled already, or the account owes nothing.
        AmountTooLarge: More than is open.
    """
    seen = open_items.seen(work, wanted.receipt)
    if seen is None or seen.amount > 0:
        raise NotFound(
            _("receipt or other credit"),
            wanted.receipt,
            _("fenbu show erp.open-items lists what is open, with its number"),
        )
    if wanted.amount is not None:
        require_payable("erp.receipt.match", "amount", wanted.amount, seen.currency)
    owed = open_items.owed(work, seen.account, seen.currency, wanted.amount or -seen.open, wanted.invoices)
    orders, items = locked(work, owed, wanted.receipt)
    credit = next((item for item in items if item.document == wanted.receipt), None)
    if credit is None:
        raise NothingLeft(wanted.receipt, _("match"))
    if wanted.amount is not None and wanted.amount > -credit.open:
        raise AmountTooLarge(credit.document, wanted.amount, -credit.open, credit.currency)
    debits = named(items, wanted.invoices) if wanted.invoices else [item for item in items if item.open > 0]
    pairs = open_items.paired(debits, [credit], work.enterprise.currency, wanted.amount)
    if not pairs:
        raise NothingLeft(_("account {account}").format(account=seen.account), _("match"))
    with ledger.opened(work, wanted.day or work.today) as books:
        settle(work, pairs, orders, books)
    order_store.save_heads(work, orders.values())
    return {
        "receipt": wanted.receipt,
        "matched": round_amount(sum((pair.amount for pair in pairs), ZERO), credit.currency),
        "left": round_amount(-credit.open, credit.currency),
        "invoices": told(pairs),
    }


def locked(work: Work, owed: Sequence[Owed], *credits_: str) -> tuple[dict[str, Head], list[OpenItem]]:
    """Lock the orders of what is owed, then the items, with these credits; return those that are open, oldest first."""
    orders = order_store.heads(work, [one.order_number for one in owed if one.order_number])
    items = open_items.of_documents(work, [*(one.document for one in owed), *credits_])
    return orders, open_items.oldest_first(item for item in items.values() if item.open)


def settle(work: Work, pairs: Sequence[Pair], orders: Mapping[str, Order | Head], books: Books) -> None:
    """Store matches, move what stood on another control account, and tell whose invoices are settled.

    Args:
        work: The caller commits.
        pairs: From `open_items.paired`, which has taken the amounts.
        orders: The orders of the debits, locked, by number; the caller stores them.
        books: Open on the business date.
    """
    if not pairs:
        return
    touched = {item.document: item for pair in pairs for item in (pair.debit, pair.credit)}
    open_items.save(work, touched.values())
    work.execute(
        _INSERT,
        [
            {
                "debit": pair.debit.document,
                "credit": pair.credit.document,
                "account": pair.debit.account,
                "currency": pair.debit.currency,
                "amount": pair.amount,
                "debit_own": pair.debit_own,
                "credit_own": pair.credit_own,
                "day": books.day,
                "matched_at": work.now,
            }
            for pair in pairs
        ],
    )
    for pair in pairs:
        order = orders.get(pair.debit.order_number)
        if order is not None and pair.debit.kind == INVOICE:
            order.settled += pair.amount
    for item in touched.values():
        if item.kind == INVOICE and item.open == 0:
            work.publish(_settled(item))
    for order in orders.values():
        cancellations.close_if_settled(work, order)
    if postings := list(_transfers(work, pairs, books.chart)):
        books.post("match", postings, document=_about(pairs))


def told(pairs: Iterable[Pair]) -> dict[str, Decimal]:
    """Return which document was settled by how much."""
    return {pair.debit.document: round_amount(pair.amount, pair.debit.currency) for pair in pairs}


def _transfers(work: Work, pairs: Iterable[Pair], chart: Chart) -> Iterable[ledger.Posting]:
    """Return what matching posts: from deposits to receivables, and the exchange difference."""
    moved: dict[tuple[str, str, str], list[Decimal]] = {}
    difference = ZERO
    for pair in pairs:
        for item, sign, own in ((pair.credit, 1, pair.credit_own), (pair.debit, -1, pair.debit_own)):
            total = moved.setdefault((item.control, item.currency, item.account), [ZERO, ZERO])
            total[0] += sign * pair.amount
            total[1] += sign * own
        difference += pair.debit_own - pair.credit_own
    for (control, currency, party), (amount, own) in moved.items():
        if amount or own:
            yield ledger.Posting(chart.code(Role(control)), currency, amount, own, party)
    if difference:
        own_currency = work.enterprise.currency
        yield ledger.Posting(chart.code(Role.EXCHANGE), own_currency, difference, difference)


def _about(pairs: Sequence[Pair]) -> str:
    """Return the document that a matching is about: the credit, unless several settle one debit."""
    credits_ = {pair.credit.document for pair in pairs}
    return pairs[0].credit.document if len(credits_) == 1 else pairs[0].debit.document


def _settled(item: OpenItem) -> InvoiceSettled:
    return InvoiceSettled(
        invoice=item.document,
        order=item.order_number,
        account=item.account,
        currency=item.currency,
        total=round_amount(item.amount, item.currency),
    )


def named(items: Sequence[OpenItem], invoices: Sequence[str]) -> list[OpenItem]:
    """Return the debits with these numbers, in this order; `NotFound` when one is not open here."""
    by_document = {item.document: item for item in items if item.open > 0}
    for invoice in invoices:
        if invoice not in by_document:
            raise NotFound(
                _("open invoice"),
                _("{invoice} of this account").format(invoice=invoice),
                _("fenbu show erp.aged-receivables lists what each account owes"),
            )
    return [by_document[invoice] for invoice in invoices]
