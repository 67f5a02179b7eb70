"""What an order waits for, in hand: which requirement is announced next, which quantities are cleared.

No database here. The set is frozen when the order is placed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from attrs import define, field

from fenbu.contracts.erp import Requirement
from fenbu_erp.errors import RequirementsCircular
from fenbu_erp.lifecycles import REQUIREMENT, RequirementState
from fenbu_erp.order import GOODS, ZERO, Order

PARTIAL = "partial"

_WHOLE = frozenset({RequirementState.MET, RequirementState.WAIVED})


@define
class Needed:
    """A requirement of one order."""

    order_number: str
    name: str
    owner: str
    after: Sequence[str]
    state: str = RequirementState.WAITING
    reason: str = ""
    met: dict[int, Decimal] = field(factory=dict)
    """Line to the quantity cleared so far, where the owner names quantities."""
    changed: bool = False
    met_anew: bool = False
    """What was cleared before does not count any more."""

    @property
    def open(self) -> bool:
        """It may hold the order back."""
        return self.state not in (*_WHOLE, RequirementState.DROPPED)

    def move(self, verb: str, reason: str = "") -> None:
        """Go where the verb leads; `TransitionRefused` when the state does not allow it."""
        self.state = REQUIREMENT.next(self.state, verb, f"{self.name} of {self.order_number}")
        self.reason = reason
        self.changed = True

    def meet(self, order: Order, quantities: Mapping[int, Decimal]) -> None:
        """Record that the requirement is met: for these quantities more, or wholly when none are named."""
        for line, quantity in quantities.items():
            self.met[line] = self.met.get(line, ZERO) + quantity
        short = quantities and any(self.met.get(line.line, ZERO) < line.wanted for line in order.goods)
        self.move("meet-part" if short else "meet")

    def fail(self, order: Order, reason: str) -> None:
        """Record that the requirement cannot be met; only what was released stays cleared."""
        self.move("fail", reason)
        self.forget(order)

    def forget(self, order: Order) -> None:
        """Let only what is released count as cleared; what is named from now on comes on top of it."""
        self.met = {line.line: line.released for line in order.goods if line.released}
        self.met_anew = True

    def cleared(self, order: Order) -> dict[int, Decimal]:
        """Return the quantity of each line that this requirement does not hold back (any more).

        Quantities are named for goods; services go as soon as something does.
        """
        if self.state in _WHOLE:
            return {line.line: line.wanted for line in order.lines}
        if self.state != RequirementState.PARTLY_MET:
            return {}
        return {
            line.line: self.met.get(line.line, ZERO) if line.kind == GOODS else line.wanted
            for line in order.lines
        }


def joined(order: Order, answers: Sequence[Sequence[Requirement]]) -> list[Needed]:
    """Join the modules' answers to the set that is frozen with the order.

    Raises:
        RequirementsCircular: Some wait for each other, so they would wait for ever.
    """
    named = {one.name: one for answer in answers for one in answer}
    graph = {name: [other for other in one.after if other in named] for name, one in named.items()}
    try:
        ordered = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise RequirementsCircular(error.args[1]) from None
    return [Needed(order.number, name, named[name].owner, named[name].after) for name in ordered]


def announceable(order: Order, needed: Sequence[Needed]) -> list[Needed]:
    """Return the requirements that wait and whose predecessors are met.

    A predecessor that is met for some quantities counts when the order may leave in parts.
    """
    states = {one.name: one.state for one in needed}
    enough = _WHOLE | ({RequirementState.PARTLY_MET} if order.ship == PARTIAL else frozenset())
    return [
        one
        for one in needed
        if one.state == RequirementState.WAITING
        and all(states[name] in enough for name in one.after if name in states)
    ]


def cleared(order: Order, needed: Sequence[Needed]) -> dict[int, Decimal]:
    """Return line to the quantity that every requirement has cleared; all when there are none."""
    live = [one.cleared(order) for one in needed if one.state != RequirementState.DROPPED]
    free = {
        line.line: min([line.wanted, *(one.get(line.line, ZERO) for one in live)]) for line in order.lines
    }
    if order.ship != PARTIAL and any(free[line.line] < line.wanted for line in order.lines):
        return {}
    return free
