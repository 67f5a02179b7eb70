"""Refusals of ERP, beside those of the language (`fenbu.errors`).

::

    Refused
    ├── ItemRetired · AccountBlocked          may not be sold, may not buy
    ├── PriceMissing · PriceNegative          nobody names a price, or it makes no sense
    ├── TaxRateMissing · ExchangeRateMissing  no rate is known for the day
    ├── CurrencyFixed · CurrencyDiffers       a rate for the own currency, money in another than the order's
    ├── OrderOfAnother                        money of one account for the order of another
    ├── CreditLimitExceeded                   the account may not owe that much
    ├── TotalNegative                         the order would owe the buyer money
    ├── RequirementsCircular                  modules wait for each other
    ├── RequirementNotWaivable                its owner is still at work on it
    ├── NotReassessable                       another module holds the order
    ├── FulfilledElsewhere                    another module fulfils this order
    ├── NothingLeft                           there is nothing left to fulfil, cancel, credit or match
    ├── QuantityTooLarge                      more than is left
    ├── OrderStillOpen                        one of the three axes is not settled
    ├── EntryUnbalanced                       debit and credit differ
    ├── PartyMissing                          a control account needs to know whose debt it is
    ├── RoleMissing                           the chart has no account for what the system must post
    ├── ChartInUse                            something is posted to an account that would go
    ├── EntryNotReversible                    it belongs to a document, or was reversed before
    ├── PeriodBlocked                         something stands in the way of closing a period
    ├── AmountTooLarge                        more than is open
    └── BeyondBooks                           more than one document may be about
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from attrs import field, frozen

from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.values import plain, round_amount


@frozen(eq=False)
class ItemRetired(Refused):
    """An item that is no longer sold was ordered."""

    item: str

    def __str__(self) -> str:
        return _("item {item} is retired and cannot be sold").format(item=self.item)

    @property
    def hint(self) -> str:
        return _("choose another item, or bring it back: fenbu do erp.item.reinstate")


@frozen(eq=False)
class AccountBlocked(Refused):
    """A blocked account wants to buy."""

    account: str

    def __str__(self) -> str:
        return _("account {account} is blocked and cannot buy").format(account=self.account)

    @property
    def hint(self) -> str:
        return _("unblock it (fenbu do erp.account.unblock), or sell to another account")


@frozen(eq=False)
class PriceMissing(Refused):
    """Neither the order nor a module nor the price list names a price."""

    item: str
    currency: str
    day: date

    def __str__(self) -> str:
        return _("item {item} has no price in {currency} on {day}").format(
            item=self.item, currency=self.currency, day=self.day
        )

    @property
    def hint(self) -> str:
        return _("give the line a unit_price, or set one: fenbu do erp.price.set")


@frozen(eq=False)
class PriceNegative(Refused):
    """Goods cannot cost less than nothing."""

    item: str
    unit_price: Decimal

    def __str__(self) -> str:
        return _("goods cannot have a negative price: {item} at {unit_price}").format(
            item=self.item, unit_price=self.unit_price
        )

    @property
    def hint(self) -> str:
        return _("a discount is a service with a negative price; goods that come back are a credit note")


@frozen(eq=False)
class TaxRateMissing(Refused):
    """No rate of a tax category is known for a day."""

    category: str
    day: date

    def __str__(self) -> str:
        return _("tax category {category} has no rate on {day}").format(category=self.category, day=self.day)

    @property
    def hint(self) -> str:
        return _("set one that holds from that day or earlier: fenbu do erp.tax.set")


@frozen(eq=False)
class ExchangeRateMissing(Refused):
    """No exchange rate is known for a day."""

    currency: str
    own: str
    day: date

    def __str__(self) -> str:
        return _("there is no exchange rate from {currency} to {own} on {day}").format(
            currency=self.currency, own=self.own, day=self.day
        )

    @property
    def hint(self) -> str:
        return _("give the document an exchange_rate, or set one: fenbu do erp.rate.set")


@frozen(eq=False)
class CurrencyFixed(Refused):
    """A document in the enterprise's own currency has an exchange rate that is not one."""

    currency: str
    rate: Decimal

    def __str__(self) -> str:
        return _("{currency} is the enterprise's own currency, so its rate is 1, not {rate}").format(
            currency=self.currency, rate=self.rate
        )

    @property
    def hint(self) -> str:
        return _("it needs no exchange rate: leave it out, or give the rate of another currency")


@frozen(eq=False)
class CurrencyDiffers(Refused):
    """Money in one currency cannot settle what is owed in another."""

    document: str
    currency: str
    got: str

    def __str__(self) -> str:
        return _("{document} is in {currency}, the money in {got}").format(
            document=self.document, currency=self.currency, got=self.got
        )

    @property
    def hint(self) -> str:
        return _("record it in the document's currency, with the exchange rate of the day")


@frozen(eq=False)
class OrderOfAnother(Refused):
    """Money of one account is to pay the order of another."""

    order: str
    account: str
    got: str

    def __str__(self) -> str:
        return _("{order} is an order of account {account}, not of {got}").format(
            order=self.order, account=self.account, got=self.got
        )

    @property
    def hint(self) -> str:
        return _("record the money for {account}, or leave the order out").format(account=self.account)


@frozen(eq=False)
class CreditLimitExceeded(Refused):
    """With this order the account would owe more than it may."""

    account: str
    limit: Decimal
    exposure: Decimal
    total: Decimal
    currency: str

    def __str__(self) -> str:
        return _(
            "account {account} may owe {limit} {currency}; "
            "it owes or has ordered {exposure} already, and this order adds {total}"
        ).format(
            account=self.account,
            limit=self.limit,
            currency=self.currency,
            exposure=self.exposure,
            total=self.total,
        )

    @property
    def hint(self) -> str:
        return _("wait for a payment, raise the limit, or place a smaller order")


@frozen(eq=False)
class TotalNegative(Refused):
    """An order's lines add up to less than nothing."""

    total: Decimal
    currency: str

    def __str__(self) -> str:
        return _("the order adds up to {total} {currency}; it must not be less than zero").format(
            total=self.total, currency=self.currency
        )

    @property
    def hint(self) -> str:
        return _("money that goes back to an account is a credit note: fenbu do erp.credit-note.issue")


@frozen(eq=False)
class RequirementsCircular(Refused):
    """Requirements of an order wait for each other, so none would ever be announced."""

    names: Sequence[str] = field(converter=tuple)

    def __str__(self) -> str:
        return _("these requirements wait for each other: {names}").format(names=" → ".join(self.names))

    @property
    def hint(self) -> str:
        return _("disable one of the modules that add them, and tell its author")


@frozen(eq=False)
class RequirementNotWaivable(Refused):
    """The owner of a requirement is enabled and has not failed."""

    order: str
    requirement: str
    owner: str
    state: str

    def __str__(self) -> str:
        return _("{requirement} of {order} is {state} and {owner} is at work on it").format(
            requirement=self.requirement, order=self.order, state=_(self.state), owner=self.owner
        )

    @property
    def hint(self) -> str:
        return _("only a requirement that failed, or whose module is gone, can be waived")


@frozen(eq=False)
class NotReassessable(Refused):
    """Another module already holds what would be assessed anew."""

    order: str
    fulfiller: str

    def __str__(self) -> str:
        return _("{order} is fulfilled by {fulfiller}, which may already have begun").format(
            order=self.order, fulfiller=self.fulfiller
        )

    @property
    def hint(self) -> str:
        return _("let it finish, or cancel the rest and place a new order")


@frozen(eq=False)
class FulfilledElsewhere(Refused):
    """An order that another module fulfils was to be fulfilled by hand."""

    order: str
    fulfiller: str

    def __str__(self) -> str:
        return _("{order} is fulfilled by {fulfiller}, not by hand").format(
            order=self.order, fulfiller=self.fulfiller
        )

    @property
    def hint(self) -> str:
        return _("dispatch it there; if that module is gone: fenbu do erp.order.reassess")


@frozen(eq=False)
class NothingLeft(Refused):
    """There is nothing left to do this to."""

    document: str
    verb: str

    def __str__(self) -> str:
        return _("{document} has nothing left to {verb}").format(document=self.document, verb=self.verb)

    @property
    def hint(self) -> str:
        return _("fenbu explain tells what has happened to it: fenbu explain order, invoice or account")


@frozen(eq=False)
class QuantityTooLarge(Refused):
    """More than is left of a line."""

    document: str
    line: int
    verb: str
    quantity: Decimal
    left: Decimal

    def __str__(self) -> str:
        return _("line {line} of {document} has only {left} left to {verb}, not {quantity}").format(
            line=self.line,
            document=self.document,
            left=plain(self.left),
            verb=self.verb,
            quantity=plain(self.quantity),
        )

    @property
    def hint(self) -> str:
        return _("fenbu show erp.order-lines shows what has happened to each line")


@frozen(eq=False)
class OrderStillOpen(Refused):
    """An order cannot be closed while one of its axes is open."""

    order: str
    axis: str
    state: str

    def __str__(self) -> str:
        return _("{order} cannot be closed: its {axis} is {state}").format(
            order=self.order, axis=self.axis, state=_(self.state)
        )

    @property
    def hint(self) -> str:
        return _("fulfil, invoice and settle it, or cancel what will not be fulfilled")


@frozen(eq=False)
class EntryUnbalanced(Refused):
    """Debit and credit of an entry differ."""

    debit: Decimal
    credit: Decimal
    currency: str

    def __str__(self) -> str:
        return _("debit is {debit} and credit {credit} {currency}; an entry must balance").format(
            debit=self.debit, credit=self.credit, currency=self.currency
        )

    @property
    def hint(self) -> str:
        return _("correct the lines or add the missing one")


@frozen(eq=False)
class PartyMissing(Refused):
    """A control account needs to know whose debt it is."""

    chart: str

    def __str__(self) -> str:
        return _("{chart} is a control account: each line on it must say which party it is about").format(
            chart=self.chart
        )

    @property
    def hint(self) -> str:
        return _("give the line a party (an account number: fenbu show erp.accounts)")


@frozen(eq=False)
class RoleMissing(Refused):
    """No account of the chart has the role that is needed."""

    role: str

    def __str__(self) -> str:
        return _("the chart of accounts has no account with the role {role}").format(role=self.role)

    @property
    def hint(self) -> str:
        return _("add one: fenbu do erp.chart.add --role {role}").format(role=self.role)


@frozen(eq=False)
class ChartInUse(Refused):
    """An account of the ledger cannot go or change its nature, because something is posted to it."""

    codes: Sequence[str] = field(converter=tuple)

    def __str__(self) -> str:
        return _("something is posted to {codes}, so the new chart must keep them as they are").format(
            codes=", ".join(self.codes)
        )

    @property
    def hint(self) -> str:
        return _("keep these codes with their kind; titles and roles may change")


@frozen(eq=False)
class EntryNotReversible(Refused):
    """An entry cannot be reversed by hand."""

    entry: str
    reason: str

    def __str__(self) -> str:
        return _("{entry} cannot be reversed: {reason}").format(entry=self.entry, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("a document is corrected by its own kind: an invoice by a credit note")


@frozen(eq=False)
class PeriodBlocked(Refused):
    """A period cannot be closed yet."""

    period: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return _("{period} cannot be closed: {reason}").format(period=self.period, reason=self.reason)

    @property
    def hint(self) -> str:
        return self.way_out


@frozen(eq=False)
class AmountTooLarge(Refused):
    """More than is open."""

    document: str
    amount: Decimal
    open: Decimal
    currency: str

    def __str__(self) -> str:
        return _("only {open} {currency} of {document} is still open, not {amount}").format(
            document=self.document,
            open=round_amount(self.open, self.currency),
            amount=plain(self.amount),
            currency=self.currency,
        )

    @property
    def hint(self) -> str:
        return _("match at most what is open: fenbu show erp.aged-receivables")


@frozen(eq=False)
class BeyondBooks(Refused):
    """An amount is so large that the books could not add a hundred like it."""

    amount: Decimal
    currency: str
    most: Decimal

    def __str__(self) -> str:
        return _("{amount:,f} {currency} is too much for one document; it can be {most:,f} at most").format(
            amount=self.amount, currency=self.currency, most=self.most
        )

    @property
    def hint(self) -> str:
        return _("look for a slip in a quantity, price or rate; or split it over several documents")
