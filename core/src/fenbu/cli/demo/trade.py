"""Carries a shop's plan out, day by day, through the same actions that an operator has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from fenbu.cli.demo.clock import Agenda, Clock
from fenbu.cli.demo.shop import Season, Shop, Story
from fenbu.errors import Refused
from fenbu.work import Actor

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Worker
    from fenbu.engine.kernel import Kernel


PATIENCE = 60.0
"""Seconds for which one delivery may be tried before the demo gives up."""


@frozen
class Placed:
    """An order as the books answered when it was placed; that stays so, whatever is enabled later."""

    story: Story
    order: str
    total: Decimal
    requirements: Sequence[str]
    fulfiller: str

    @property
    def by_card(self) -> bool:
        """Say whether the gateway takes the money."""
        return "payment" in self.requirements

    @property
    def by_hand(self) -> bool:
        """Say whether somebody hands it over; else it leaves by itself."""
        return self.fulfiller == "erp"


class Hand(Protocol):
    """What the people who work with one module do in the shop."""

    def begin(self, season: Season) -> None:
        """Prepare, in the morning of the day on which the module is enabled."""

    def placing(self, story: Story) -> None:
        """Do what comes just before an order."""

    def placed(self, placed: Placed) -> None:
        """Plan what follows from an order."""

    def look(self) -> None:
        """See what has come in, after everything was delivered."""


class Trade:
    """One shop's months in the making."""

    def __init__(self, kernel: Kernel, worker: Worker, clock: Clock, shop: Shop) -> None:
        self.kernel, self.shop = kernel, shop
        self._worker, self._clock = worker, clock
        self._agenda = Agenda()
        self._orders: dict[int, str] = {}
        self.hands: list[Hand] = []
        self.refused: list[str] = []
        """What the rules did not allow, in words."""

    @property
    def orders(self) -> Mapping[int, str]:
        """Number of each story to the number of its order."""
        return self._orders

    def run(self, season: Season, on_progress: Callable[[int], None]) -> None:
        """Let a season happen in the order of time; what it sets going is delivered in between."""
        for story in self.shop.stories_of(season):
            self.plan(story.placed, self._place(story))
        before = told = len(self._orders)
        while act := self._agenda.take(season.end):
            moment, do = act
            self._clock.go_to(moment)
            do()
            if len(self._orders) != told:
                told = len(self._orders)
                on_progress(told - before)
        self._clock.go_to(season.end)
        self.deliver()

    def _place(self, story: Story) -> Callable[[], None]:
        def act() -> None:
            for hand in self.hands:
                hand.placing(story)
            lines = [{"item": item, "quantity": quantity} for item, quantity in story.lines]
            buyer = {"account": story.account} if story.account else {}
            done = self.do("erp.order.place", lines=lines, channel=story.channel, **buyer)
            self._orders[story.number] = done["order"]
            placed = Placed(
                story, done["order"], Decimal(done["total"]), done["requirements"], done["fulfiller"]
            )
            if placed.requirements:
                self.deliver()
            for hand in self.hands:
                hand.placed(placed)

        return act

    # --- what hands use -----------------------------------------------------------------------------------

    def plan(self, at: datetime | None, do: Callable[[], None]) -> None:
        """Let this happen at that moment; what is not to happen within the months of the story does not."""
        if at is not None:
            self._agenda.plan(at, do)

    @property
    def now(self) -> datetime:
        """The moment of the story."""
        return self._clock.moment

    def at(self, day: date) -> None:
        """Let it be the morning of a day."""
        self._clock.go_to(self.shop.morning(day))

    def do(self, action: str, **values: Any) -> Mapping[str, Any]:
        """Perform an action, as who runs the demo."""
        return self.do_as(self.kernel.actor, action, values)

    def do_as(self, actor: Actor, action: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Perform an action as somebody."""
        return self.kernel.perform(action, values, actor=actor).answer

    def tell(self, action: str, **values: Any) -> Mapping[str, Any] | None:
        """Perform what may be refused: who returns what was never invoiced is sent away."""
        try:
            return self.do(action, **values)
        except Refused as error:
            self.refused.append(str(error))
            return None

    def deliver(self) -> None:
        """Let everybody hear of what has happened.

        Raises:
            NotDelivered: Somebody did not, and tries again and again.
        """
        if not self._worker.drain(timeout=PATIENCE).finished:
            from fenbu.cli.errors import NotDelivered

            raise NotDelivered(self.kernel.database.url)
        for hand in self.hands:
            hand.look()

    def rows(self, view: str, **equal: Any) -> Sequence[Mapping[str, Any]]:
        """Return rows of a view, as an operator sees them."""
        from fenbu.engine.conditions import Condition
        from fenbu.engine.reading import page

        declared = self.kernel.assembly.view(view)
        with self.kernel.read(self.kernel.assembly.module_of(view)) as work:
            wanted = [Condition(name, value) for name, value in equal.items()]
            return page(work, declared, filters=wanted, limit=1000).rows
