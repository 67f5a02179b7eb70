"""Who works with the supply chain: counts what is there, receives what comes, takes back what returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from fenbu.cli.demo.shop import SERVICES, Season, Story
from fenbu.cli.demo.trade import Placed, Trade

SHORT = 6
"""One item in so many is there in half of what will be sold."""
RECEIVED_AFTER = Decimal("0.6")
"""Share of the season after which the missing pieces come."""
COST = Decimal("0.55")
"""What goods cost, of their price."""


class Depot:
    """The people in the store-room."""

    def __init__(self, trade: Trade) -> None:
        self._trade = trade
        self._cost = {item.code: (item.price * COST).quantize(Decimal("0.01")) for item in trade.shop.items}

    def begin(self, season: Season) -> None:
        """Enter what lies on the shelves: of some items less than will be asked for; the rest is on order."""
        sold: Counter[str] = Counter()
        for story in self._trade.shop.stories_of(season):
            for item, quantity in story.lines:
                sold[item] += 0 if item in SERVICES else quantity
        wanted = {item: many for item, many in sorted(sold.items()) if many}
        missing = {item: wanted[item] - wanted[item] // 2 for item in list(wanted)[::-SHORT]}
        here = {item: many - missing.get(item, 0) for item, many in wanted.items()}
        self._post(here, source="opening")
        coming = dict(
            list(missing.items())[1:]
        )  # one of them nobody has ordered; it is still short at the end
        day = season.first + timedelta(days=int(RECEIVED_AFTER * season.days))
        if coming and day <= season.last:
            head = {"supplier": "Wuyi Growers", "reference": "DN-1"}
            self._trade.plan(self._trade.shop.morning(day), lambda: self._post(coming, **head))

    def placing(self, story: Story) -> None:
        """Wait for the order."""

    def look(self) -> None:
        """Wait for nothing: what can leave leaves by itself."""

    def placed(self, placed: Placed) -> None:
        """Plan that something comes back, a little before the office credits it."""
        at = placed.story.returned
        if at is not None:
            self._trade.plan(at - timedelta(minutes=1), self._take_back(placed))

    def _take_back(self, placed: Placed) -> Callable[[], None]:
        def act() -> None:
            item, _quantity = placed.story.lines[0]
            if not placed.story.account:
                line: Mapping[str, Any] = {"item": item, "quantity": 1}
                self._trade.tell("scm.return.post", account="WALK-IN", lines=[line], reason="unopened")
            elif not placed.by_hand:
                line = {"line": 1, "quantity": 1}
                self._trade.tell("scm.return.post", order=placed.order, lines=[line], reason="unopened")
            self._trade.deliver()

        return act

    def _post(self, pieces: Mapping[str, int], **head: str) -> None:
        lines = [
            {"item": item, "quantity": many, "unit_cost": self._cost[item]}
            for item, many in pieces.items()
            if many
        ]
        if lines:
            self._trade.do("scm.receipt.post", lines=lines, **head)
        self._trade.deliver()
