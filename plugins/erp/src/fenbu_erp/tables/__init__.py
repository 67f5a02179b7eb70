"""Rows of ERP: columns, keys, CHECKs, indexes; no rules.

Documents are known by their numbers, so numbers are the keys: ``SO-00000123``, ``INV-00000001``. Amounts are in
the document's currency; a name that ends in ``_own`` is the same in the enterprise's own currency.

Invariants that the database holds (triggers are made by the migration):

- A journal entry's postings add up to zero in the own currency when its head is written, which is written
  after them; from then on neither changes. A posting without a head cannot be committed.
- A closed period accepts no entry and never opens again.
- Invoices, credit notes, receipts and matches are written once.
- Of an order line: 0 ≤ credited ≤ invoiced ≤ fulfilled ≤ released ≤ quantity - cancelled.
- Nothing is matched beyond its amount.
"""

from fenbu_erp.tables.accounts import ACCOUNT
from fenbu_erp.tables.base import Base
from fenbu_erp.tables.invoices import CREDIT_NOTE, CREDIT_NOTE_LINE, INVOICE, INVOICE_LINE
from fenbu_erp.tables.items import EXCHANGE_RATE, ITEM, PRICE, TAX_CATEGORY, TAX_RATE
from fenbu_erp.tables.ledger import BALANCE, CHART, ENTRY, PERIOD, POSTING
from fenbu_erp.tables.open_items import MATCH, OPEN_ITEM, RECEIPT
from fenbu_erp.tables.orders import (
    FULFILMENT,
    FULFILMENT_AXIS,
    FULFILMENT_LINE,
    INVOICING_AXIS,
    ORDER,
    ORDER_LINE,
    PAYMENT_AXIS,
    REQUIREMENT,
    REQUIREMENT_LINE,
)

__all__ = [
    "ACCOUNT",
    "BALANCE",
    "CHART",
    "CREDIT_NOTE",
    "CREDIT_NOTE_LINE",
    "ENTRY",
    "EXCHANGE_RATE",
    "FULFILMENT",
    "FULFILMENT_AXIS",
    "FULFILMENT_LINE",
    "INVOICE",
    "INVOICE_LINE",
    "INVOICING_AXIS",
    "ITEM",
    "MATCH",
    "OPEN_ITEM",
    "ORDER",
    "ORDER_LINE",
    "PAYMENT_AXIS",
    "PERIOD",
    "POSTING",
    "PRICE",
    "RECEIPT",
    "REQUIREMENT",
    "REQUIREMENT_LINE",
    "TAX_CATEGORY",
    "TAX_RATE",
    "Base",
]
