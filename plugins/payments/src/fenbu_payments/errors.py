"""Refusals of payments, beside those of the language (`fenbu.errors`).

::

    Refused
    ├── GatewayUnknown      the settings have no gateway of this name
    ├── NotByHand           the gateway itself tells what came in; nobody confirms it
    ├── AmountTooLarge      more than is asked for, held or captured
    ├── NothingCaptured     nothing was taken that could be given back
    ├── AmountTooFine       the currency has no such small coin
    ├── CurrencyDiffers     a payment is in one currency
    ├── NothingToRetry      nothing of it was refused
    ├── NothingMissing      all that was asked for is there, or nothing
    ├── LetGoAlready        it holds money that the gateway refused to let go; that is tried again
    ├── BelongsToOrder      the order decides what becomes of its payment
    ├── OrderPaidOtherwise  another payment of the order is under way
    ├── NoticeRefused       it is not signed, too old, or cannot be read
    └── SandboxDiffers      another version of the sandbox has made its record
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.values import minor_units, plain, round_amount


@frozen(eq=False)
class GatewayUnknown(Refused):
    """A gateway was named that the settings do not have."""

    gateway: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return _("there is no gateway {gateway} (there are: {known})").format(
            gateway=self.gateway, known=", ".join(self.known)
        )

    @property
    def hint(self) -> str:
        return _("name one of these, or add it: fenbu settings set payments.gateways")


@frozen(eq=False)
class NotByHand(Refused):
    """An operator confirms what only the gateway knows."""

    document: str
    gateway: str

    def __str__(self) -> str:
        return _("{document} goes through the gateway {gateway}, which tells its outcome itself").format(
            document=self.document, gateway=self.gateway
        )

    @property
    def hint(self) -> str:
        return _("wait for its answer; fenbu flows dead shows calls that need a person")


@frozen(eq=False)
class AmountTooLarge(Refused):
    """More is to be moved than there is."""

    document: str
    verb: str
    amount: Decimal
    left: Decimal

    def __str__(self) -> str:
        return _("only {left} of {document} is left to {verb}, not {amount}").format(
            document=self.document, left=plain(self.left), verb=self.verb, amount=plain(self.amount)
        )

    @property
    def hint(self) -> str:
        if self.verb == _("confirm"):
            return _("name less; money beyond what was asked for is a receipt: fenbu do erp.receipt.record")
        return _("name less, or leave the amount out: then it is all that is left")


@frozen(eq=False)
class NothingCaptured(Refused):
    """Money is to be given back that was never taken."""

    payment: str

    def __str__(self) -> str:
        return _("nothing was captured of {payment}, so nothing can be given back").format(
            payment=self.payment
        )

    @property
    def hint(self) -> str:
        return _("fenbu show payments.facts --where subject={payment} tells what has happened to it").format(
            payment=self.payment
        )


@frozen(eq=False)
class AmountTooFine(Refused):
    """An amount that nobody can pay: finer than the currency's smallest coin."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return _("{amount} {currency} cannot be paid: {currency} has {decimals} decimals").format(
            amount=plain(self.amount), currency=self.currency, decimals=minor_units(self.currency)
        )

    @property
    def hint(self) -> str:
        return _("round it: {rounded}").format(rounded=round_amount(self.amount, self.currency))


@frozen(eq=False)
class CurrencyDiffers(Refused):
    """Money in another currency than the payment's."""

    document: str
    currency: str
    got: str

    def __str__(self) -> str:
        return _("{document} is in {currency}, not in {got}").format(
            document=self.document, currency=self.currency, got=self.got
        )

    @property
    def hint(self) -> str:
        return _("ask for a payment in the other currency, or leave the currency out")


@frozen(eq=False)
class NothingToRetry(Refused):
    """Nothing of a document was refused."""

    document: str
    state: str

    def __str__(self) -> str:
        return _("{document} is {state} and nothing of it was refused").format(
            document=self.document, state=_(self.state)
        )

    @property
    def hint(self) -> str:
        return _("fenbu show payments.facts shows what has happened to it")


@frozen(eq=False)
class NothingMissing(Refused):
    """A payment was to do with less while nothing of it is missing, or nothing of it is there."""

    payment: str
    state: str

    def __str__(self) -> str:
        return _("{payment} is {state} and nothing of it is known to be missing").format(
            payment=self.payment, state=_(self.state)
        )

    @property
    def hint(self) -> str:
        return _("without a payment an order goes on by fenbu do erp.order.waive-requirement")


@frozen(eq=False)
class LetGoAlready(Refused):
    """A payment was to be let go twice; what the gateway refused to let go is tried again instead."""

    payment: str

    def __str__(self) -> str:
        return _("{payment} was let go already, and the gateway did not do it").format(payment=self.payment)

    @property
    def hint(self) -> str:
        return _("let it try again: fenbu do payments.payment.retry --payment {payment}").format(
            payment=self.payment
        )


@frozen(eq=False)
class BelongsToOrder(Refused):
    """An order's payment was to be let go while the order counts on it."""

    payment: str
    order: str

    def __str__(self) -> str:
        return _("{payment} pays {order}, which counts on it").format(payment=self.payment, order=self.order)

    @property
    def hint(self) -> str:
        return _("cancel the order (fenbu do erp.order.cancel): what is not fulfilled is let go")


@frozen(eq=False)
class OrderPaidOtherwise(Refused):
    """A declined payment was to be tried again while another of its order is under way."""

    order: str
    payment: str

    def __str__(self) -> str:
        return _("{order} is being paid by {payment} already").format(order=self.order, payment=self.payment)

    @property
    def hint(self) -> str:
        return _("look at it: fenbu show payments.payments {payment}").format(payment=self.payment)


@frozen(eq=False)
class NoticeRefused(Refused):
    """A notice that is not believed; nothing of it is kept."""

    gateway: str
    reason: str

    def __str__(self) -> str:
        return _("a notice of {gateway} is not accepted: {reason}").format(
            gateway=self.gateway, reason=self.reason
        )

    @property
    def hint(self) -> str:
        return _("check the gateway's secret, both clocks, and whether its address and version are right")


@frozen(eq=False)
class SandboxDiffers(Refused):
    """The sandbox's own record is not one that this version can read."""

    file: str
    found: int
    wanted: int

    def __str__(self) -> str:
        return _("the sandbox's record {file} has schema {found}, and {wanted} is wanted").format(
            file=self.file, found=self.found, wanted=self.wanted
        )

    @property
    def hint(self) -> str:
        return _("move the file away: a new one is made, and knows nothing of what was paid before")
