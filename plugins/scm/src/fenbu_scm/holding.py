"""An item in hand: its pieces by location and what they are worth. No database here.

Valuation is moving average: a value is kept beside the quantity. What leaves takes its share of the value,
rounded to the currency's minor unit, and the last piece takes what is left, so that no penny is lost or made.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field

from fenbu.values import PRICE_SCALE, line_amount, round_amount
from fenbu_scm.errors import NotFree, UnknownCost, WorthTooMuch

ZERO = Decimal(0)
MOST_VALUE = Decimal(10) ** 11
"""What the pieces of one item may be worth, so that the books can add thousands up."""
MOST_TOTAL = Decimal(10) ** 13
"""What one document may come to."""
_COST_UNIT = Decimal(1).scaleb(-PRICE_SCALE)


def require_bookable(document: str, total: Decimal) -> None:
    """Refuse a document that comes to more than the books can add up (`WorthTooMuch`)."""
    if total > MOST_TOTAL:
        raise WorthTooMuch(document, total, MOST_TOTAL)


@define
class Pile:
    """The pieces of one item at one location."""

    location: str
    sellable: bool
    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    stored: bool = True
    """There is a row of it."""
    on_hand_change: Decimal = ZERO
    reserved_change: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        """What is there and promised to nobody."""
        return self.on_hand - self.reserved

    def add(self, on_hand: Decimal, reserved: Decimal = ZERO) -> None:
        """Change both numbers, remembering by how much."""
        self.on_hand += on_hand
        self.on_hand_change += on_hand
        self.reserved += reserved
        self.reserved_change += reserved


@define
class Holding:
    """One item: its piles in the order in which they are taken from, its quantity and value in all."""

    item: str
    quantity: Decimal
    value: Decimal
    unit_cost: Decimal
    currency: str
    piles: list[Pile] = field(factory=list)
    revalued: bool = False

    @property
    def free(self) -> Decimal:
        """What could be promised."""
        return sum((pile.free for pile in self.piles if pile.sellable), ZERO)

    def pile(self, location: str, *, sellable: bool = True) -> Pile:
        """Return the pile at a location; an empty one where there has been none."""
        for pile in self.piles:
            if pile.location == location:
                return pile
        self.piles.append(Pile(location, sellable, stored=False))
        return self.piles[-1]

    def reserve(self, wanted: Decimal) -> list[tuple[str, Decimal]]:
        """Promise as much of what is wanted as is free; return what was promised where."""
        taken = []
        for pile in self.piles:
            quantity = min(wanted, pile.free) if pile.sellable else ZERO
            if quantity > 0:
                pile.add(ZERO, quantity)
                wanted -= quantity
                taken.append((pile.location, quantity))
        return taken

    def let_go(self, location: str, quantity: Decimal) -> None:
        """Take a promise back."""
        self.pile(location).add(ZERO, -quantity)

    def worth(self, quantity: Decimal) -> Decimal:
        """Return a quantity's share of the value; all of it for the last piece.

        Raises:
            UnknownCost: There are no pieces, and none have been here before.
        """
        if self.quantity == 0:
            if self.unit_cost == 0:
                raise UnknownCost(self.item)
            return line_amount(quantity, self.unit_cost, self.currency)
        if quantity == self.quantity:
            return self.value
        return round_amount(self.value * quantity / self.quantity, self.currency)

    def put(self, location: str, quantity: Decimal, value: Decimal, *, sellable: bool = True) -> None:
        """Put pieces that came from outside into a location.

        Raises:
            WorthTooMuch: All of them would be worth more than makes sense.
        """
        self.pile(location, sellable=sellable).add(quantity)
        self._revalue(quantity, value)

    def take(self, location: str, quantity: Decimal, *, promised: bool) -> Decimal:
        """Take pieces away to the outside and return their value.

        Args:
            location: Where they are.
            quantity: Above zero.
            promised: They are those of a reservation, which goes with them.

        Raises:
            NotFree: There are not so many, or they are promised to others.
        """
        pile = self.pile(location)
        if quantity > (pile.reserved if promised else pile.free):
            raise NotFree(self.item, location, quantity, pile.on_hand, pile.reserved)
        value = self.worth(quantity)
        pile.add(-quantity, -quantity if promised else ZERO)
        self._revalue(-quantity, -value)
        return value

    def move(self, source: str, target: str, quantity: Decimal, *, sellable: bool) -> None:
        """Carry free pieces from one location to another; their value stays.

        Raises:
            NotFree: There are not so many, or they are promised.
        """
        pile = self.pile(source)
        if quantity > pile.free:
            raise NotFree(self.item, source, quantity, pile.on_hand, pile.reserved)
        pile.add(-quantity)
        self.pile(target, sellable=sellable).add(quantity)

    def _revalue(self, quantity: Decimal, value: Decimal) -> None:
        self.quantity += quantity
        self.value += value
        if self.value > MOST_VALUE:
            raise WorthTooMuch(self.item, self.value, MOST_VALUE)
        if self.quantity > 0:
            self.unit_cost = (self.value / self.quantity).quantize(_COST_UNIT)
        self.revalued = True
