"""An order in the warehouse's hand: what its lines want and how far that has come. No database here.

Invariant of each line: reserved + short + dispatched ≤ wanted; shipping ≤ reserved;
dispatched + shipping ≤ released ≤ wanted; returned ≤ dispatched.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal

from attrs import define, field

from fenbu.contracts.erp import LineQuantity
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu_scm.holding import ZERO, Holding
from fenbu_scm.lifecycles import OrderState

COMPLETE = "complete"


@define
class Place:
    """Pieces at one location that are promised to a line."""

    quantity: Decimal = ZERO
    shipping: Decimal = ZERO
    stored: bool = False
    changed: bool = False

    @property
    def idle(self) -> Decimal:
        """What no shipment has taken up yet."""
        return self.quantity - self.shipping

    def add(self, quantity: Decimal, shipping: Decimal = ZERO) -> None:
        """Change both numbers."""
        self.quantity += quantity
        self.shipping += shipping
        self.changed = True


@define
class Demand:
    """What one order line wants."""

    line: int
    item: str
    queued_at: datetime
    wanted: Decimal = ZERO
    missed: Decimal = ZERO
    reserved: Decimal = ZERO
    short: Decimal = ZERO
    met: Decimal = ZERO
    """What ERP was told, or has released all the same."""
    released: Decimal = ZERO
    shipping: Decimal = ZERO
    dispatched: Decimal = ZERO
    returned: Decimal = ZERO
    cost: Decimal = ZERO
    returned_cost: Decimal = ZERO
    places: dict[str, Place] = field(factory=dict)
    stored: bool = True
    changed: bool = False

    @property
    def rest(self) -> Decimal:
        """What has not left."""
        return self.wanted - self.dispatched

    @property
    def unserved(self) -> Decimal:
        """What is neither reserved nor waited for."""
        return self.rest - self.reserved - self.short

    @property
    def untold(self) -> Decimal:
        """What is there for it and ERP was not told."""
        return max(ZERO, self.reserved + self.dispatched - self.met)

    @property
    def to_ship(self) -> Decimal:
        """What is released and there, and in no shipment yet."""
        return min(self.released - self.dispatched, self.reserved) - self.shipping

    @property
    def held(self) -> Decimal:
        """What is reserved and may be let go, because it is not released."""
        return self.reserved - min(self.reserved, max(ZERO, self.released - self.dispatched))

    def amount(self, quantity: Decimal) -> LineQuantity:
        """Return a quantity of this line as events carry it."""
        return LineQuantity(line=self.line, item=self.item, quantity=quantity)

    def want(self, quantity: Decimal, holding: Holding) -> None:
        """Want this much beside what has left; what was released before counts no more, what is too much is let go."""
        self.wanted = self.dispatched + quantity
        self.released = self.met = self.dispatched
        self.short = min(self.short, max(ZERO, quantity - self.reserved))
        self.let_go(holding, max(ZERO, self.reserved - quantity))

    def release(self, quantity: Decimal) -> None:
        """Let this much more leave, wanted before or not."""
        self.released += quantity
        self.wanted = max(self.wanted, self.released)
        self.met = max(self.met, self.released)
        self.changed = True

    def serve(self, holding: Holding) -> None:
        """Reserve what is free of what nobody serves yet, and wait for the rest."""
        wanted = self.unserved
        if wanted <= 0:
            return
        for location, quantity in holding.reserve(wanted):
            self.places.setdefault(location, Place()).add(quantity)
            self.reserved += quantity
            wanted -= quantity
        self.short += wanted
        self.changed = True

    def let_go(self, holding: Holding, quantity: Decimal) -> None:
        """Give this much of what is reserved and in no shipment back."""
        for location, place in self.places.items():
            part = min(quantity, place.idle)
            if part > 0:
                place.add(-part)
                holding.let_go(location, part)
                self.reserved -= part
                quantity -= part
        self.changed = True

    def load(self, quantity: Decimal) -> list[tuple[str, Decimal]]:
        """Take reserved pieces up into a shipment; return which from where."""
        loaded = []
        self.shipping += quantity
        self.changed = True
        for location, place in self.places.items():
            part = min(quantity, place.idle)
            if part > 0:
                place.add(ZERO, part)
                quantity -= part
                loaded.append((location, part))
        return loaded

    def unload(self, location: str, quantity: Decimal) -> None:
        """Take pieces out of a shipment; they stay reserved."""
        self.places[location].add(ZERO, -quantity)
        self.shipping -= quantity
        self.changed = True

    def leave(self, location: str, quantity: Decimal, cost: Decimal) -> None:
        """Record that pieces of a shipment have left."""
        self.places[location].add(-quantity, -quantity)
        self.shipping -= quantity
        self.reserved -= quantity
        self.dispatched += quantity
        self.cost += cost
        self.changed = True

    def give_up(self, holding: Holding) -> Decimal:
        """Let go what is not released, and wait for it no longer; return what was reserved of it."""
        given_back = self.held
        self.let_go(holding, given_back)
        self.short = min(self.short, max(ZERO, self.released - self.dispatched - self.reserved))
        self.met = self.released
        return given_back


@define
class Order:
    """An order with what its lines want."""

    number: str
    state: str
    account: str
    ship: str
    day: date
    day_at: datetime
    waived: bool = False
    alone: bool = False
    """Nothing but stock holds it back, so what is reserved is released at once."""
    reason: str = ""
    lapses_at: datetime | None = None
    shipments: int = 0
    demands: dict[int, Demand] = field(factory=dict)
    changed: bool = False

    @property
    def open(self) -> bool:
        """Something may be done for it."""
        return self.state == OrderState.OPEN

    @property
    def lines(self) -> list[Demand]:
        """Its lines in their order."""
        return [self.demands[line] for line in sorted(self.demands)]

    def demand(self, line: int) -> Demand:
        """Return what a line wants; `NotFound` when it wants nothing from here."""
        if line not in self.demands:
            raise NotFound(
                _("line"),
                _("{line} of {order} in the warehouse").format(line=line, order=self.number),
                _("fenbu show scm.order-lines --where order={order} lists them").format(order=self.number),
            )
        return self.demands[line]

    def ask(self, line: int, item: str, queued_at: datetime) -> Demand:
        """Return what a line wants; nothing yet where it is new."""
        return self.demands.setdefault(line, Demand(line, item, queued_at, stored=False))

    def tell(self) -> list[LineQuantity]:
        """Return what ERP can be told to be there, and note that it was told.

        An order that leaves complete has nothing to tell before its last piece is there.
        """
        if self.ship == COMPLETE and any(demand.short for demand in self.lines):
            return []
        told = [demand.amount(demand.untold) for demand in self.lines if demand.untold]
        for line in told:
            demand = self.demands[line.line]
            demand.met += line.quantity
            demand.changed = True
        return told

    def to_ship(self) -> list[Demand]:
        """Return the lines of which something can be shipped now."""
        if self.ship == COMPLETE and any(demand.short for demand in self.lines):
            return []
        return [demand for demand in self.lines if demand.to_ship > 0]

    def business_day(self, now: datetime, zone: tzinfo) -> date:
        """Return the business date of what happens to the order now.

        Orders that are entered late keep their distance: what happens two days after the warehouse was last told
        of a day is dated two days after that day.
        """
        return self.day + (now.astimezone(zone).date() - self.day_at.astimezone(zone).date())

    def told(self, day: date, at: datetime) -> None:
        """Note a business date and when it was told."""
        self.day, self.day_at, self.changed = day, at, True
