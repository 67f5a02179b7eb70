"""Credit limits: how much a customer may owe, by currency; who sells asks before it takes an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, delete, select

from fenbu.contracts.crm import CreditLimitSet
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Input
from fenbu.statements import upsert
from fenbu.values import Money
from fenbu.work import Work
from fenbu_crm import customers, parties
from fenbu_crm.inputs import CurrencyOrNone, CustomerNumber, Expected, Text, require_payable
from fenbu_crm.tables import CREDIT_LIMIT, PARTY

_SET = upsert(CREDIT_LIMIT, change=("amount", "reason", "set_at", "set_by"))
_DROP = delete(CREDIT_LIMIT).where(
    CREDIT_LIMIT.c.customer == bindparam("wanted"), CREDIT_LIMIT.c.currency == bindparam("wanted_currency")
)
_OF_PARTY = (
    select(CREDIT_LIMIT.c.amount)
    .join_from(PARTY, CREDIT_LIMIT, CREDIT_LIMIT.c.customer == PARTY.c.customer)
    .where(PARTY.c.party == bindparam("wanted"), CREDIT_LIMIT.c.currency == bindparam("wanted_currency"))
)


class SetLimit(Input):
    """How much a customer may owe."""

    customer: CustomerNumber
    amount: Expected = Field(description="With tax; 0: only what is paid in advance")
    currency: CurrencyOrNone = ""
    reason: Text = Field("", description="Why so much")


class DropLimit(Input):
    """A limit that is no longer to be kept."""

    customer: CustomerNumber
    currency: CurrencyOrNone = ""


def set_limit(work: Work, wanted: SetLimit) -> dict[str, Any]:
    """Keep a customer from owing more than an amount, in one currency; other currencies stay as they are.

    Raises:
        NotFound, CustomerMerged, WalkInRefused: Nobody who could owe.
        InputInvalid: The amount has more decimals than its currency.
    """
    currency = wanted.currency or work.enterprise.currency
    require_payable("crm.credit.set", wanted.amount, currency)
    [customer] = customers.lock(work, wanted.customer)
    customers.refuse_walk_in(customer)
    work.execute(
        _SET[work.dialect],
        {
            "customer": customer.number,
            "currency": currency,
            "amount": wanted.amount,
            "reason": wanted.reason,
            "set_at": work.now,
            "set_by": work.actor.name,
        },
    )
    work.publish(CreditLimitSet(customer=customer.number, currency=currency, amount=wanted.amount))
    return {"customer": customer.number, "currency": currency, "amount": wanted.amount}


def drop_limit(work: Work, wanted: DropLimit) -> dict[str, Any]:
    """Keep no limit any more in one currency.

    Raises:
        NotFound: No such customer, or there is no limit.
    """
    currency = wanted.currency or work.enterprise.currency
    [customer] = customers.lock(work, wanted.customer)
    gone = work.execute(_DROP, {"wanted": customer.number, "wanted_currency": currency}).rowcount
    if not gone:
        raise NotFound(_("credit limit in {currency} of").format(currency=currency), customer.number)
    work.publish(CreditLimitSet(customer=customer.number, currency=currency, amount=None))
    return {"customer": customer.number, "currency": currency}


def of_account(work: Work, account: str, currency: str) -> Money | None:
    """Return how much the owner of an account may owe in this currency; None when no limit is kept in it."""
    asked = {"wanted": parties.of_account(account), "wanted_currency": currency}
    amount: Decimal | None = work.execute(_OF_PARTY, asked).scalar()
    return None if amount is None else Money(amount, currency)
