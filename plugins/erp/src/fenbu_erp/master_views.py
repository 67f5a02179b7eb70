"""Views of what sales stand on: items, prices, taxes, rates, accounts."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_erp import references
from fenbu_erp.tables import ACCOUNT, EXCHANGE_RATE, ITEM, PRICE, TAX_CATEGORY, TAX_RATE

_SINCE = looks.day("since", N_("From"))

ITEMS = View(
    name="erp.items",
    title=N_("Items"),
    query=looks.always(
        select(
            ITEM.c.code.label("item"),
            ITEM.c.title,
            ITEM.c.kind,
            ITEM.c.unit,
            ITEM.c.tax_category,
            ITEM.c.state,
            ITEM.c.revision,
            ITEM.c.registered_at,
        )
    ),
    columns=(
        Column("item", N_("Item")),
        Column("title", N_("Title")),
        looks.state("kind", N_("Kind")),
        Column("unit", N_("Unit")),
        Column("tax_category", N_("Tax category")),
        looks.state("state", N_("State")),
        looks.number("revision", N_("Revision")),
        Column("registered_at", N_("Entered"), Kind.TIME),
    ),
    key=("item",),
    record="item",
    filters=("title", "kind", "tax_category", "state"),
    state="state",
    lifecycle="fenbu_erp.lifecycles:ITEM",
    actions=("erp.item.change", "erp.price.set", "erp.item.retire", "erp.item.reinstate"),
    related=(
        Related("erp.prices", "item", "item", N_("Prices")),
        Related("erp.order-lines", "item", "item", N_("Ordered")),
    ),
)

PRICES = View(
    name="erp.prices",
    title=N_("Prices"),
    help=N_("The price list: each price holds until the next one of the item begins."),
    query=looks.always(select(*PRICE.c)),
    columns=(
        references.item(),
        Column("currency", N_("Currency")),
        _SINCE,
        Column("unit_price", N_("Price"), Kind.PRICE, "currency"),
    ),
    key=("item", "currency", "since"),
    record="item",
    filters=("item", "currency", "since"),
    actions=("erp.price.set",),
)

TAXES = View(
    name="erp.taxes",
    title=N_("Tax rates"),
    query=looks.always(
        select(TAX_RATE.c.category, TAX_CATEGORY.c.title, TAX_RATE.c.since, TAX_RATE.c.rate).join_from(
            TAX_RATE, TAX_CATEGORY, TAX_RATE.c.category == TAX_CATEGORY.c.code
        )
    ),
    columns=(
        Column("category", N_("Category")),
        Column("title", N_("Title")),
        _SINCE,
        Column("rate", N_("Rate"), Kind.RATE),
    ),
    key=("category", "since"),
    record="category",
    actions=("erp.tax.set",),
)

RATES = View(
    name="erp.rates",
    title=N_("Exchange rates"),
    query=looks.always(select(*EXCHANGE_RATE.c)),
    columns=(
        Column("currency", N_("Currency")),
        _SINCE,
        Column("rate", N_("In own currency"), Kind.RATE),
    ),
    key=("currency", "since"),
    record="currency",
    actions=("erp.rate.set",),
)

ACCOUNTS = View(
    name="erp.accounts",
    title=N_("Accounts"),
    help=N_("Parties able to owe."),
    query=looks.always(
        select(
            ACCOUNT.c.number.label("account"),
            ACCOUNT.c.kind,
            ACCOUNT.c.name,
            ACCOUNT.c.address,
            ACCOUNT.c.tax_id,
            ACCOUNT.c.currency,
            ACCOUNT.c.state,
            ACCOUNT.c.revision,
            ACCOUNT.c.opened_at,
        )
    ),
    columns=(
        Column("account", N_("Account")),
        looks.state("kind", N_("Kind")),
        Column("name", N_("Name"), personal=True),
        Column("address", N_("Address"), personal=True),
        Column("tax_id", N_("Tax id"), personal=True),
        Column("currency", N_("Currency")),
        looks.state("state", N_("State")),
        looks.number("revision", N_("Revision")),
        Column("opened_at", N_("Opened"), Kind.TIME),
    ),
    key=("account",),
    record="account",
    filters=("kind", "name", "currency", "state"),
    state="state",
    lifecycle="fenbu_erp.lifecycles:ACCOUNT",
    actions=("erp.account.change", "erp.receipt.record", "erp.account.block", "erp.account.unblock"),
    related=(
        Related("erp.orders", "account", "account", N_("Orders")),
        Related("erp.open-items", "account", "account", N_("Open")),
        Related("erp.receipts", "account", "account", N_("Receipts")),
    ),
)

MASTER_VIEWS = (ITEMS, PRICES, TAXES, RATES, ACCOUNTS)
