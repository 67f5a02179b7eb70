"""Transition tables of ERP's documents. States are participles, actions are verbs."""

from __future__ import annotations

from enum import StrEnum

from fenbu.lifecycle import Lifecycle, Transition


class OrderState(StrEnum):
    """Where an order stands; how far it has come is told by its three axes."""

    PLACED = "placed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


ORDER = Lifecycle(
    name="erp.order",
    states=OrderState,
    initial=OrderState.PLACED,
    terminal=frozenset({OrderState.CLOSED, OrderState.CANCELLED}),
    table=(
        #          verb                 from               to
        Transition("fulfil",            OrderState.PLACED, OrderState.PLACED),
        Transition("waive-requirement", OrderState.PLACED, OrderState.PLACED),
        Transition("reassess",          OrderState.PLACED, OrderState.PLACED),
        Transition("cancel-rest",       OrderState.PLACED, OrderState.PLACED),
        Transition("cancel",            OrderState.PLACED, OrderState.CANCELLED),
        Transition("close",             OrderState.PLACED, OrderState.CLOSED),
    ),
)  # fmt: skip


class RequirementState(StrEnum):
    """Where a requirement of an order stands."""

    WAITING = "waiting"
    """For the requirements it comes after."""
    ANNOUNCED = "announced"
    """Its owner was told and is at work."""
    PARTLY_MET = "partly_met"
    """For some quantities."""
    FAILED = "failed"
    """Its owner cannot meet it, or not any more: a reservation lapsed, an authorisation expired."""
    MET = "met"
    WAIVED = "waived"
    """An operator decided that the order goes on without it."""
    DROPPED = "dropped"
    """The order was cancelled or assessed anew."""


_R = RequirementState

REQUIREMENT = Lifecycle(
    name="erp.requirement",
    states=RequirementState,
    initial=_R.WAITING,
    terminal=frozenset({_R.WAIVED, _R.DROPPED}),
    table=(
        #          verb          from           to
        Transition("announce",   _R.WAITING,    _R.ANNOUNCED),
        Transition("meet",       _R.ANNOUNCED,  _R.MET),
        Transition("meet",       _R.PARTLY_MET, _R.MET),
        Transition("meet",       _R.FAILED,     _R.MET),
        Transition("meet-part",  _R.ANNOUNCED,  _R.PARTLY_MET),
        Transition("meet-part",  _R.PARTLY_MET, _R.PARTLY_MET),
        Transition("meet-part",  _R.FAILED,     _R.PARTLY_MET),
        Transition("fail",       _R.ANNOUNCED,  _R.FAILED),
        Transition("fail",       _R.PARTLY_MET, _R.FAILED),
        Transition("fail",       _R.FAILED,     _R.FAILED),
        Transition("fail",       _R.MET,        _R.FAILED),
        Transition("waive",      _R.WAITING,    _R.WAIVED),
        Transition("waive",      _R.ANNOUNCED,  _R.WAIVED),
        Transition("waive",      _R.PARTLY_MET, _R.WAIVED),
        Transition("waive",      _R.FAILED,     _R.WAIVED),
        Transition("drop",       _R.WAITING,    _R.DROPPED),
        Transition("drop",       _R.ANNOUNCED,  _R.DROPPED),
        Transition("drop",       _R.PARTLY_MET, _R.DROPPED),
        Transition("drop",       _R.FAILED,     _R.DROPPED),
    ),
)  # fmt: skip


class ItemState(StrEnum):
    """Whether an item may be sold."""

    ACTIVE = "active"
    RETIRED = "retired"


ITEM = Lifecycle(
    name="erp.item",
    states=ItemState,
    initial=ItemState.ACTIVE,
    terminal=frozenset(),
    table=(
        Transition("retire", ItemState.ACTIVE, ItemState.RETIRED),
        Transition("reinstate", ItemState.RETIRED, ItemState.ACTIVE),
    ),
)


class AccountState(StrEnum):
    """Whether an account may buy."""

    OPEN = "open"
    BLOCKED = "blocked"


ACCOUNT = Lifecycle(
    name="erp.account",
    states=AccountState,
    initial=AccountState.OPEN,
    terminal=frozenset(),
    table=(
        Transition("block", AccountState.OPEN, AccountState.BLOCKED),
        Transition("unblock", AccountState.BLOCKED, AccountState.OPEN),
    ),
)


class PeriodState(StrEnum):
    """Whether a fiscal period accepts postings; a closed one never opens again."""

    OPEN = "open"
    CLOSED = "closed"


PERIOD = Lifecycle(
    name="erp.period",
    states=PeriodState,
    initial=PeriodState.OPEN,
    terminal=frozenset({PeriodState.CLOSED}),
    table=(Transition("close", PeriodState.OPEN, PeriodState.CLOSED),),
)

LIFECYCLES = (ORDER, REQUIREMENT, ITEM, ACCOUNT, PERIOD)
