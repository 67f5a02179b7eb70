"""Credit notes: what need not be paid, or comes back; of an order's lines, or without an original order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import define, field
from pydantic import Field, model_validator
from sqlalchemy import insert

from fenbu.contracts.erp import CreditNoteIssued, LineQuantity
from fenbu.i18n import _
from fenbu.inputs import Day, Input
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_erp import accounts, ledger, matching, open_items, order_store, orders
from fenbu_erp.chart import Role
from fenbu_erp.errors import NothingLeft, TotalNegative
from fenbu_erp.inputs import CurrencyOrNone, ExchangeRate, Price, Quantity, Text
from fenbu_erp.invoices import line_of
from fenbu_erp.ledger import Books
from fenbu_erp.numbers import next_number
from fenbu_erp.open_items import OpenItem
from fenbu_erp.order import ZERO, Line, Order, Part
from fenbu_erp.rates import in_own, rate_on
from fenbu_erp.settings import ErpSettings
from fenbu_erp.tables import CREDIT_NOTE, CREDIT_NOTE_LINE

_INSERT = insert(CREDIT_NOTE)
_INSERT_LINES = insert(CREDIT_NOTE_LINE)


class CreditLine(Input):
    """What is credited: a quantity of an order's line, or of an item."""

    line: int | None = Field(None, ge=1, description="Line of the order, when the credit note names one")
    item: str = Field("", max_length=64, description="Item, when it names no order")
    quantity: Quantity
    unit_price: Price | None = Field(None, description="Only without an order; the list's unless given")


class IssueCreditNote(Input):
    """What is credited, to whom, why."""

    order: str = Field("", max_length=64, description="The original order, if it is known")
    account: str = Field("", max_length=64, description="Whom to credit; only without an order")
    lines: Sequence[CreditLine] = Field((), description="All that is invoiced of the order unless given")
    reason: Text = ""
    day: Day | None = Field(None, description="Business date; today unless given")
    currency: CurrencyOrNone = ""
    exchange_rate: ExchangeRate | None = None
    reference: str = Field("", max_length=200, description="The customer's or channel's own number")
    payout: bool = Field(False, description="Pay the money back instead of keeping it as credit")

    @model_validator(mode="after")
    def _one_or_the_other(self) -> IssueCreditNote:
        if self.order:
            if any(line.line is None or line.item or line.unit_price is not None for line in self.lines):
                raise ValueError(
                    _("with an order, each line names a line of it and a quantity, nothing else")
                )
            if self.account or self.currency or self.exchange_rate is not None:
                raise ValueError(_("account, currency and exchange rate are the order's; leave them out"))
        elif not self.lines or any(not line.item or line.line is not None for line in self.lines):
            raise ValueError(_("without an order, at least one line is wanted and each names an item"))
        return self


@define
class Draft:
    """A credit note about to be issued."""

    account: str
    order_number: str
    currency: str
    rate: Decimal
    parts: list[Part] = field(factory=list)

    @property
    def net(self) -> Decimal:
        """Without tax."""
        return round_amount(sum((part.amount for part in self.parts), ZERO), self.currency)

    @property
    def tax(self) -> Decimal:
        """Of all lines."""
        return round_amount(sum((part.tax for part in self.parts), ZERO), self.currency)


def issue(work: Work, wanted: IssueCreditNote) -> dict[str, Any]:
    """Issue a credit note, post it, and settle what is open on its order with it.

    Raises:
        NotFound: No such order, line, account or item.
        NothingLeft: Nothing of the order is invoiced and not credited.
        QuantityTooLarge: More than that of a line.
        TotalNegative: The lines add up to less than nothing.
    """
    day = wanted.day or work.today
    order = order_store.load(work, wanted.order) if wanted.order else None
    draft = _of_order(order, wanted) if order else _of_items(work, wanted, day)
    if draft.net + draft.tax < 0:
        raise TotalNegative(draft.net + draft.tax, draft.currency)
    debits = [item for item in open_items.of_order(work, order.number) if item.open > 0] if order else []
    with ledger.opened(work, day) as books:
        number = next_number(work, "credit_note")
        item = _post(work, draft, number, books, wanted.reason)
        _store(work, draft, item, wanted)
        open_items.add(work, [item])
        pairs = open_items.paired(debits, [item], work.enterprise.currency)
        work.publish(_issued(draft, number, day, wanted.payout, left=-item.open))
        if order is not None:
            matching.settle(work, pairs, {order.number: order}, books)
            order_store.save(work, order)
    return {
        "credit_note": number,
        "total": draft.net + draft.tax,
        "currency": draft.currency,
        "left": round_amount(-item.open, draft.currency),
    }


def _of_order(order: Order, wanted: IssueCreditNote) -> Draft:
    quantities: dict[int, Decimal] = {}
    for line in wanted.lines:
        if line.line is not None:
            quantities[line.line] = quantities.get(line.line, ZERO) + line.quantity
    if not quantities:
        quantities = {
            line.line: line.invoiced - line.credited for line in order.lines if line.invoiced > line.credited
        }
    if not quantities:
        raise NothingLeft(order.number, _("credit"))
    return Draft(order.account, order.number, order.currency, order.rate, order.credit(quantities))


def _of_items(work: Work, wanted: IssueCreditNote, day: date) -> Draft:
    account = accounts.find(work, wanted.account or accounts.WALK_IN)
    currency = wanted.currency or account.currency
    rate = rate_on(work, currency, day, wanted.exchange_rate)
    asked = [
        orders.PlaceLine(item=line.item, quantity=line.quantity, unit_price=line.unit_price)
        for line in wanted.lines
    ]
    lines: list[Line] = orders.priced(
        work, asked, account.number, currency, day, work.settings(ErpSettings), selling=False
    )
    parts = [Part(line, line.quantity, line.amount, line.tax) for line in lines]
    return Draft(account.number, "", currency, rate, parts)


def _post(work: Work, draft: Draft, number: str, books: Books, text: str) -> OpenItem:
    """Post the return, its tax and the receivable, and return what the credit note leaves owing."""
    total = draft.net + draft.tax
    sheet = books.sheet(draft.currency, draft.rate)
    sheet.debit(Role.RETURNS, draft.net)
    sheet.debit(Role.TAX, draft.tax)
    sheet.credit(Role.RECEIVABLES, total, draft.account)
    entry = ""
    if sheet.postings:
        entry = books.post("credit_note", sheet.balanced(), document=number, text=text)
    return OpenItem(
        document=number,
        kind="credit_note",
        account=draft.account,
        order_number=draft.order_number,
        control=Role.RECEIVABLES,
        currency=draft.currency,
        amount=-total,
        amount_own=-in_own(work, total, draft.rate),
        day=books.day,
        due=books.day,
        entry=entry,
    )


def _store(work: Work, draft: Draft, item: OpenItem, wanted: IssueCreditNote) -> None:
    head: dict[str, Any] = {
        "number": item.document,
        "order_number": draft.order_number,
        "reference": wanted.reference,
        "account": draft.account,
        "day": item.day,
        "currency": draft.currency,
        "rate": draft.rate,
        "net": draft.net,
        "tax": draft.tax,
        "total": -item.amount,
        "total_own": -item.amount_own,
        "reason": wanted.reason,
        "payout": wanted.payout,
        "entry": item.entry,
        "issued_at": work.now,
    }
    work.execute(_INSERT, head)
    work.execute(
        _INSERT_LINES,
        [
            {
                "credit_note": item.document,
                "line": position,
                "order_line": part.line.line if draft.order_number else None,
                **line_of(part),
            }
            for position, part in enumerate(draft.parts, 1)
        ],
    )


def _issued(draft: Draft, number: str, day: date, payout: bool, left: Decimal) -> CreditNoteIssued:
    return CreditNoteIssued(
        document=draft.order_number or number,
        credit_note=number,
        order=draft.order_number,
        account=draft.account,
        day=day,
        currency=draft.currency,
        total=draft.net + draft.tax,
        payout=payout,
        left=left,
        lines=tuple(
            LineQuantity(line=part.line.line, item=part.line.item, quantity=part.quantity)
            for part in draft.parts
        ),
    )
