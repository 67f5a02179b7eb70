"""ERP's answers to the hooks of others: short, the rules are in the files of the nouns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from fenbu.contracts.erp import AccountFacts, ItemFacts, OpenLine
from fenbu.contracts.module import InFlight
from fenbu.hooks import hookimpl
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp import accounts, items, order_store
from fenbu_erp.lifecycles import OrderState, RequirementState
from fenbu_erp.tables import ORDER, REQUIREMENT

_WAITING = (
    select(REQUIREMENT.c.order_number, func.count().over().label("total"))
    .where(
        REQUIREMENT.c.owner == bindparam("module"),
        REQUIREMENT.c.state.in_(
            [
                RequirementState.WAITING,
                RequirementState.ANNOUNCED,
                RequirementState.PARTLY_MET,
                RequirementState.FAILED,
            ]
        ),
    )
    .order_by(REQUIREMENT.c.order_number)
    .limit(3)
)
_UNFULFILLED = (
    select(ORDER.c.number, func.count().over().label("total"))
    .where(
        ORDER.c.state == OrderState.PLACED,
        ORDER.c.fulfiller == bindparam("module"),
        ORDER.c.fulfilled + ORDER.c.cancelled < ORDER.c.ordered,
    )
    .order_by(ORDER.c.number)
    .limit(3)
)


@hookimpl
def erp_items(work: Work, after: str, limit: int) -> Sequence[ItemFacts]:
    """All items, a page at a time."""
    return items.page(work, after, limit)


@hookimpl
def erp_item_facts(work: Work, codes: Sequence[str]) -> Sequence[ItemFacts]:
    """What is known of these items."""
    return items.facts(work, codes)


@hookimpl
def erp_accounts(work: Work, after: str, limit: int) -> Sequence[AccountFacts]:
    """All accounts, a page at a time."""
    return accounts.page(work, after, limit)


@hookimpl
def erp_open_lines(work: Work, orders: Sequence[str]) -> Sequence[OpenLine]:
    """What is left to fulfil of these orders."""
    return order_store.open_lines(work, orders)


@hookimpl
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Orders that wait for a requirement of the module, or to be fulfilled by it."""
    found = []
    for kind, statement in (
        (_("orders that wait for its requirement"), _WAITING),
        (_("orders that it has to fulfil"), _UNFULFILLED),
    ):
        rows = work.execute(statement, {"module": module}).all()
        if rows:
            found.append(InFlight(kind, rows[0].total, tuple(row[0] for row in rows)))
    return found
