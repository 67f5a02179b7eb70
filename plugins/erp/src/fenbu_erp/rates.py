"""Exchange rates by date, and the way from a document's currency to the enterprise's own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, select

from fenbu.inputs import Currency, Day, Input
from fenbu.statements import upsert
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_erp.errors import BeyondBooks, CurrencyFixed, ExchangeRateMissing
from fenbu_erp.inputs import ExchangeRate
from fenbu_erp.tables import EXCHANGE_RATE

ONE = Decimal(1)
MOST = Decimal(10) ** 13
"""What one amount may be, in any currency: sums of the store are 64-bit, and end near 9 x 10^14."""

_ON = (
    select(EXCHANGE_RATE.c.rate)
    .where(EXCHANGE_RATE.c.currency == bindparam("wanted"))
    .where(EXCHANGE_RATE.c.since <= bindparam("day"))
    .order_by(EXCHANGE_RATE.c.since.desc())
    .limit(1)
)
_SAVE = upsert(EXCHANGE_RATE, change=("rate",))


class SetExchangeRate(Input):
    """What a currency is worth from a day on."""

    currency: Currency = Field(description="The foreign currency")
    rate: ExchangeRate = Field(description="What one unit of it is worth in the enterprise's own currency")
    since: Day | None = Field(None, description="First day of the rate; today unless given")


def set_exchange_rate(work: Work, given: SetExchangeRate) -> dict[str, Any]:
    """Set an exchange rate from a day on; documents that exist keep theirs."""
    rate_on(work, given.currency, work.today, given.rate)  # refuses a rate of the own currency
    since = given.since or work.today
    work.execute(_SAVE[work.dialect], {"currency": given.currency, "since": since, "rate": given.rate})
    return {"currency": given.currency, "since": since, "rate": given.rate}


def rate_on(work: Work, currency: str, day: date, given: Decimal | None = None) -> Decimal:
    """Return the rate at which a document of this day is booked.

    Args:
        work: Read.
        currency: Of the document.
        day: Its business date.
        given: The rate the document names itself, if any; it goes before the table.

    Raises:
        CurrencyFixed: A rate other than one was given for the own currency.
        ExchangeRateMissing: None was given and none is known.
    """
    own = work.enterprise.currency
    if currency == own:
        if given not in (None, ONE):
            raise CurrencyFixed(currency, given)
        return ONE
    if given is not None:
        return given
    found: Decimal | None = work.execute(_ON, {"wanted": currency, "day": day}).scalar()
    if found is None:
        raise ExchangeRateMissing(currency, own, day)
    return found


def in_own(work: Work, amount: Decimal, rate: Decimal) -> Decimal:
    """Return an amount in the enterprise's own currency, rounded to its minor unit."""
    return amount if rate == ONE else round_amount(amount * rate, work.enterprise.currency)


def require_bookable(amount: Decimal, currency: str) -> None:
    """Refuse an amount so large that the ledger's sums would not hold.

    Raises:
        BeyondBooks: Says how much is too much.
    """
    if not -MOST <= amount <= MOST:
        raise BeyondBooks(amount, currency, MOST)
