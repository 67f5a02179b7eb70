"""Taxes: categories, their rates by date, and the tax of a line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, select

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.statements import upsert
from fenbu.values import Rounding, round_amount
from fenbu.work import Work
from fenbu_erp.errors import TaxRateMissing
from fenbu_erp.inputs import TaxRate
from fenbu_erp.tables import TAX_CATEGORY, TAX_RATE

UNTAXED = "none"
"""The category of what is not taxed; what an item has when nothing is said."""

_RATES = (
    select(TAX_RATE.c.category, TAX_RATE.c.rate)
    .where(TAX_RATE.c.category.in_(bindparam("categories", expanding=True)))
    .where(TAX_RATE.c.since <= bindparam("day"))
    .order_by(TAX_RATE.c.category, TAX_RATE.c.since)
)
_KNOWN = select(TAX_CATEGORY.c.code).where(TAX_CATEGORY.c.code.in_(bindparam("codes", expanding=True)))
_SAVE_CATEGORY = upsert(TAX_CATEGORY, change=("title",))
_ADD_CATEGORY = upsert(TAX_CATEGORY)
_SAVE_RATE = upsert(TAX_RATE, change=("rate",))


class SetTax(Input):
    """A category and its rate from a day on."""

    category: Code = Field(description="Code of the tax category; a new one is made")
    rate: TaxRate = Field(description="Share of the amount without tax: 0.2 is 20 %")
    since: Day | None = Field(None, description="First day of the rate; today unless given")
    title: str = Field("", max_length=200, description="What the category is called")


def set_tax(work: Work, tax: SetTax) -> dict[str, Any]:
    """Set the rate of a tax category from a day on; documents of earlier days keep theirs."""
    since = tax.since or work.today
    row = {"code": tax.category, "title": tax.title or tax.category}
    work.execute((_SAVE_CATEGORY if tax.title else _ADD_CATEGORY)[work.dialect], row)
    work.execute(_SAVE_RATE[work.dialect], {"category": tax.category, "since": since, "rate": tax.rate})
    return {"category": tax.category, "since": since, "rate": tax.rate}


def rates_on(work: Work, categories: Collection[str], day: date) -> Mapping[str, Decimal]:
    """Return the rate of each category on a day.

    Raises:
        TaxRateMissing: A category has no rate yet on that day.
    """
    if not categories:
        return {}
    rows = work.execute(_RATES, {"categories": sorted(categories), "day": day})
    rates: dict[str, Decimal] = {row.category: row.rate for row in rows}  # the latest comes last and stays
    for category in categories:
        if category not in rates:
            raise TaxRateMissing(category, day)
    return rates


def require_categories(work: Work, codes: Collection[str]) -> None:
    """Refuse codes that are no tax category (`NotFound`)."""
    known = set(work.execute(_KNOWN, {"codes": sorted(codes)}).scalars())
    for code in sorted(set(codes) - known):
        raise NotFound(_("tax category"), code, _("make it first: fenbu do erp.tax.set"))


def line_tax(amount: Decimal, rate: Decimal, currency: str, rule: Rounding) -> Decimal:
    """Return the tax of a line: amount without tax × rate, rounded once, per line."""
    return round_amount(amount * rate, currency, rule) if rate else Decimal(0)
