"""Which of ERP's records have what selling, invoicing and the books ask of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, or_, select

from fenbu.completeness import Completeness, Counted, counted
from fenbu.i18n import N_
from fenbu.work import Work
from fenbu_erp.accounts import WALK_IN
from fenbu_erp.lifecycles import AccountState, ItemState
from fenbu_erp.tables import ACCOUNT, EXCHANGE_RATE, ITEM, PRICE, TAX_RATE

_A = ACCOUNT.c
_ITEMS = select(ITEM.c.code).where(ITEM.c.state == ItemState.ACTIVE)
_ACCOUNTS = select(_A.number).where(_A.state == AccountState.OPEN, _A.number != WALK_IN)
_OWN: Any = bindparam("own")
_TODAY: Any = bindparam("today", type_=PRICE.c.since.type)
_PRICES = select(PRICE.c.item).where(
    PRICE.c.item == ITEM.c.code, PRICE.c.currency == _OWN, PRICE.c.since <= _TODAY
)
_TAX_RATES = select(TAX_RATE.c.category).where(
    TAX_RATE.c.category == ITEM.c.tax_category, TAX_RATE.c.since <= _TODAY
)
_EXCHANGE_RATES = select(EXCHANGE_RATE.c.currency).where(
    EXCHANGE_RATE.c.currency == _A.currency, EXCHANGE_RATE.c.since <= _TODAY
)


def items_priced(work: Work) -> Counted:
    """Count the items that can be sold without naming a price."""
    values = {"own": work.enterprise.currency, "today": work.today}
    return counted(work, _ITEMS, ~_PRICES.exists(), values)


def items_taxed(work: Work) -> Counted:
    """Count the items whose tax can be told."""
    return counted(work, _ITEMS, ~_TAX_RATES.exists(), {"today": work.today})


def accounts_addressed(work: Work) -> Counted:
    """Count the accounts to whom an invoice can be written."""
    return counted(work, _ACCOUNTS, or_(_A.name == "", _A.address == ""))


def companies_identified(work: Work) -> Counted:
    """Count the companies whose tax id is known."""
    return counted(work, _ACCOUNTS.where(_A.kind == "company"), _A.tax_id == "")


def currencies_rated(work: Work) -> Counted | None:
    """Count the accounts in foreign currencies that can be booked; None where all have the enterprise's own."""
    foreign = _ACCOUNTS.where(_A.currency != _OWN)
    values = {"own": work.enterprise.currency, "today": work.today}
    found = counted(work, foreign, ~_EXCHANGE_RATES.exists(), values)
    return found if found.of else None


COMPLETENESS = (
    Completeness(
        name="erp.items_priced",
        title=N_("Items with a list price"),
        definition=N_("Of active items, those with a price in the enterprise's currency today."),
        count=items_priced,
        drill="erp.items",
        repair=N_("fenbu do erp.price.set"),
    ),
    Completeness(
        name="erp.items_taxed",
        title=N_("Items with a tax rate"),
        definition=N_("Of active items, those whose tax category has a rate today."),
        count=items_taxed,
        drill="erp.items",
        repair=N_("fenbu do erp.tax.set"),
    ),
    Completeness(
        name="erp.accounts_addressed",
        title=N_("Accounts with name and address"),
        definition=N_(
            "Of open accounts but that of buyers without name, those with legal name and invoice address."
        ),
        count=accounts_addressed,
        drill="erp.accounts",
        repair=N_("fenbu do erp.account.change"),
    ),
    Completeness(
        name="erp.companies_identified",
        title=N_("Companies with a tax id"),
        definition=N_("Of open accounts of companies, those whose tax id is known."),
        count=companies_identified,
        drill="erp.accounts",
        repair=N_("fenbu do erp.account.change"),
    ),
    Completeness(
        name="erp.currencies_rated",
        title=N_("Foreign accounts with an exchange rate"),
        definition=N_(
            "Of open accounts in another currency than the enterprise's, those whose currency has a rate today."
        ),
        count=currencies_rated,
        drill="erp.rates",
        repair=N_("fenbu do erp.rate.set"),
    ),
)
