"""Two strangers' modules that orders wait for: a depot with stock, and a till that takes payment after it."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule

_VERBS = """
from decimal import Decimal

from pydantic import BaseModel

from fenbu import Refused
from fenbu.contracts.erp import LineQuantity, RequirementFailed, RequirementMet


class Answer(BaseModel):
    order: str
    lines: dict[int, Decimal] = {}
    reason: str = ""


def met(work, values):
    lines = tuple(LineQuantity(line=line, item="", quantity=many) for line, many in values.lines.items())
    work.publish(RequirementMet(order=values.order, requirement=NAME, lines=lines))


def failed(work, values):
    work.publish(RequirementFailed(order=values.order, requirement=NAME, reason=values.reason))
"""

_DEPOT_VERBS = """
from datetime import date

from fenbu.contracts.scm import CostedLine, GoodsDispatched

NAME = "stock"


class Shipment(Answer):
    shipment: str = "SH-1"
    day: date
    cost: Decimal = Decimal(0)


def ship(work, values):
    lines = [
        CostedLine(line=line, item="", quantity=many, cost=values.cost) for line, many in values.lines.items()
    ]
    work.publish(
        GoodsDispatched(
            order=values.order, shipment=values.shipment, day=values.day, currency="GBP", lines=tuple(lines)
        )
    )
"""


def _actions(name: str, *more: str) -> str:
    verbs = {"met": "Answer", "failed": "Answer", **({"ship": "Shipment"} if more else {})}
    told = ", ".join(
        f"Action(name='{name}.order.{verb}', title='{verb}', input='fenbu_{name}.flows:{model}', "
        f"run='fenbu_{name}.flows:{verb}')"
        for verb, model in verbs.items()
    )
    return f"({told},)"


DEPOT = DummyModule(
    name="depot",
    requires=("erp",),
    provides=("stock.reservation",),
    plugin='''
from fenbu import Refusal
from fenbu.contracts.erp import Requirement


@hookimpl
def erp_order_requirements(work, order):
    """Goods wait for stock."""
    return [Requirement("stock", "depot")] if any(line.kind == "goods" for line in order.lines) else []


@hookimpl
def erp_order_fulfiller(work, order):
    """The depot ships."""
    return "depot"


@hookimpl
def erp_order_cancellation(work, order, lines):
    """What is on the lorry cannot be called back."""
    return Refusal("it is on the lorry") if any(line.quantity == 13 for line in lines) else None
''',
    flows=_VERBS + _DEPOT_VERBS,
    manifest={"actions": _actions("depot", "ship")},
)

TILL = DummyModule(
    name="till",
    requires=("erp",),
    plugin='''
from decimal import Decimal

from fenbu import Money
from fenbu.contracts.erp import Requirement


@hookimpl
def erp_order_requirements(work, order):
    """Money is wanted before goods leave, and not before they are there."""
    return [Requirement("payment", "till", after=("stock",))]


@hookimpl
def crm_credit_limit(work, account, currency):
    """C2 may owe little."""
    return Money(Decimal(100), currency) if account == "C2" else None


@hookimpl
def erp_line_price(work, item, quantity, account, day):
    """C2 has its own price for tea."""
    return Decimal(2) if (item, account) == ("TEA", "C2") else None
''',
    flows=_VERBS + '\nNAME = "payment"\n',
    manifest={"actions": _actions("till")},
)
