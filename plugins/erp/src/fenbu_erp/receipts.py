"""Money that comes in and goes out: posted as a customer's deposit, then matched to what it pays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from attrs import frozen
from pydantic import Field, model_validator
from sqlalchemy import insert

from fenbu.contracts.erp import ReceiptRecorded
from fenbu.i18n import _
from fenbu.inputs import Amount, Code, Day, Input
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_erp import accounts, ledger, matching, open_items, order_store
from fenbu_erp.chart import Role
from fenbu_erp.errors import CurrencyDiffers, OrderOfAnother
from fenbu_erp.inputs import CurrencyOrNone, ExchangeRate, require_payable
from fenbu_erp.ledger import Books
from fenbu_erp.numbers import next_number
from fenbu_erp.open_items import OpenItem
from fenbu_erp.order import ZERO, Head
from fenbu_erp.rates import in_own, rate_on
from fenbu_erp.tables import RECEIPT

_INSERT = insert(RECEIPT)


class RecordReceipt(Input):
    """Money of an account that has come in."""

    account: Code
    amount: Amount
    currency: CurrencyOrNone = ""
    exchange_rate: ExchangeRate | None = None
    day: Day | None = Field(None, description="Business date; today unless given")
    method: Literal["bank", "cash"] = "bank"
    reference: str = Field("", max_length=200, description="What the bank statement says")
    order: str = Field("", max_length=64, description="The order it pays; its invoices are settled")
    invoices: Sequence[Code] = Field((), description="The invoices it pays, in this order")
    match: Literal["oldest", "none"] = Field(
        "oldest", description="Without order and invoices: settle the oldest, or keep it as a deposit"
    )

    @model_validator(mode="after")
    def _order_or_invoices(self) -> RecordReceipt:
        if self.order and self.invoices:
            raise ValueError(_("name the order or the invoices that it pays, not both"))
        return self


@frozen(kw_only=True)
class Money:
    """Money in or out, as it is to be posted."""

    document: str
    kind: str
    account: str
    order_number: str
    day: date
    currency: str
    rate: Decimal
    amount: Decimal
    """Positive when it comes in, negative when it goes out."""
    place: Role
    """Where it lies: bank, cash, clearing."""
    fee: Decimal = ZERO
    """What of it a gateway keeps."""
    text: str = ""


def record(work: Work, wanted: RecordReceipt) -> dict[str, Any]:
    """Record and post money received by hand, and match it to what the account owes.

    Money of a walk-in buyer settles only the order or the invoices it names.

    Raises:
        NotFound: No such account or order, or an invoice that is not open on this account.
        InputInvalid: The amount has more decimals than its currency.
        CurrencyDiffers: The order is in another currency.
    """
    account = accounts.find(work, wanted.account)
    currency = wanted.currency or account.currency
    require_payable("erp.receipt.record", "amount", wanted.amount, currency)
    day = wanted.day or work.today
    rate = rate_on(work, currency, day, wanted.exchange_rate)
    orders, debits = _locked(work, wanted, account.kind, currency)
    with ledger.opened(work, day) as books:
        number = next_number(work, "receipt")
        money = Money(
            document=number,
            kind="receipt",
            account=account.number,
            order_number=wanted.order,
            day=day,
            currency=currency,
            rate=rate,
            amount=wanted.amount,
            place=Role(wanted.method),
            text=wanted.reference,
        )
        credit = book(work, money, books)
        _store(work, wanted, money, credit)
        work.publish(
            ReceiptRecorded(
                receipt=number, account=account.number, day=day, currency=currency, amount=wanted.amount
            )
        )
        pairs = open_items.paired(debits, [credit], work.enterprise.currency)
        matching.settle(work, pairs, orders, books)
    order_store.save_heads(work, orders.values())
    return {
        "receipt": number,
        "matched": round_amount(wanted.amount + credit.open, currency),
        "deposit": round_amount(-credit.open, currency),
        "invoices": matching.told(pairs),
    }


def book(work: Work, money: Money, books: Books) -> OpenItem:
    """Post money in or out against the customer's deposits, and store what it leaves open."""
    sheet = books.sheet(money.currency, money.rate)
    sheet.debit(money.place, money.amount - money.fee)
    sheet.debit(Role.FEES, money.fee)
    sheet.credit(Role.DEPOSITS, money.amount, money.account)
    entry = books.post(money.kind, sheet.balanced(), document=money.document, text=money.text)
    item = OpenItem(
        document=money.document,
        kind=money.kind,
        account=money.account,
        order_number=money.order_number,
        control=Role.DEPOSITS,
        currency=money.currency,
        amount=-money.amount,
        amount_own=-in_own(work, money.amount, money.rate),
        day=money.day,
        due=money.day,
        entry=entry,
    )
    open_items.add(work, [item])
    return item


def _locked(
    work: Work, wanted: RecordReceipt, kind: str, currency: str
) -> tuple[dict[str, Head], list[OpenItem]]:
    """Lock what the money settles, in this order: first the orders, then what is open on them."""
    if wanted.order:
        order = order_store.head(work, wanted.order)
        if order.account != wanted.account:
            raise OrderOfAnother(order.number, order.account, wanted.account)
        if order.currency != currency:
            raise CurrencyDiffers(order.number, order.currency, currency)
        return {order.number: order}, [
            item for item in open_items.of_order(work, wanted.order) if item.open > 0
        ]
    if not wanted.invoices and (kind == "walk_in" or wanted.match == "none"):
        return {}, []
    owed = open_items.owed(work, wanted.account, currency, wanted.amount, wanted.invoices)
    orders, items = matching.locked(work, owed)
    return orders, matching.named(items, wanted.invoices) if wanted.invoices else items


def _store(work: Work, wanted: RecordReceipt, money: Money, item: OpenItem) -> None:
    row: dict[str, Any] = {
        "number": money.document,
        "account": money.account,
        "order_number": money.order_number,
        "day": money.day,
        "currency": money.currency,
        "rate": money.rate,
        "amount": money.amount,
        "amount_own": -item.amount_own,
        "method": wanted.method,
        "reference": wanted.reference,
        "entry": item.entry,
        "recorded_at": work.now,
    }
    work.execute(_INSERT, row)
