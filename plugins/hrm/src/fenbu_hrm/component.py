"""A component of pay as a value: what it is, by which rule, with the figures of a month."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

GROSS = "gross"
"""Stands in a base for all that is earned."""
PAY, FIXED, PERCENTAGE, EMPLOYEE = "pay", "fixed", "percentage", "employee"
EARNING, DEDUCTION, EMPLOYER = "earning", "deduction", "employer"


@frozen(kw_only=True)
class Component:
    """A component with its figures of a month."""

    code: str
    kind: str
    rule: str
    owed_to: str = ""
    base: tuple[str, ...] = ()
    prorated: bool = True
    rate: Decimal | None = None
    """A share: 0.2 is 20 per cent."""
    amount: Decimal | None = None
    ceiling: Decimal | None = None
