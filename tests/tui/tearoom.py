"""A tea room whose till is told of every pot: strangers' modules, and deliveries that die until mended."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule

CONTRACT = '''"""What tea says to other modules."""

from decimal import Decimal

from attrs import frozen

from fenbu import Lane, event


@event("tea.pot-brewed/1", lane=Lane.GOODS, key="pot", about={"pot": "pot"}, says="pot {pot} of {leaf} was brewed")
@frozen(kw_only=True)
class PotBrewed:
    pot: str
    leaf: str


@event("till.pot-charged/1", lane=Lane.CAPITAL, key="pot", about={"pot": "pot"}, says="pot {pot} costs {price}")
@frozen(kw_only=True)
class PotCharged:
    pot: str
    price: str
'''
TEA = DummyModule(
    name="tea",
    tables=("pot",),
    manifest={
        "actions": "(Action(name='tea.pot.brew', title='Brew', input='fenbu_tea.verbs:Brew',"
        " run='fenbu_tea.verbs:brew', subject='pot'),)",
        "contracts": "('fenbu_tea.contract',)",
        "metrics": "'fenbu_tea.views:METRICS'",
        "views": "'fenbu_tea.views:VIEWS'",
    },
    files={
        "contract.py": CONTRACT,
        "views.py": """
from sqlalchemy import column, func, select, table

from fenbu import Column, Metric, View

_POT = table("tea_pot", column("id"), column("label"))


def _pots(work):
    return work.execute(select(func.count()).select_from(_POT)).scalar()


def _steam(work):
    raise RuntimeError("the kettle is cold")


VIEWS = (
    View(
        name="tea.pots",
        title="Pots",
        query=lambda work: select(_POT.c.label.label("pot")),
        columns=(Column("pot", "Pot"),),
        key=("pot",),
        record="pot",
    ),
)
METRICS = (
    Metric(name="tea.brewed", title="Pots brewed", unit="count", definition="Every pot that was ever brewed.",
           value=_pots, drill="tea.pots"),
    Metric(name="tea.steam", title="Steam", unit="percent", definition="How hot it is.", value=_steam),
)
""",
        "verbs.py": '''
from pydantic import BaseModel
from sqlalchemy import text

from fenbu_tea.contract import PotBrewed


class Brew(BaseModel):
    pot: str
    leaf: str = "keemun"


def brew(work, values):
    """Brew a pot."""
    work.execute(text("INSERT INTO tea_pot (label) VALUES (:label)"), {"label": values.pot})
    work.publish(PotBrewed(pot=values.pot, leaf=values.leaf))
    return {"pot": values.pot}
''',
    },
)
TILL = DummyModule(
    name="till",
    tables=("price", "charge"),
    requires=("tea",),
    manifest={
        "actions": "(Action(name='till.price.set', title='Set a price', input='fenbu_till.flows:Price',"
        " run='fenbu_till.flows:set_price'),)",
        "subscriptions": "(Subscription('till.pots', {'tea.pot-brewed/1': 'fenbu_till.flows:charge'},"
        " attempts=1, title='Charge every pot'),)",
    },
    flows='''
from pydantic import BaseModel
from sqlalchemy import text

from fenbu_tea.contract import PotBrewed, PotCharged


class Price(BaseModel):
    leaf: str


class NoPrice(Exception):
    pass


def set_price(work, values):
    """Say what a leaf costs."""
    work.execute(text("INSERT INTO till_price (label) VALUES (:label)"), {"label": values.leaf})


def charge(work, event: PotBrewed) -> None:
    found = work.execute(text("SELECT label FROM till_price WHERE label = :leaf"), {"leaf": event.leaf}).scalar()
    if found is None:
        raise NoPrice(f"the leaf {event.leaf} has no price")
    work.execute(text("INSERT INTO till_charge (label) VALUES (:label)"), {"label": event.pot})
    work.publish(PotCharged(pot=event.pot, price="4.20"))
''',
)


def open_tearoom(url: str) -> None:
    """Found a tea room in a new database, with tea and till enabled and a price for keemun."""
    from fenbu.engine.kernel import Kernel

    with Kernel.init(url, name="Tea room", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea", "till"]})
        kernel.perform("till.price.set", {"leaf": "keemun"})
