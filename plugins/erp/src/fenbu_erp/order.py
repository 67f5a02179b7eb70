"""An order in hand: its lines and what may happen to their quantities. No database here.

Invariant of each line: 0 ≤ credited ≤ invoiced ≤ fulfilled ≤ released ≤ quantity - cancelled.
A line's amount and tax are split over its fulfilments and credits so that the parts add up exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from attrs import define, field, frozen

from fenbu.contracts.erp import DraftOrder, LineQuantity, OrderLine
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.values import Rounding, round_amount
from fenbu_erp.errors import NothingLeft, QuantityTooLarge
from fenbu_erp.lifecycles import OrderState

ZERO = Decimal(0)
GOODS = "goods"
BY_HAND = "erp"
"""Fulfiller of an order that no other module fulfils."""


@define
class Line:
    """One line with what has happened to it."""

    line: int
    item: str
    title: str
    kind: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    tax_category: str
    tax_rate: Decimal
    tax: Decimal
    released: Decimal = ZERO
    fulfilled: Decimal = ZERO
    invoiced: Decimal = ZERO
    cancelled: Decimal = ZERO
    credited: Decimal = ZERO
    changed: bool = False

    @property
    def wanted(self) -> Decimal:
        """What was ordered and not cancelled."""
        return self.quantity - self.cancelled

    @property
    def to_release(self) -> Decimal:
        """What waits for requirements."""
        return self.wanted - self.released

    @property
    def to_fulfil(self) -> Decimal:
        """What is released and not handed over."""
        return self.released - self.fulfilled

    @property
    def rest(self) -> Decimal:
        """What is not fulfilled yet."""
        return self.wanted - self.fulfilled

    def part(self, done: Decimal, quantity: Decimal, currency: str) -> Part:
        """Return a quantity's share of amount and tax, `done` having had theirs."""
        return Part(
            self,
            quantity,
            share(self.amount, done, quantity, self.quantity, currency),
            share(self.tax, done, quantity, self.quantity, currency),
        )


@frozen
class Part:
    """A quantity of a line with its share of the line's amount and tax."""

    line: Line
    quantity: Decimal
    amount: Decimal
    tax: Decimal


@frozen
class Fulfilment:
    """Quantities handed over together."""

    number: int
    day: date
    fulfiller: str
    reference: str
    parts: tuple[Part, ...]
    currency: str

    @property
    def amount(self) -> Decimal:
        """With tax."""
        return round_amount(sum((part.amount + part.tax for part in self.parts), ZERO), self.currency)


@define
class Head:
    """An order as its own row tells it, without its lines: enough to settle what was invoiced of it."""

    number: str
    state: str
    account: str
    currency: str
    billed: Decimal
    settled: Decimal
    ordered: Decimal
    fulfilled: Decimal
    invoiced: Decimal
    cancelled: Decimal

    def open_axis(self) -> tuple[str, str] | None:
        """Return the first axis that is not settled with its state, or None when all are."""
        if self.state == OrderState.CANCELLED:
            return None
        if self.ordered - self.cancelled > self.fulfilled:
            return _("fulfilment"), _("part") if self.fulfilled else _("open")
        if self.fulfilled > self.invoiced:
            return _("invoicing"), _("part") if self.invoiced else _("open")
        if self.settled < self.billed:
            return _("payment"), _("part") if self.settled else _("open")
        return None


@define
class Order:
    """An order with its lines."""

    number: str
    state: str
    account: str
    channel: str
    reference: str
    day: date
    currency: str
    rate: Decimal
    ship: str
    fulfiller: str
    net: Decimal
    tax: Decimal
    total: Decimal
    total_own: Decimal
    placed_at: datetime
    placed_by: str
    billed: Decimal = ZERO
    settled: Decimal = ZERO
    fulfilments: int = 0
    lines: list[Line] = field(factory=list)
    handed_over: list[Fulfilment] = field(factory=list)
    """Fulfilments of this work, not stored yet."""
    stored: Mapping[str, Any] = field(factory=dict)
    """What its row keeps of what may change."""

    @property
    def goods(self) -> list[Line]:
        """The lines that can be stocked."""
        return [line for line in self.lines if line.kind == GOODS]

    def line(self, number: int) -> Line:
        """Return a line by its position; `NotFound` when there is none."""
        if not 1 <= number <= len(self.lines):
            raise NotFound(
                _("line"),
                _("{line} of {order}").format(line=number, order=self.number),
                _("{order} has lines 1 to {last}: fenbu show erp.order-lines --where order={order}").format(
                    order=self.number, last=len(self.lines)
                ),
            )
        return self.lines[number - 1]

    def business_day(self, today: date, zone: tzinfo) -> date:
        """Return the business date of what happens to the order today.

        An order entered late keeps its distance: what happens two days after it was entered is dated two
        days after its own date.
        """
        return self.day + (today - self.placed_at.astimezone(zone).date())

    def draft(self) -> DraftOrder:
        """Return the order as hooks see it."""
        return DraftOrder(
            number=self.number,
            account=self.account,
            channel=self.channel,
            day=self.day,
            currency=self.currency,
            total=self.total,
            ship=self.ship,
            lines=self.rest_lines(),
        )

    def rest_lines(self) -> tuple[OrderLine, ...]:
        """Return what is not fulfilled yet, as other modules need to know it."""
        return tuple(
            OrderLine(
                line=line.line,
                item=line.item,
                kind=line.kind,
                quantity=line.rest,
                unit_price=line.unit_price,
                amount=share(line.amount, line.fulfilled, line.rest, line.quantity, self.currency),
            )
            for line in self.lines
            if line.rest
        )

    def release(self, cleared: Mapping[int, Decimal]) -> list[LineQuantity]:
        """Release what is cleared and not released yet.

        Args:
            cleared: Line to the quantity that all requirements have cleared so far, in total.

        Returns:
            What this released.
        """
        released = []
        for line in self.lines:
            quantity = min(cleared.get(line.line, ZERO), line.wanted) - line.released
            if quantity > 0:
                line.released += quantity
                line.changed = True
                released.append(LineQuantity(line=line.line, item=line.item, quantity=quantity))
        return released

    def fulfil(
        self, quantities: Mapping[int, Decimal], day: date, fulfiller: str, reference: str = ""
    ) -> Fulfilment:
        """Record that quantities were handed over.

        Args:
            quantities: Line to quantity, each above zero.
            day: Business date of the handing over.
            fulfiller: The module that did it, or `BY_HAND`.
            reference: Number of the shipment, if any.

        Raises:
            QuantityTooLarge: More than is released and not fulfilled.
        """
        parts = []
        for number, quantity in sorted(quantities.items()):
            line = self.line(number)
            if quantity > line.to_fulfil:
                raise QuantityTooLarge(self.number, number, _("fulfil"), quantity, line.to_fulfil)
            parts.append(line.part(line.fulfilled, quantity, self.currency))
            line.fulfilled += quantity
            line.changed = True
        self.fulfilments += 1
        done = Fulfilment(self.fulfilments, day, fulfiller, reference, tuple(parts), self.currency)
        self.handed_over.append(done)
        return done

    def services_due(self, *, with_goods: bool) -> dict[int, Decimal]:
        """Return the released services to be fulfilled now.

        Args:
            with_goods: Services wait for the first goods, if there are any. A discount (a service with a
                negative price) waits for them always.
        """
        waits = any(line.wanted for line in self.goods) and not any(line.fulfilled for line in self.goods)
        return {
            line.line: line.to_fulfil
            for line in self.lines
            if line.kind != GOODS and line.to_fulfil and not (waits and (with_goods or line.unit_price < 0))
        }

    def invoice(self, parts: Iterable[Part]) -> None:
        """Record that fulfilled quantities were invoiced."""
        for part in parts:
            part.line.invoiced += part.quantity
            part.line.changed = True
            self.billed += part.amount + part.tax

    def credit(self, quantities: Mapping[int, Decimal]) -> list[Part]:
        """Record that invoiced quantities are credited, and return them with their amounts.

        Raises:
            QuantityTooLarge: More than is invoiced and not credited.
        """
        parts = []
        for number, quantity in sorted(quantities.items()):
            line = self.line(number)
            left = line.invoiced - line.credited
            if quantity > left:
                raise QuantityTooLarge(self.number, number, _("credit"), quantity, left)
            parts.append(line.part(line.credited, quantity, self.currency))
            line.credited += quantity
            line.changed = True
        return parts

    def what_is_left(self) -> list[LineQuantity]:
        """Return what a cancellation would cancel: all that is not fulfilled.

        Raises:
            NothingLeft: All is fulfilled or cancelled.
        """
        left = [
            LineQuantity(line=line.line, item=line.item, quantity=line.rest)
            for line in self.lines
            if line.rest
        ]
        if not left:
            raise NothingLeft(self.number, _("cancel"))
        return left

    def cancel_rest(self) -> None:
        """Record that what is not fulfilled never will be."""
        for line in self.lines:
            if line.rest:
                line.cancelled += line.rest
                line.released = line.fulfilled
                line.changed = True

    def take_back(self) -> None:
        """Undo the release of what is not fulfilled, to assess it anew."""
        for line in self.lines:
            if line.to_fulfil:
                line.released = line.fulfilled
                line.changed = True

    def sums(self) -> dict[str, Decimal]:
        """Return the sums of the lines' quantities, as the order's row keeps them."""
        ordered = released = fulfilled = invoiced = cancelled = credited = ZERO
        for line in self.lines:
            ordered += line.quantity
            released += line.released
            fulfilled += line.fulfilled
            invoiced += line.invoiced
            cancelled += line.cancelled
            credited += line.credited
        return {
            "ordered": ordered,
            "released": released,
            "fulfilled": fulfilled,
            "invoiced": invoiced,
            "cancelled": cancelled,
            "credited": credited,
        }

    @property
    def rest_total(self) -> Decimal:
        """What is not fulfilled yet is worth, with tax."""
        parts = (line.part(line.fulfilled, line.rest, self.currency) for line in self.lines)
        return round_amount(sum((part.amount + part.tax for part in parts), ZERO), self.currency)

    def head(self) -> Head:
        """Return the order without its lines, as it stands now."""
        s = self.sums()
        return Head(
            number=self.number,
            state=self.state,
            account=self.account,
            currency=self.currency,
            billed=self.billed,
            settled=self.settled,
            ordered=s["ordered"],
            fulfilled=s["fulfilled"],
            invoiced=s["invoiced"],
            cancelled=s["cancelled"],
        )

    def open_axis(self) -> tuple[str, str] | None:
        """Return the first axis that is not settled with its state, or None when all are."""
        return self.head().open_axis()


def share(total: Decimal, done: Decimal, quantity: Decimal, whole: Decimal, currency: str) -> Decimal:
    """Return a quantity's share of a total, so that the shares of all quantities add up to it.

    Each share is the difference of two rounded running totals; the rule is fixed, so that a setting that
    changes between two shares leaves no penny over.
    """
    if done == 0 and quantity == whole:
        return round_amount(total, currency, Rounding.HALF_UP)
    before = round_amount(total * done / whole, currency, Rounding.HALF_UP)
    return round_amount(total * (done + quantity) / whole, currency, Rounding.HALF_UP) - before
