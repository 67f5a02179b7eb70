"""Who works with payments: some cards are declined; then a buyer tries another one, or gives up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from fenbu.cli.demo.shop import Season, Story
from fenbu.cli.demo.trade import Placed, Trade

DECLINED = (3, 7)
"""Of every `CARDS` orders paid by card, those whose card is declined."""
CARDS = 40
BANK = "fenbu_payments.sandbox.bank:Bank"
"""What keeps the sandbox's record, named as manifests name things: the core imports no module."""
_HELPED_AFTER = timedelta(minutes=4)


class Till:
    """The person who looks after payments that did not come."""

    def __init__(self, trade: Trade, bank: Path) -> None:
        self._trade, self._bank = trade, bank
        self._cards = self._declared = self._helped = 0

    def begin(self, season: Season) -> None:
        """Need nothing: the gateway is in the settings."""

    def placing(self, story: Story) -> None:
        """Let the payer's bank decline now and then, as banks do."""
        if story.channel != "web":
            return
        self._cards += 1
        if self._cards % CARDS in DECLINED:
            from fenbu.engine.catalog.reference import resolve

            with closing(resolve(BANK, module="payments")(self._bank)) as bank:
                bank.fail("decline", kind="authorise")
            self._declared += 1

    def placed(self, placed: Placed) -> None:
        """Take back into the shop, and pay out, what a buyer without a name brings."""
        story = placed.story
        if not story.account:
            self._trade.plan(story.returned, self._pay_out(placed))

    def look(self) -> None:
        """Plan what is done about each card that was declined."""
        if self._helped == self._declared:
            return
        failed = sorted(self._trade.rows("payments.payments", state="failed"), key=lambda row: row["payment"])
        for row in failed[self._helped :]:
            self._helped += 1
            at = self._trade.now + _HELPED_AFTER
            self._trade.plan(at, self._help(row["payment"], row["order"], give_up=self._helped % 2 == 0))

    def _help(self, payment: str, order: str, *, give_up: bool) -> Callable[[], None]:
        def act() -> None:
            if give_up:
                reason = "the card was declined, and the customer gave up"
                self._trade.tell("erp.order.cancel", order=order, reason=reason)
            else:
                self._trade.tell("payments.payment.retry", payment=payment)
            self._trade.deliver()

        return act

    def _pay_out(self, placed: Placed) -> Callable[[], None]:
        def act() -> None:
            item, _quantity = placed.story.lines[0]
            self._trade.tell(
                "erp.credit-note.issue",
                account="WALK-IN",
                lines=[{"item": item, "quantity": 1}],
                reason="came back with the till's slip",
                payout=True,
            )
            self._trade.deliver()

        return act
