"""What this module is: two importers, each with the profile of one source, and one flow; it keeps no tables."""

from __future__ import annotations

from fenbu import Importer, Manifest, Profile, Subscription
from fenbu.i18n import N_
from fenbu.importing import Field

INVOICES = Importer(
    name="online_retail.invoices",
    title=N_("Invoices of an online shop, one line each"),
    reference="invoice",
    reader="fenbu_online_retail.importer:Reader",
    fields=(
        Field("invoice", N_("Number of the invoice; C… is a return, A… a correction of the books")),
        Field("item", N_("Code of the article")),
        Field("title", N_("Its description"), required=False),
        Field("quantity", N_("Pieces; negative in returns"), "decimal"),
        Field("sold", N_("Day and time"), "time"),
        Field("price", N_("Price of a piece, without tax"), "decimal"),
        Field("customer", N_("Number of the customer; empty for walk-in"), required=False),
        Field("country", N_("Country of the customer"), required=False),
    ),
)

ONLINE_RETAIL = Profile(
    name="online_retail",
    title=N_("Online Retail (UCI Machine Learning Repository, 10.24432/C5BW33)"),
    importer=INVOICES.name,
    columns={
        "invoice": "InvoiceNo",
        "item": "StockCode",
        "title": "Description",
        "quantity": "Quantity",
        "sold": "InvoiceDate",
        "price": "UnitPrice",
        "customer": "CustomerID",
        "country": "Country",
    },
    time_zone="Europe/London",
)

OPENING_STOCK = Importer(
    name="online_retail.opening_stock",
    title=N_("Stock on the day on which the books are opened, one line an article"),
    reference="item",
    reader="fenbu_online_retail.opening:Reader",
    requires=("stock.valuation",),
    fields=(
        Field("item", N_("Code of the article")),
        Field("quantity", N_("Pieces that are there; zero notes only what one costs"), "decimal"),
        Field("cost", N_("What one piece has cost"), "decimal"),
        Field("day", N_("Business day of the opening"), "day"),
    ),
)

ONLINE_RETAIL_STOCK = Profile(
    name="online_retail_stock",
    title=N_("Opening stock of the Online Retail shop"),
    importer=OPENING_STOCK.name,
    columns={"item": "code", "quantity": "quantity", "cost": "unit_cost"},
    defaults={"day": "2010-12-01"},
    time_zone="Europe/London",
)

MANIFEST = Manifest(
    name="online_retail",
    title=N_("Online retail"),
    summary=N_(
        "Imports the invoice lines of an online gift shop as orders, credit notes, movements of stock and "
        "journal entries, and the stock with which it opens"
    ),
    requires=("fenbu>=1,<2", "capability:sales.orders"),
    hooks="fenbu_online_retail.plugin",
    subscriptions=(
        Subscription(
            "online_retail.released",
            title=N_("Hand over what was paid, when no module keeps stock"),
            on={"erp.order-released/1": "fenbu_online_retail.flows:released"},
            route={"erp.order-released/1": "online_retail"},
        ),
    ),
    importers=(INVOICES, OPENING_STOCK),
    profiles=(ONLINE_RETAIL, ONLINE_RETAIL_STOCK),
)
