"""Modules of a tea house: a till that rings up orders, a kitchen that hears of them, a cellar that reads history."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule

_CONTRACTS = """
from collections.abc import Sequence

from attrs import frozen

from fenbu import Lane, Work, event, hookspec


@hookspec(kind="all", begins=True)
def till_waits_for(work: Work, order: str) -> str:
    raise NotImplementedError


@event("till.order-rung/1", lane=Lane.INFORMATION, key="order")
@frozen(kw_only=True)
class OrderRung:
    order: str
"""
_TILL = """
from fenbu_till.contracts import OrderRung, till_waits_for
from pydantic import BaseModel


class Ring(BaseModel):
    order: str


def ring(work, values):
    waits = work.ask(till_waits_for, order=values.order)
    work.publish(OrderRung(order=values.order))
    return {"waits": sorted(waits)}
"""

TILL = DummyModule(
    name="till",
    provides=("sales.orders",),
    flows=_TILL,
    files={"contracts.py": _CONTRACTS},
    manifest={
        "contracts": "('fenbu_till.contracts',)",
        "actions": "(Action(name='till.order.ring', title='', input='fenbu_till.flows:Ring', "
        "run='fenbu_till.flows:ring'),)",
    },
)

_HEARS = """
from fenbu_till.contracts import OrderRung
from sqlalchemy import text


def rung(work, event: OrderRung) -> None:
    work.execute(text("INSERT INTO {name}_heard (label) VALUES (:label)"), {{"label": event.order}})
"""
_ASKED = """
from fenbu.contracts.module import InFlight
from sqlalchemy import text


@hookimpl
def till_waits_for(work, order):
    return "{name}"


@hookimpl
def module_in_flight(work, module):
    count = work.execute(text("SELECT count(*) FROM {name}_open")).scalar_one()
    return [InFlight("pots on the stove", count)] if module == "{name}" else []
"""


def hearer(name: str, history: str) -> DummyModule:
    """Return a module that hears of orders and that every order waits for, by its name."""
    return DummyModule(
        name=name,
        requires=("capability:sales.orders",),
        tables=("heard", "open"),
        plugin=_ASKED.format(name=name),
        flows=_HEARS.format(name=name),
        manifest={
            "subscriptions": f"(Subscription('{name}.orders', history='{history}', "
            f"on={{'till.order-rung/1': 'fenbu_{name}.flows:rung'}}),)"
        },
    )


KITCHEN = hearer("kitchen", "from_now")
CELLAR = hearer("cellar", "catch_up")
