"""Transition tables of the supply chain's documents. States are participles or adjectives, actions are verbs."""

from __future__ import annotations

from enum import StrEnum

from fenbu.lifecycle import Lifecycle, Transition


class OrderState(StrEnum):
    """What an order is to the warehouse."""

    OPEN = "open"
    """It gets what is there and waits for the rest."""
    LAPSED = "lapsed"
    """What it waited for did not come in time, so its pieces were let go."""
    STOPPED = "stopped"
    """It is cancelled, or another fulfils it: nothing leaves for it any more."""


ORDER = Lifecycle(
    name="scm.order",
    states=OrderState,
    initial=OrderState.OPEN,
    terminal=frozenset(),
    table=(
        #          verb      from                to
        Transition("lapse",  OrderState.OPEN,    OrderState.LAPSED),
        Transition("renew",  OrderState.LAPSED,  OrderState.OPEN),
        Transition("stop",   OrderState.OPEN,    OrderState.STOPPED),
        Transition("stop",   OrderState.LAPSED,  OrderState.STOPPED),
        Transition("resume", OrderState.STOPPED, OrderState.OPEN),
    ),
)  # fmt: skip


class ShipmentState(StrEnum):
    """Where a shipment stands."""

    OPEN = "open"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"


SHIPMENT = Lifecycle(
    name="scm.shipment",
    states=ShipmentState,
    initial=ShipmentState.OPEN,
    terminal=frozenset({ShipmentState.DISPATCHED, ShipmentState.CANCELLED}),
    table=(
        #          verb        from                  to
        Transition("pack",     ShipmentState.OPEN,   ShipmentState.PACKED),
        Transition("unpack",   ShipmentState.PACKED, ShipmentState.OPEN),
        Transition("dispatch", ShipmentState.OPEN,   ShipmentState.DISPATCHED),
        Transition("dispatch", ShipmentState.PACKED, ShipmentState.DISPATCHED),
        Transition("cancel",   ShipmentState.OPEN,   ShipmentState.CANCELLED),
        Transition("cancel",   ShipmentState.PACKED, ShipmentState.CANCELLED),
    ),
)  # fmt: skip

LIFECYCLES = (ORDER, SHIPMENT)
