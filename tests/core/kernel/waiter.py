"""A module for what a transaction writes last: a waiter serves a cup of every pot, and somebody drinks it."""

from __future__ import annotations

from fenbu.testing.dummies import DummyModule

_CONTRACT = '''"""What a waiter says and asks."""

from attrs import frozen

from fenbu import Lane, event, hookspec


@event("waiter.cup-served/1", lane=Lane.GOODS, key="pot", about={"cup": "cup"}, says="cup {cup} was served")
@frozen(kw_only=True)
class CupServed:
    cup: str
    pot: str


@hookspec(kind="gather", writes=True)
def waiter_extras(work, pot: str) -> str:
    """Bring what else belongs to a cup."""
    raise NotImplementedError
'''

_FLOWS = """
from sqlalchemy import text
from fenbu import Refused
from fenbu_tea.contract import PotBrewed
from fenbu_waiter.contract import CupServed, waiter_extras

CUP = text("INSERT INTO waiter_cup (label) VALUES (:label)")
DRUNK = text("INSERT INTO waiter_drunk (label) VALUES (:label)")


def serve(work, event: PotBrewed) -> None:
    number = work.number("cup")
    work.publish(CupServed(cup=f"C-{number}", pot=event.pot))
    if event.pot.startswith("watched"):
        work.execute(CUP, {"label": f"{number:02} {work.waiting()}"})
    if not event.pot.startswith("plain"):
        work.ask(waiter_extras, pot=event.pot)
    if event.pot == "bitter":
        raise Refused("too bitter")


def drink(work, event: CupServed) -> None:
    drink_all(work, [(work.event, event)])


def drink_all(work, served) -> None:
    work.execute(DRUNK, [{"label": f"{event.cup} of {envelope.key}"} for envelope, event in served])
    if any(event.pot == "hot" for _envelope, event in served):
        raise Refused("burnt")


def refill_all(work, served) -> None:
    drink_all(work, served)
    work.publish(CupServed(cup="C-0", pot="again"))


def nothing(work, events) -> None:
    pass
"""

_SERVES = """Subscription(
    "waiter.serves", {"tea.pot-brewed/1": "fenbu_waiter.flows:serve"}, locks="fenbu_waiter.flows:nothing", attempts=1
)"""


def waiter(together: str = "") -> DummyModule:
    """Return the waiter, whose guests drink one by one, or together by a function of its flows."""
    more = f', together="fenbu_waiter.flows:{together}"' if together else ""
    drinks = f"""Subscription(
        "waiter.drinks", {{"waiter.cup-served/1": "fenbu_waiter.flows:drink"}}, locks="fenbu_waiter.flows:nothing",
        attempts=1{more}
    )"""
    return DummyModule(
        name="waiter",
        requires=("tea",),
        tables=("cup", "drunk"),
        flows=_FLOWS,
        manifest={"contracts": "('fenbu_waiter.contract',)", "subscriptions": f"({_SERVES}, {drinks})"},
        files={"contract.py": _CONTRACT},
    )


CLUMSY = DummyModule(
    name="clumsy",
    requires=("waiter",),
    plugin='''
from fenbu_waiter.contract import CupServed


@hookimpl
def waiter_extras(work, pot):
    """A biscuit of its own, dropped with some pots."""
    work.publish(CupServed(cup=f"biscuit {work.number('biscuit')}", pot=pot))
    if pot == "slippery":
        raise RuntimeError("dropped")
''',
)
"""Answers the waiter, and sometimes fails after it has published and taken a number."""
