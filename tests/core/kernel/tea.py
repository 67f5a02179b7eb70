"""A small module for the kernel's tests: pots are brewed, guests are told."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule

CONTRACT = '''"""What tea says to other modules."""

from decimal import Decimal

from attrs import frozen

from fenbu import Lane, event, hookspec


@event("tea.pot-brewed/1", lane=Lane.GOODS, key="pot", about={"pot": "pot"}, says="pot {pot} was brewed")
@frozen(kw_only=True)
class PotBrewed:
    pot: str
    litres: Decimal


@event("tea.pot-cold/1", lane=Lane.GOODS, key="pot", about={"pot": "pot"}, says="pot {pot} has gone cold")
@frozen(kw_only=True)
class PotCold:
    pot: str


@hookspec(kind="all")
def tea_ingredients(work, pot: str) -> str:
    """Say what else must go into a pot."""
    raise NotImplementedError
'''

VERBS = '''
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from fenbu import Refused
from fenbu_tea.contract import PotBrewed, PotCold, tea_ingredients


class Brew(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pot: str
    litres: Decimal = Decimal(1)


def brew(work, values):
    """Brew a pot with whatever other modules put in."""
    ingredients = work.ask(tea_ingredients, pot=values.pot)
    label = " ".join([values.pot, *ingredients])
    work.execute(text("INSERT INTO tea_pot (label) VALUES (:label)"), {"label": label})
    work.publish(PotBrewed(pot=values.pot, litres=values.litres))
    if values.litres > 9:
        raise Refused("no pot is that large")
    return {"pot": values.pot, "number": work.number("pot"), "litres": values.litres}


def warm(work, values):
    """Let a pot cool down for an hour, and drink it before: publish, cancel, publish again in one work."""
    work.publish(PotCold(pot=values.pot), not_before=work.now + timedelta(hours=1))
    cancelled = work.cancel_timers("tea.pot-cold/1", values.pot)
    work.publish(PotBrewed(pot=values.pot + " again", litres=values.litres))
    return {"cancelled": cancelled}


def drink(work, values):
    """Drink a pot, which needs the network, which is not allowed."""
    import socket

    socket.create_connection(("127.0.0.1", 9))


def steal(work, values):
    """Write into a table of the kernel."""
    work.execute(text("UPDATE fenbu_enterprise SET name = 'mine'"))


def noted(work, event: PotBrewed) -> None:
    work.execute(text("INSERT INTO tea_note (label) VALUES (:label)"), {"label": event.pot})


def cold(work, event: PotCold) -> None:
    work.execute(text("INSERT INTO tea_note (label) VALUES (:label)"), {"label": event.pot + " is cold"})
'''

ACTIONS = """(
    Action(name="tea.pot.brew", title="Brew", input="fenbu_tea.verbs:Brew", run="fenbu_tea.verbs:brew", subject="pot"),
    Action(name="tea.pot.warm", title="Warm", input="fenbu_tea.verbs:Brew", run="fenbu_tea.verbs:warm"),
    Action(name="tea.pot.drink", title="Drink", input="fenbu_tea.verbs:Brew", run="fenbu_tea.verbs:drink"),
    Action(name="tea.pot.steal", title="Steal", input="fenbu_tea.verbs:Brew", run="fenbu_tea.verbs:steal"),
)"""

SUBSCRIPTIONS = """(
    Subscription(
        "tea.notes",
        {"tea.pot-brewed/1": "fenbu_tea.verbs:noted", "tea.pot-cold/1": "fenbu_tea.verbs:cold"},
    ),
)"""

TEA = DummyModule(
    name="tea",
    tables=("pot", "note"),
    manifest={
        "actions": ACTIONS,
        "contracts": "('fenbu_tea.contract',)",
        "subscriptions": SUBSCRIPTIONS,
    },
    files={"contract.py": CONTRACT, "verbs.py": VERBS},
)

SUGAR = DummyModule(
    name="sugar",
    tables=("lump",),
    requires=("tea",),
    plugin='''
@hookimpl
def tea_ingredients(work, pot):
    """A lump for every pot."""
    return "sugar"
''',
    flows="""
from sqlalchemy import text
from fenbu_tea.contract import PotBrewed


def lump(work, event: PotBrewed) -> None:
    work.execute(text("INSERT INTO sugar_lump (label) VALUES (:label)"), {"label": event.pot})
""",
    manifest={
        "subscriptions": "(Subscription('sugar.lumps', {'tea.pot-brewed/1': 'fenbu_sugar.flows:lump'}),)",
    },
)
