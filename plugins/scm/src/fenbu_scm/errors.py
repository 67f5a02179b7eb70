"""Refusals of the supply chain, beside those of the language (`fenbu.errors`).

::

    Refused
    ├── NotFree              more than what is there and promised to nobody
    ├── UnknownCost          nobody says what pieces cost, and none are here to tell
    ├── CostKnown            pieces are here, and what they cost is their average
    ├── WorthTooMuch         a slip in a quantity or cost
    ├── LocationUnsuited     pieces cannot be put there or taken from there
    ├── SameLocation         from and to are one
    ├── CountedTwice         a count names an item at a location twice
    ├── OrderNotOurs         ERP does not want these quantities from us (any more)
    ├── OrderStillWanted     ERP still waits for these goods
    ├── NothingReserved      there is nothing that could be let go
    ├── ReturnTooLarge       more comes back than left
    └── ReturnUnclear        a return names neither line nor item, or both wrongly
    Oversold                 a bug: a conditional update found less than the locked row said
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from attrs import field, frozen

from fenbu.errors import FenbuError, Refused
from fenbu.i18n import _
from fenbu.values import plain


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@frozen(eq=False)
class NotFree(Refused):
    """More is wanted from a location than is there and promised to nobody."""

    item: str
    location: str
    wanted: Decimal
    on_hand: Decimal
    reserved: Decimal
    orders: Sequence[str] = field(default=(), converter=_names)
    """Some of those to whom pieces are promised."""

    def __str__(self) -> str:
        return _(
            "{wanted} of {item} cannot leave {location}: {on_hand} are there, of which {reserved} are promised"
        ).format(
            wanted=plain(self.wanted),
            item=self.item,
            location=self.location,
            on_hand=plain(self.on_hand),
            reserved=plain(self.reserved),
        )

    @property
    def hint(self) -> str:
        if self.orders:
            return _("take back what is promised first ({orders}): fenbu do scm.reservation.release").format(
                orders=", ".join(self.orders)
            )
        return _("fenbu show scm.stock tells what is where")


@frozen(eq=False)
class UnknownCost(Refused):
    """Pieces come in, and neither the input nor the item says what they cost."""

    item: str

    def __str__(self) -> str:
        return _("nobody knows what {item} costs: none has been here yet").format(item=self.item)

    @property
    def hint(self) -> str:
        return _("give the line a unit_cost, 0 where it is free; or say it once: fenbu do scm.item.value")


@frozen(eq=False)
class CostKnown(Refused):
    """What one piece is worth cannot be said by hand while pieces are here."""

    item: str
    quantity: Decimal
    unit_cost: Decimal

    def __str__(self) -> str:
        return _("{quantity:f} of {item} are here, worth {unit_cost:f} each on average").format(
            quantity=self.quantity, item=self.item, unit_cost=self.unit_cost
        )

    @property
    def hint(self) -> str:
        return _("give a receipt or an adjustment its unit_cost instead")


@frozen(eq=False)
class WorthTooMuch(Refused):
    """The pieces of one item would be worth more than the books can add up."""

    item: str
    value: Decimal
    most: Decimal

    def __str__(self) -> str:
        return _("{item} would be worth {value:,.2f}; the books can hold {most:,.2f} at most").format(
            item=self.item, value=self.value, most=self.most
        )

    @property
    def hint(self) -> str:
        return _("look for a slip in a quantity or cost")


@frozen(eq=False)
class LocationUnsuited(Refused):
    """A location is not of the kind that is needed."""

    location: str
    kind: str

    def __str__(self) -> str:
        return _("{location} is not a place in a warehouse; it stands for what is outside ({kind})").format(
            location=self.location, kind=self.kind
        )

    @property
    def hint(self) -> str:
        return _("name a location in a warehouse: fenbu show scm.locations")


@frozen(eq=False)
class SameLocation(Refused):
    """A transfer leads nowhere."""

    location: str

    def __str__(self) -> str:
        return _("source and target are the same location, {location}").format(location=self.location)

    @property
    def hint(self) -> str:
        return _("name two locations")


@frozen(eq=False)
class CountedTwice(Refused):
    """A count says two things about one item at one location."""

    item: str
    location: str

    def __str__(self) -> str:
        return _("{item} at {location} is counted twice").format(item=self.item, location=self.location)

    @property
    def hint(self) -> str:
        return _("add the pieces up to one line")


@frozen(eq=False)
class OrderNotOurs(Refused):
    """A shipment's order is cancelled, fulfilled otherwise or by somebody else."""

    order: str
    shipment: str

    def __str__(self) -> str:
        return _("{shipment} cannot leave: {order} does not want these quantities from here any more").format(
            shipment=self.shipment, order=self.order
        )

    @property
    def hint(self) -> str:
        return _(
            "fenbu show erp.orders {order} tells who fulfils it; let go: fenbu do scm.order.stop"
        ).format(order=self.order)


@frozen(eq=False)
class OrderStillWanted(Refused):
    """ERP still waits for an order's goods from here."""

    order: str

    def __str__(self) -> str:
        return _("{order} is still to be fulfilled from this warehouse").format(order=self.order)

    @property
    def hint(self) -> str:
        return _("cancel it where it was placed: fenbu do erp.order.cancel")


@frozen(eq=False)
class NothingReserved(Refused):
    """An order holds nothing that is not released."""

    order: str

    def __str__(self) -> str:
        return _("{order} holds nothing that could be let go").format(order=self.order)

    @property
    def hint(self) -> str:
        return _("what is released is only let go when the order is cancelled: fenbu do erp.order.cancel")


@frozen(eq=False)
class ReturnTooLarge(Refused):
    """More comes back than left."""

    order: str
    line: int
    quantity: Decimal
    left: Decimal

    def __str__(self) -> str:
        return _("only {left} of line {line} of {order} can still come back, not {quantity}").format(
            line=self.line, order=self.order, left=plain(self.left), quantity=plain(self.quantity)
        )

    @property
    def hint(self) -> str:
        return _("post what else came back as a return without an order")


@frozen(eq=False)
class ReturnUnclear(Refused):
    """A line of a return does not say what came back."""

    wanted: str

    def __str__(self) -> str:
        return self.wanted

    @property
    def hint(self) -> str:
        return _("fenbu do scm.return.post --help lists the fields")


@frozen(eq=False)
class Oversold(FenbuError):
    """A conditional update of stock found less than was locked; the transaction is undone and tried again."""

    rows: int
    changed: int

    def __str__(self) -> str:
        return _("{rows} rows of stock should have changed, {changed} did").format(
            rows=self.rows, changed=self.changed
        )
