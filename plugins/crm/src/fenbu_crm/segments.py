"""Segments: who buys lately, often and for much (recency, frequency, value), by the orders that CRM was told of.

Rules:

- Counted are the orders of customers known by name that were not cancelled as a whole, whatever their currency;
  the value adds up the totals with tax of those in the enterprise's own.
- Each of the three is scored from 1 to 5, 5 the best: 1 + ⌊5 × (customers with less) ÷ (all customers)⌋. These
  are fifths of the customers; those with the same score the same, so that no tie is broken by chance.
- The segment follows from recency and frequency; value stands beside it.

Recency is the day of the last order: the scores depend on the orders alone and not on the day one looks.
Source: A. M. Hughes, Strategic Database Marketing (1994), for the fifths; the grid of ten names is the usual one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, select

from fenbu.i18n import N_
from fenbu.tables import MoneyType
from fenbu.work import Work
from fenbu_crm.customers import WALK_IN
from fenbu_crm.tables import CUSTOMER, ORDER, PARTY


class Segment(StrEnum):
    """What customers are like who buy lately and often, or no longer, or seldom."""

    CHAMPIONS = N_("champions")
    LOYAL = N_("loyal")
    POTENTIAL_LOYALISTS = N_("potential_loyalists")
    NEW = N_("new")
    PROMISING = N_("promising")
    NEED_ATTENTION = N_("need_attention")
    ABOUT_TO_SLEEP = N_("about_to_sleep")
    CANNOT_LOSE = N_("cannot_lose")
    AT_RISK = N_("at_risk")
    HIBERNATING = N_("hibernating")


GRID: Mapping[Segment, tuple[tuple[int, ...], tuple[int, ...]]] = {
    #                            recency  frequency
    Segment.CHAMPIONS:           ((5,),   (4, 5)),
    Segment.LOYAL:               ((3, 4), (4, 5)),
    Segment.POTENTIAL_LOYALISTS: ((4, 5), (2, 3)),
    Segment.NEW:                 ((5,),   (1,)),
    Segment.PROMISING:           ((4,),   (1,)),
    Segment.NEED_ATTENTION:      ((3,),   (3,)),
    Segment.ABOUT_TO_SLEEP:      ((3,),   (1, 2)),
    Segment.CANNOT_LOSE:         ((1, 2), (5,)),
    Segment.AT_RISK:             ((1, 2), (3, 4)),
    Segment.HIBERNATING:         ((1, 2), (1, 2)),
}  # fmt: skip
"""Scores of recency and frequency to the segment; each of the 25 pairs stands in one of them."""


def query(work: Work) -> Select[Any]:
    """Return the select of all customers who have ordered, with their scores and segment."""
    scored = _scored(work.enterprise.currency).subquery()
    segment = case(
        *(
            (and_(scored.c.recency.in_(recency), scored.c.frequency.in_(frequency)), literal(str(name)))
            for name, (recency, frequency) in GRID.items()
        )
    )
    return select(*scored.c, segment.label("segment"))


def _scored(currency: str) -> Select[Any]:
    bought = _bought(currency).subquery()
    everybody = func.count().over()

    def score(column: Any) -> Any:
        less = func.rank().over(order_by=column) - 1
        return 1 + (5 * less) // everybody

    return select(
        *bought.c,
        score(bought.c.last_day).label("recency"),
        score(bought.c.orders).label("frequency"),
        score(bought.c.value).label("monetary"),
    )


def _bought(currency: str) -> Select[Any]:
    """Return what each customer has ordered."""
    nothing = literal(0, MoneyType())
    own = case((ORDER.c.currency == currency, ORDER.c.total), else_=nothing)
    return (
        select(
            CUSTOMER.c.number.label("customer"),
            CUSTOMER.c.kind.label("kind"),
            func.count().label("orders"),
            func.min(ORDER.c.day, type_=ORDER.c.day.type).label("first_day"),
            func.max(ORDER.c.day, type_=ORDER.c.day.type).label("last_day"),
            func.sum(own, type_=MoneyType()).label("value"),
        )
        .join_from(ORDER, PARTY, PARTY.c.party == ORDER.c.party)
        .join(CUSTOMER, CUSTOMER.c.number == PARTY.c.customer)
        .where(ORDER.c.cancelled == False, CUSTOMER.c.kind != WALK_IN)  # noqa: E712  (SQL)
        .group_by(CUSTOMER.c.number, CUSTOMER.c.kind)
    )
