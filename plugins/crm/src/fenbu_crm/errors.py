"""Refusals of customer relations, beside those of the language (`fenbu.errors`).

::

    Refused
    ├── CustomerMerged       the record leads to another customer
    ├── AlreadyLinked        the customer has an account, or the account a customer
    ├── SameCustomer         a customer cannot be merged with itself
    ├── WalkInRefused        buyers who give no name cannot be reached, merged or given credit
    ├── SaidLater            consent was said something about later than that
    ├── NotYetSaid           consent cannot be said in the future
    ├── CloseDayPast         an opportunity should be decided in days to come
    └── NoAccounts           nobody here keeps accounts
"""

from __future__ import annotations

from datetime import date, datetime

from attrs import frozen

from fenbu.errors import Refused
from fenbu.i18n import _


@frozen(eq=False)
class CustomerMerged(Refused):
    """A number stands for another customer now."""

    customer: str
    into: str

    def __str__(self) -> str:
        return _("{customer} was the same customer as {into}").format(customer=self.customer, into=self.into)

    @property
    def hint(self) -> str:
        return _("use {into}").format(into=self.into)


@frozen(eq=False)
class AlreadyLinked(Refused):
    """A customer and an account belong together one to one."""

    customer: str
    account: str

    def __str__(self) -> str:
        return _("{customer} belongs to account {account}").format(
            customer=self.customer, account=self.account
        )

    @property
    def hint(self) -> str:
        return _("fenbu show crm.customers {customer} tells more").format(customer=self.customer)


@frozen(eq=False)
class SameCustomer(Refused):
    """Two different customers are wanted."""

    customer: str

    def __str__(self) -> str:
        return _("{customer} cannot be merged with itself").format(customer=self.customer)

    @property
    def hint(self) -> str:
        return _("name the record that stays as customer, the other as duplicate")


@frozen(eq=False)
class WalkInRefused(Refused):
    """Those who give no name are not one person."""

    customer: str

    def __str__(self) -> str:
        return _("{customer} stands for everybody who gives no name").format(customer=self.customer)

    @property
    def hint(self) -> str:
        return _("register who it is: fenbu do crm.customer.register")


@frozen(eq=False)
class SaidLater(Refused):
    """What is known of a consent is newer."""

    customer: str
    purpose: str
    said_at: datetime

    def __str__(self) -> str:
        return _(
            "{customer} has said something about {purpose} later than that, at {said_at:%Y-%m-%d %H:%M} UTC"
        ).format(customer=self.customer, purpose=self.purpose, said_at=self.said_at)

    @property
    def hint(self) -> str:
        return _("the newest word counts: fenbu show crm.consent-entries")


@frozen(eq=False)
class NotYetSaid(Refused):
    """Nobody can have said something in the future."""

    said_at: datetime

    def __str__(self) -> str:
        return _("{said_at:%Y-%m-%d %H:%M %Z} is still to come").format(said_at=self.said_at)

    @property
    def hint(self) -> str:
        return _("leave said_at out where it is said now")


@frozen(eq=False)
class CloseDayPast(Refused):
    """A decision that is still open cannot be expected on a day that is over."""

    day: date
    today: date

    def __str__(self) -> str:
        return _("{day} is over; a decision that is open can be expected from {today} on").format(
            day=self.day, today=self.today
        )

    @property
    def hint(self) -> str:
        return _("win or lose the opportunity if it is decided")


@frozen(eq=False)
class NoAccounts(Refused):
    """No enabled module keeps accounts."""

    def __str__(self) -> str:
        return _("nobody here keeps accounts yet")

    @property
    def hint(self) -> str:
        return _("enable a module that does: fenbu enable erp")
