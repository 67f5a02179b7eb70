"""Gateways: who moves the money. Kinds are found by entry point, so that a stranger's stands beside ours.

A kind is a class that takes its settings and its secret's reference (`Gateway`); a gateway is a kind under a
name of its own in the module's settings. A method that talks to the outside is called with no transaction open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from attrs import frozen

from fenbu.calls import Outcome
from fenbu.values import Money
from fenbu_payments.gateways.settings import GatewaySettings, kinds

__all__ = ["Asked", "Gateway", "GatewaySettings", "Told", "find", "kinds"]


@frozen(kw_only=True)
class Asked:
    """One operation, as a gateway is asked for it."""

    id: str
    """Idempotency key; the same at every attempt."""
    kind: str
    """``authorise``, ``renew``, ``capture``, ``void``, ``refund`` or ``payout``."""
    reference: str
    """Our number of the operation, by which it can be asked for later."""
    payment: str
    """Our number of the payment or payout."""
    about: str
    """What it is for: the order's number, or that of the document it pays; the payer's statement may show it."""
    account: str
    amount: Money


@frozen(kw_only=True)
class Told:
    """What a gateway says about one operation, in an answer or in a notice."""

    event: str = ""
    """Of a notice: the gateway's own number of it."""
    kind: str
    done: bool
    reference: str
    """Our number of the operation."""
    payment: str
    amount: str
    """Decimal as text."""
    currency: str
    fee: str = "0"
    expires_in: int | None = None
    """Seconds for which the money is held from now on; the gateway's clock is not ours."""
    number: str = ""
    """The gateway's number of the operation."""
    pending: bool = False
    """It has the operation, and what becomes of it is not known yet; everything else then says nothing."""
    reason: str = ""


class Gateway(Protocol):
    """What payments needs of a kind of gateway."""

    by_hand: bool
    """True when an operator moves the money and confirms it; then nothing is ever sent."""

    def __init__(self, settings: GatewaySettings, secret: str) -> None: ...

    def send(self, asked: Asked) -> Outcome:
        """Ask for an operation. ``CallDone.result`` has ``number``, ``fee``, ``expires_in`` where known.

        ``amount`` in it may be less than was asked for when money is held. ``pending`` says that the gateway has
        the operation and will tell, or answer, later what became of it.

        Raises: anything that is not an answer; the outcome then is unknown.
        """
        ...

    def ask(self, asked: Asked) -> Outcome | None:
        """Ask what became of an operation, by our reference; None when it was never heard of."""
        ...

    def read(self, body: str, signature: str, *, now: datetime, minutes: int) -> Told:
        """Verify a notice over its raw body and read it; opens no connection.

        Raises:
            NoticeRefused: The signature is wrong, it is too old, or it cannot be read.
        """
        ...


class Named(Protocol):
    """What the settings of payments say of gateways."""

    @property
    def gateways(self) -> Sequence[GatewaySettings]: ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """Name of a gateway to the reference of its secret."""
        ...


def find(settings: Named, name: str) -> Gateway:
    """Return a gateway by its name.

    Raises:
        GatewayUnknown: It stands no longer in the settings.
    """
    from fenbu_payments.errors import GatewayUnknown

    for one in settings.gateways:
        if one.name == name:
            kind: Any = _load(one.kind)
            made: Gateway = kind(one, settings.secrets.get(name, ""))
            return made
    raise GatewayUnknown(name, tuple(one.name for one in settings.gateways))


@cache
def _load(kind: str) -> Any:
    return kinds()[kind].load()
