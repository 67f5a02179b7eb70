"""Who works with ERP: registers, hands over, cancels, credits, and types in what was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fenbu.cli.demo.shop import Payment, Season, Story
from fenbu.cli.demo.trade import Placed, Trade

CHUNK = 200
"""Items or accounts registered in one act."""


class Office:
    """The people at the desk."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._billed: dict[str, Decimal] = {}

    def begin(self, season: Season) -> None:  # noqa: ARG002
        """Set prices and taxes, register items and accounts, as on the day before the shop opens."""
        trade, shop = self._trade, self._trade.shop
        since = shop.opening.date()
        trade.do("erp.tax.set", category="food", title="Food", rate="0", since=since)
        items = [
            {"item": i.code, "title": i.title, "kind": i.kind, "tax_category": i.tax_category}
            for i in shop.items
        ]
        for part in _chunks(items):
            trade.do("erp.item.register", items=part)
        for item in shop.items:
            trade.do("erp.price.set", item=item.code, unit_price=item.price, since=since)
        accounts = [
            {"account": c.account, "kind": c.kind, "name": c.name, "address": c.address}
            for c in shop.customers
        ]
        for part in _chunks(accounts):
            trade.do("erp.account.register", accounts=part)
        trade.deliver()

    def placing(self, story: Story) -> None:
        """Wait for the order."""

    def look(self) -> None:
        """Wait for nothing: with ERP alone nothing comes by itself."""

    def placed(self, placed: Placed) -> None:
        """Plan what happens to an order."""
        plan, story = self._trade.plan, placed.story
        plan(story.cancelled, self._cancel(placed))
        if placed.by_hand:
            plan(story.first, self._hand_over(placed, story.first_lines))
            plan(story.rest, self._hand_over(placed, 0))
        if not placed.by_card:
            for payment in story.payments:
                plan(payment.at, self._receive(placed, payment))
        if story.account:
            plan(story.returned, self._credit(placed))

    def _hand_over(self, placed: Placed, lines: int) -> Callable[[], None]:
        def act() -> None:
            chosen = [{"line": line} for line in range(1, lines + 1)]
            done = self._trade.tell("erp.order.fulfil", order=placed.order, lines=chosen)
            if done is not None:
                billed = self._billed.get(placed.order, Decimal(0))
                self._billed[placed.order] = billed + Decimal(done["amount"])
            self._trade.deliver()

        return act

    def _cancel(self, placed: Placed) -> Callable[[], None]:
        def act() -> None:
            self._trade.tell("erp.order.cancel", order=placed.order, reason="the customer changed their mind")
            self._trade.deliver()

        return act

    def _credit(self, placed: Placed) -> Callable[[], None]:
        def act() -> None:
            self._trade.tell(
                "erp.credit-note.issue",
                order=placed.order,
                lines=[{"line": 1, "quantity": 1}],
                reason="came back unopened",
                payout=placed.by_card,
            )
            self._trade.deliver()

        return act

    def _receive(self, placed: Placed, payment: Payment) -> Callable[[], None]:
        def act() -> None:
            # A payer pays what was handed over, or the whole order when nothing was yet.
            worth = self._billed.get(placed.order, placed.total)
            share = worth * payment.percent / 100
            named = {"order": placed.order} if payment.names_order else {"match": "none"}
            self._trade.tell(
                "erp.receipt.record",
                account=placed.story.account or "WALK-IN",
                amount=share.quantize(Decimal("0.01"), ROUND_HALF_UP),
                method=payment.method,
                reference=placed.order if payment.names_order else "thank you",
                **named,
            )

        return act


def _chunks(rows: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[Mapping[str, Any]]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
