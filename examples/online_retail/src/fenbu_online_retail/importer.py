"""From invoice lines to steps: what kind of document it is, and which actions make it.

Kinds as the data's publisher describes them: a sale has digits only and a price above zero somewhere; a return
begins with ``C`` and its quantities are negative; an adjustment of stock has digits only and no price at all; a
correction of the books begins with ``A``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fenbu.i18n import _
from fenbu.importing import Answer, Read, Rejected, SourceDocument, SourceRow, Step
from fenbu.values import line_amount
from fenbu_online_retail.codes import (
    CHANNEL,
    CURRENCY,
    KEEPS_PROMISES,
    TAKES_MONEY,
    is_service,
    item_known,
)

WALK_IN = "WALK-IN"
"""ERP's account for buyers who give no name."""
LONDON = ZoneInfo("Europe/London")
ZERO = Decimal(0)
KEEPS_STOCK = "stock.valuation"
"""Capability of a module that knows what is on hand and what it is worth."""
PAYS_OUT = "payment.payouts"


class Reader:
    """Makes steps of documents; remembers nothing from one to the next."""

    def __call__(self, document: SourceDocument) -> Read:
        """Return what a document is and the actions that make it."""
        first = document.reference[:1]
        if first == "C":
            return _return(document)
        if first == "A":
            return _correction(document)
        if not document.reference.isdigit():
            return _rejected("unknown", document.rows, _("its number is neither a sale, C… nor A…"))
        if any(row.values["price"] > 0 for row in document.rows):
            return _sale(document)
        return _adjustment(document)


def _sale(document: SourceDocument) -> Read:
    rows = document.rows
    if wrong := [row for row in rows if row.values["quantity"] <= 0 or row.values["price"] < 0]:
        return _rejected("sale", wrong, _("a sale has quantities above zero and no negative price"))
    steps = _registrations(document)
    lines = [
        {"item": row.values["item"], "quantity": row.values["quantity"], "unit_price": row.values["price"]}
        for row in rows
    ]
    place: dict[str, Any] = {"lines": lines, "day": _day(rows), "channel": CHANNEL, "currency": CURRENCY}
    steps.append(Step("erp.order.place", {**place, "reference": document.reference, **_account(rows)}))
    if _fulfilled_by_hand(document):
        order = Answer(len(steps) - 1, "order")
        steps.append(Step("erp.order.fulfil", {"order": order, "day": _day(rows)}))
    return Read(kind="sale", steps=steps, amount=_total(rows))


def _return(document: SourceDocument) -> Read:
    """Goods and discounts given back; the source does not say which order they came from.

    Goods are put into stock by whoever keeps it, and the money is paid out by whoever pays.
    """
    rows = document.rows
    if wrong := [row for row in rows if row.values["quantity"] >= 0 or row.values["price"] < 0]:
        return _rejected("return", wrong, _("a return has quantities below zero and no negative price"))
    steps = _registrations(document)
    lines = [
        {"item": row.values["item"], "quantity": -row.values["quantity"], "unit_price": row.values["price"]}
        for row in rows
    ]
    if KEEPS_STOCK in document.capabilities:
        steps += _goods_back(document)
    note: dict[str, Any] = {"lines": lines, "day": _day(rows), "currency": CURRENCY}
    note["payout"] = PAYS_OUT in document.capabilities
    steps.append(Step("erp.credit-note.issue", {**note, "reference": document.reference, **_account(rows)}))
    return Read(kind="return", steps=steps, amount=_total(rows))


def _goods_back(document: SourceDocument) -> list[Step]:
    rows = document.rows
    lines = [
        {"item": row.values["item"], "quantity": -row.values["quantity"]}
        for row in rows
        if not is_service(row.values["item"])
    ]
    if not lines:
        return []
    back: dict[str, Any] = {"lines": lines, "day": _day(rows), "reason": document.reference}
    return [Step("scm.return.post", {**back, **_account(rows)})]


def _adjustment(document: SourceDocument) -> Read:
    """Pieces found or lost; pieces that are promised cannot be lost, so the document may be refused and come again.

    Found pieces are worth the average of those that are there.
    """
    rows = document.rows
    goods = [row for row in rows if not is_service(row.values["item"])]
    if not goods:
        return Read(kind="stock_adjustment", left=_("services, which nobody stocks"), amount=ZERO)
    if KEEPS_STOCK not in document.capabilities:
        return Read(kind="stock_adjustment", left=_("left to SCM"), amount=ZERO)
    lines = [{"item": row.values["item"], "quantity": row.values["quantity"]} for row in goods]
    reason = rows[0].values["title"] or _("no reason given")
    adjusted = {"lines": lines, "day": _day(rows), "reason": f"{document.reference} {reason}"}
    return Read(
        kind="stock_adjustment",
        steps=[*_nameless(document, goods), Step("scm.stock.adjust", adjusted)],
        amount=ZERO,
    )


def _nameless(document: SourceDocument, rows: Sequence[SourceRow]) -> list[Step]:
    """Register items by their codes alone: the description is a reason, and the first sale brings the name."""
    codes = dict.fromkeys(row.values["item"] for row in rows)
    items = [{"item": code, "kind": "goods"} for code in codes if item_known(code) not in document.known]
    return [Step("erp.item.register", {"items": items})] if items else []


def _correction(document: SourceDocument) -> Read:
    """Post a bad debt: an amount below zero is owed no more and lost, one above zero was lost by mistake."""
    rows = document.rows
    amount = _total(rows)
    if amount == 0:
        return _rejected("journal", rows, _("a correction has an amount"))
    party = _account(rows).get("account", WALK_IN)
    lost, owed = ("debit", "credit") if amount < 0 else ("credit", "debit")
    lines = [
        {"account": "@bad_debt", lost: abs(amount)},
        {"account": "@receivables", owed: abs(amount), "party": party},
    ]
    text = f"{document.reference} {rows[0].values['title'] or ''}".rstrip()
    entry = {"day": _day(rows), "text": text, "lines": lines}
    return Read(kind="journal", steps=[Step("erp.journal.post", entry)], amount=amount)


def _registrations(document: SourceDocument) -> list[Step]:
    """Register items and the account that this run has not met; what is known stays as it was first described."""
    items: dict[str, dict[str, Any]] = {}
    for row in document.rows:
        code = row.values["item"]
        if code not in items and item_known(code) not in document.known:
            kind = "service" if is_service(code) else "goods"
            items[code] = {"item": code, "title": row.values["title"] or "", "kind": kind}
    steps = []
    if items:
        words = tuple(map(item_known, items))
        steps.append(Step("erp.item.register", {"items": list(items.values())}, makes_known=words))
    account = _account(document.rows).get("account")
    if account is not None and f"account {account}" not in document.known:
        country = document.rows[0].values["country"] or ""
        opened = {"account": account, "kind": "person", "address": country, "currency": CURRENCY}
        steps.append(
            Step("erp.account.register", {"accounts": [opened]}, makes_known=(f"account {account}",))
        )
    return steps


def _account(rows: Sequence[SourceRow]) -> dict[str, str]:
    """Name the account; without a customer ERP takes its own for walk-in buyers."""
    customer: str = rows[0].values["customer"] or ""
    return {"account": customer.removesuffix(".0")} if customer else {}


def _fulfilled_by_hand(document: SourceDocument) -> bool:
    """Goods leave with the document when nothing can hold them up; services are rendered when the order is released.

    An order that may wait for its payment is fulfilled when it is released (`flows.released`).
    """
    by_hand = document.capabilities.isdisjoint((KEEPS_PROMISES, TAKES_MONEY))
    return by_hand and any(not is_service(row.values["item"]) for row in document.rows)


def _day(rows: Sequence[SourceRow]) -> date:
    sold: date = rows[0].values["sold"].astimezone(LONDON).date()
    return sold


def _total(rows: Sequence[SourceRow]) -> Decimal:
    """Add up the lines, each rounded to the penny."""
    return sum((line_amount(row.values["quantity"], row.values["price"], CURRENCY) for row in rows), ZERO)


def _rejected(kind: str, rows: Sequence[SourceRow], reason: str) -> Read:
    return Read(kind=kind, rejected=[Rejected(row.line, reason) for row in rows])
