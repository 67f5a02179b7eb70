"""Carries a shop's plan out, day by day, through the same actions that an operator has."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from attrs import define, field

from fenbu.cli.demo.shop import Payment, Shop, Story
from fenbu.errors import Refused
from fenbu.values import to_microseconds

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Worker
    from fenbu.engine.kernel import Kernel

CHUNK = 200
"""Items or accounts registered in one act."""


class Clock:
    """The moment of the story while it is told, then the real one; it never goes back."""

    def __init__(self, moment: datetime) -> None:
        self._told: datetime | None = moment
        self._last = 0

    def __call__(self) -> int:
        """Return UTC microseconds, a little later at every reading."""
        now = to_microseconds(self._told or datetime.now(UTC))
        self._last = max(self._last + 1_000, now)
        return self._last

    def go_to(self, moment: datetime) -> None:
        """Let it be this moment."""
        self._told = moment

    def let_go(self) -> None:
        """Return to the present."""
        self._told = None


@define(order=True)
class _Act:
    """Something that happens at a moment of the story."""

    at: datetime
    position: int
    do: Callable[[], None] = field(order=False)


class Trade:
    """One shop's three months in the making."""

    def __init__(self, kernel: Kernel, worker: Worker, clock: Clock, shop: Shop) -> None:
        self._kernel, self._worker, self._clock, self._shop = kernel, worker, clock, shop
        self._orders: dict[int, str] = {}
        self._totals: dict[int, Decimal] = {}
        self._billed: dict[int, Decimal] = {}
        self._acts: list[_Act] = []
        self.refused: list[str] = []
        """What the rules did not allow, in words."""

    @property
    def orders(self) -> Mapping[int, str]:
        """Number of each story to the number of its order."""
        return self._orders

    def prepare(self) -> None:
        """Set prices and taxes, register items and accounts, as on the day before the shop opens."""
        shop = self._shop
        since = shop.opening.date()
        self._do("fenbu.setting.set", module="erp", name="services", value="with_goods")
        self._do("erp.tax.set", category="food", title="Food", rate="0", since=since)
        items = [
            {"item": i.code, "title": i.title, "kind": i.kind, "tax_category": i.tax_category}
            for i in shop.items
        ]
        for part in _chunks(items):
            self._do("erp.item.register", items=part)
        for item in shop.items:
            self._do("erp.price.set", item=item.code, unit_price=item.price, since=since)
        accounts = [
            {"account": c.account, "kind": c.kind, "name": c.name, "address": c.address}
            for c in shop.customers
        ]
        for part in _chunks(accounts):
            self._do("erp.account.register", accounts=part)
        self._worker.drain()

    def run(self, on_progress: Callable[[int], None]) -> None:
        """Let everything happen in the order of time; what it sets going is delivered in between."""
        for story in self._shop.stories:
            self._plan(story.placed, self._place(story))
        told = 0
        while self._acts:
            act = heapq.heappop(self._acts)
            self._clock.go_to(act.at)
            act.do()
            if len(self._orders) != told:
                told = len(self._orders)
                on_progress(told)
        self._worker.drain()

    # --- what happens -----------------------------------------------------------------------------------

    def _place(self, story: Story) -> Callable[[], None]:
        def act() -> None:
            lines = [{"item": item, "quantity": quantity} for item, quantity in story.lines]
            buyer = {"account": story.account} if story.account else {}
            done = self._do("erp.order.place", lines=lines, channel=story.channel, **buyer)
            self._orders[story.number] = done["order"]
            self._totals[story.number] = Decimal(done["total"])
            self._foretell(story)

        return act

    def _foretell(self, story: Story) -> None:
        """Plan what follows from an order that was placed."""
        if story.cancelled:
            self._plan(story.cancelled, self._cancel(story))
        if story.first:
            self._plan(story.first, self._hand_over(story, story.first_lines))
        if story.rest:
            self._plan(story.rest, self._hand_over(story, 0))
        if story.returned:
            self._plan(story.returned, self._take_back(story))
        for payment in story.payments:
            self._plan(payment.at, self._receive(story, payment))

    def _hand_over(self, story: Story, lines: int) -> Callable[[], None]:
        def act() -> None:
            chosen = [{"line": line} for line in range(1, lines + 1)]
            done = self._do("erp.order.fulfil", order=self._orders[story.number], lines=chosen)
            self._billed[story.number] = self._billed.get(story.number, Decimal(0)) + Decimal(done["amount"])
            self._worker.drain()

        return act

    def _cancel(self, story: Story) -> Callable[[], None]:
        return lambda: self._tell(
            "erp.order.cancel", order=self._orders[story.number], reason="the customer changed their mind"
        )

    def _take_back(self, story: Story) -> Callable[[], None]:
        return lambda: self._tell(
            "erp.credit-note.issue",
            order=self._orders[story.number],
            lines=[{"line": 1, "quantity": 1}],
            reason="came back unopened",
        )

    def _receive(self, story: Story, payment: Payment) -> Callable[[], None]:
        def act() -> None:
            order = self._orders[story.number]
            share = self._worth(story) * payment.percent / 100
            named = {"order": order} if payment.names_order else {"match": "none"}
            self._tell(
                "erp.receipt.record",
                account=story.account or "WALK-IN",
                amount=share.quantize(Decimal("0.01"), ROUND_HALF_UP),
                method=payment.method,
                reference=order if payment.names_order else "thank you",
                **named,
            )

        return act

    def _worth(self, story: Story) -> Decimal:
        """Return what a payer pays: what was handed over, or the whole order when nothing was yet."""
        return self._billed.get(story.number, self._totals[story.number])

    # --- how --------------------------------------------------------------------------------------------

    def _plan(self, at: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._acts, _Act(at.astimezone(UTC), len(self._acts), do))

    def _do(self, action: str, **values: Any) -> Mapping[str, Any]:
        return self._kernel.perform(action, values).answer

    def _tell(self, action: str, **values: Any) -> None:
        """Perform what may be refused: a customer who returns what was never invoiced is sent away."""
        try:
            self._do(action, **values)
        except Refused as error:
            self.refused.append(str(error))


def _chunks(rows: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[Mapping[str, Any]]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
