"""The arithmetic of pay: what a month comes to for one employee, line by line; no database here.

Rules, each named where it is set:

- **Pro rata** (setting `proration`): a month's pay is divided by its calendar days (pay accrues from day to day:
  Apportionment Act 1870, s. 2), or by its working days, and multiplied by those of the part that was worked.
- **By the hour**: an hourly pay becomes a month's by the hours of a full week × 52 ÷ 12 (the common year of 2,080
  hours at 40 a week).
- **Rounding** (setting `rounding`): each component of each part of the month is rounded once, to the currency's
  minor unit; what is split over departments is split so that the parts add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction

from attrs import field, frozen

from fenbu.values import Rounding, allocate, round_amount
from fenbu_hrm.component import (
    DEDUCTION,
    EARNING,
    EMPLOYEE,
    EMPLOYER,
    FIXED,
    GROSS,
    PAY,
    Component,
)

ZERO = Decimal(0)
_WIDE = Context(prec=60)
_WEEKS, _MONTHS = 52, 12

Place = tuple[str, str]
"""Department and cost centre."""


@frozen(kw_only=True)
class Part:
    """A part of a month in which nothing changed for somebody: department, hours, pay."""

    employee: str
    department: str
    cost_centre: str
    fte: Decimal
    basis: str
    pay: Decimal
    days: int
    """Of the kind by which the month is divided."""

    @property
    def place(self) -> Place:
        """Where its costs are counted."""
        return self.department, self.cost_centre


@frozen(kw_only=True)
class Rules:
    """How this enterprise calculates."""

    currency: str
    of_days: int
    """Days of the whole month, calendar or working days."""
    weekly_hours: Decimal
    rounding: Rounding = Rounding.HALF_UP


@frozen(kw_only=True)
class Line:
    """One component of a payslip in one department."""

    employee: str
    component: str
    kind: str
    owed_to: str
    department: str
    cost_centre: str
    days: int
    of_days: int
    amount: Decimal


def _lines(given: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(given)


@frozen
class Payslip:
    """What a month comes to for one employee."""

    employee: str
    lines: Sequence[Line] = field(converter=_lines)

    def total(self, kind: str) -> Decimal:
        """Add up the lines of a kind."""
        return sum((line.amount for line in self.lines if line.kind == kind), ZERO)

    @property
    def gross(self) -> Decimal:
        """What is earned."""
        return self.total(EARNING)

    @property
    def deductions(self) -> Decimal:
        """What is withheld of it."""
        return self.total(DEDUCTION)

    @property
    def employer(self) -> Decimal:
        """What the employer adds beside it."""
        return self.total(EMPLOYER)

    @property
    def net(self) -> Decimal:
        """What is left."""
        return self.gross - self.deductions


def calculate(
    parts: Sequence[Part], components: Iterable[Component], own: Mapping[str, Decimal], rules: Rules
) -> Payslip:
    """Return the payslip of one employee for one month.

    Args:
        parts: Parts of the month in which somebody worked here, in order; at least one.
        components: With the month's figures, in their order; what is earned is calculated before the rest.
        own: Component to the employee's own amount of a month.
        rules: Of the enterprise.
    """
    slip = _Slip(parts, rules, own)
    ordered = list(components)
    for component in [one for one in ordered if one.kind == EARNING]:
        slip.add(component)
    for component in [one for one in ordered if one.kind != EARNING]:
        slip.add(component)
    return Payslip(parts[0].employee, slip.lines)


def monthly(part: Part, weekly_hours: Decimal) -> Fraction:
    """Return what a whole month of a part is worth, exactly."""
    pay = Fraction(part.pay) * Fraction(part.fte)
    return pay if part.basis == "month" else pay * Fraction(weekly_hours) * _WEEKS / _MONTHS


class _Slip:
    """A payslip in the making."""

    def __init__(self, parts: Sequence[Part], rules: Rules, own: Mapping[str, Decimal]) -> None:
        self._parts, self._rules, self._own = parts, rules, own
        self._sums: dict[str, Decimal] = {}
        self._earned: dict[Place, Decimal] = {}
        self.lines: list[Line] = []

    def add(self, component: Component) -> None:
        if component.rule == PAY:
            for part in self._parts:
                amount = self._rounded(monthly(part, self._rules.weekly_hours) * self._share(part.days))
                self._line(component, part.place, amount, part.days)
            return
        amount = self._rounded(self._exact(component))
        for place, share in self._split(amount):
            self._line(component, place, share, self._days_at(place))

    def _exact(self, component: Component) -> Fraction:
        share = self._share(sum(part.days for part in self._parts)) if component.prorated else Fraction(1)
        if component.rule == FIXED:
            return Fraction(component.amount or ZERO) * share
        if component.rule == EMPLOYEE:
            return Fraction(self._own.get(component.code, ZERO)) * share
        base = Fraction(sum((self._of(code) for code in component.base), ZERO))
        if component.ceiling is not None:
            base = min(base, Fraction(component.ceiling) * share)
        return base * Fraction(component.rate or ZERO)

    def _of(self, code: str) -> Decimal:
        if code == GROSS:
            return sum(self._earned.values(), ZERO)
        return self._sums.get(code, ZERO)

    def _share(self, days: int) -> Fraction:
        """Return the share of the month that so many days are; none of a month without days."""
        return Fraction(days, self._rules.of_days) if self._rules.of_days else Fraction(0)

    def _days_at(self, place: Place) -> int:
        return sum(part.days for part in self._parts if part.place == place)

    def _split(self, amount: Decimal) -> list[tuple[Place, Decimal]]:
        """Split an amount over the places of the month by what was earned there, else by days."""
        if not amount:
            return []
        places = list(dict.fromkeys(part.place for part in self._parts))
        if len(places) == 1:
            return [(places[0], amount)]
        weights = [self._earned.get(place, ZERO) for place in places]
        if not any(weights):
            weights = [Decimal(self._days_at(place)) for place in places]
        if not any(weights):
            return [(places[-1], amount)]
        return list(zip(places, allocate(amount, weights, self._rules.currency), strict=True))

    def _line(self, component: Component, place: Place, amount: Decimal, days: int) -> None:
        if not amount:
            return
        department, cost_centre = place
        self._sums[component.code] = self._sums.get(component.code, ZERO) + amount
        if component.kind == EARNING:
            self._earned[place] = self._earned.get(place, ZERO) + amount
        self.lines.append(
            Line(
                employee=self._parts[0].employee,
                component=component.code,
                kind=component.kind,
                owed_to=component.owed_to,
                department=department,
                cost_centre=cost_centre,
                days=days,
                of_days=self._rules.of_days,
                amount=amount,
            )
        )

    def _rounded(self, amount: Fraction) -> Decimal:
        exact = _WIDE.divide(Decimal(amount.numerator), Decimal(amount.denominator))
        return round_amount(exact, self._rules.currency, self._rules.rounding)


def days_in(first: date, ends: date, since: date, until: date | None) -> tuple[date, date]:
    """Return the part of a month that an interval covers: first day and the first day after it."""
    return max(first, since), ends if until is None else min(ends, until)
