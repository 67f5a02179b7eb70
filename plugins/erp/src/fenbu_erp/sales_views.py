"""Views of orders and of the documents that follow from them."""

from __future__ import annotations

from sqlalchemy import literal_column, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_erp import references
from fenbu_erp.tables import (
    CREDIT_NOTE,
    CREDIT_NOTE_LINE,
    FULFILMENT,
    FULFILMENT_AXIS,
    INVOICE,
    INVOICE_LINE,
    INVOICING_AXIS,
    OPEN_ITEM,
    ORDER,
    ORDER_LINE,
    PAYMENT_AXIS,
    REQUIREMENT,
)

_DAY = looks.day("day", N_("Day"))
_CURRENCY = Column("currency", N_("Currency"))

_O, _L = ORDER.c, ORDER_LINE.c

ORDERS = View(
    name="erp.orders",
    title=N_("Orders"),
    help=N_("Sales orders with their three axes: fulfilment, invoicing, payment."),
    query=looks.always(
        select(
            _O.number.label("order"),
            _O.state,
            literal_column(FULFILMENT_AXIS, _O.state.type).label("fulfilment"),
            literal_column(INVOICING_AXIS, _O.state.type).label("invoicing"),
            literal_column(PAYMENT_AXIS, _O.state.type).label("payment"),
            _O.account,
            _O.channel,
            _O.reference,
            _O.day,
            _O.net,
            _O.tax,
            _O.total,
            _O.currency,
            _O.total_own,
            _O.rate,
            _O.billed,
            _O.settled,
            _O.ship,
            _O.fulfiller,
            _O.placed_at,
            _O.placed_by,
        )
    ),
    columns=(
        Column("order", N_("Order")),
        looks.state("state", N_("State")),
        looks.state("fulfilment", N_("Fulfilment")),
        looks.state("invoicing", N_("Invoicing")),
        looks.state("payment", N_("Payment")),
        references.account(),
        _DAY,
        looks.money("total", N_("Total")),
        _CURRENCY,
        Column("channel", N_("Channel")),
        Column("reference", N_("Reference")),
        looks.money("net", N_("Without tax")),
        looks.money("tax", N_("Tax")),
        looks.money("billed", N_("Invoiced")),
        looks.money("settled", N_("Paid")),
        looks.money("total_own", N_("In own currency"), None),
        Column("rate", N_("Exchange rate"), Kind.RATE),
        looks.state("ship", N_("Leaves")),
        Column("fulfiller", N_("Fulfilled by")),
        Column("placed_at", N_("Placed"), Kind.TIME),
        Column("placed_by", N_("By")),
    ),
    key=("-day", "-order"),
    record="order",
    filters=(
        "state",
        "fulfilment",
        "invoicing",
        "payment",
        "account",
        "channel",
        "reference",
        "day",
        "total",
        "fulfiller",
    ),
    state="state",
    lifecycle="fenbu_erp.lifecycles:ORDER",
    actions=(
        "erp.order.fulfil",
        "erp.order.close",
        "erp.credit-note.issue",
        "erp.order.reassess",
        "erp.order.waive-requirement",
        "erp.order.cancel",
    ),
    related=(
        Related("erp.order-lines", "order", "order", N_("Lines")),
        Related("erp.requirements", "order", "order", N_("Waits for")),
        Related("erp.fulfilments", "order", "order", N_("Handed over")),
        Related("erp.invoices", "order", "order", N_("Invoices")),
        Related("erp.credit-notes", "order", "order", N_("Credit notes")),
    ),
)

ORDER_LINES = View(
    name="erp.order-lines",
    title=N_("Order lines"),
    query=looks.always(
        select(
            _L.order_number.label("order"),
            _L.line,
            _L.item,
            _L.title,
            _L.kind,
            _L.quantity,
            _L.unit,
            _L.unit_price,
            _L.amount,
            _L.tax,
            _L.tax_rate,
            _L.released,
            _L.fulfilled,
            _L.invoiced,
            _L.cancelled,
            _L.credited,
            _O.currency,
        ).join_from(ORDER_LINE, ORDER, _L.order_number == _O.number)
    ),
    columns=(
        references.order(),
        looks.number("line", N_("Line")),
        references.item(),
        Column("title", N_("Title")),
        looks.state("kind", N_("Kind")),
        looks.quantity("quantity", N_("Ordered")),
        Column("unit", N_("Unit")),
        Column("unit_price", N_("Price"), Kind.PRICE, "currency"),
        looks.money("amount", N_("Amount")),
        looks.money("tax", N_("Tax")),
        Column("tax_rate", N_("Tax rate"), Kind.RATE),
        _CURRENCY,
        looks.quantity("released", N_("Released")),
        looks.quantity("fulfilled", N_("Fulfilled")),
        looks.quantity("invoiced", N_("Invoiced")),
        looks.quantity("cancelled", N_("Cancelled")),
        looks.quantity("credited", N_("Credited")),
    ),
    key=("-order", "line"),
    record="order",
    filters=("order", "item", "kind"),
)

REQUIREMENTS = View(
    name="erp.requirements",
    title=N_("Requirements of orders"),
    help=N_("What orders wait for, and which module will meet it."),
    query=looks.always(
        select(
            REQUIREMENT.c.order_number.label("order"),
            REQUIREMENT.c.name.label("requirement"),
            REQUIREMENT.c.owner,
            REQUIREMENT.c.state,
            REQUIREMENT.c.reason,
            REQUIREMENT.c.changed_at,
        )
    ),
    columns=(
        references.order(),
        Column("requirement", N_("Requirement")),
        Column("owner", N_("Module"), ref="fenbu.modules"),
        looks.state("state", N_("State")),
        Column("reason", N_("Reason")),
        Column("changed_at", N_("Since"), Kind.TIME),
    ),
    key=("-order", "requirement"),
    record="order",
    filters=("order", "requirement", "owner", "state"),
    lifecycle="fenbu_erp.lifecycles:REQUIREMENT",
    actions=("erp.order.waive-requirement",),
)

FULFILMENTS = View(
    name="erp.fulfilments",
    title=N_("Fulfilments"),
    help=N_("Quantities handed over together; each is invoiced on its own."),
    query=looks.always(
        select(
            FULFILMENT.c.order_number.label("order"),
            FULFILMENT.c.number.label("fulfilment"),
            FULFILMENT.c.day,
            FULFILMENT.c.fulfiller,
            FULFILMENT.c.reference,
            FULFILMENT.c.amount,
            _O.currency,
            INVOICE.c.number.label("invoice"),
        )
        .join_from(FULFILMENT, ORDER, FULFILMENT.c.order_number == _O.number)
        .outerjoin(
            INVOICE,
            (INVOICE.c.order_number == FULFILMENT.c.order_number)
            & (INVOICE.c.fulfilment == FULFILMENT.c.number),
        )
    ),
    columns=(
        references.order(),
        looks.number("fulfilment", N_("Number")),
        _DAY,
        Column("fulfiller", N_("By")),
        Column("reference", N_("Reference")),
        looks.money("amount", N_("Worth with tax")),
        _CURRENCY,
        Column("invoice", N_("Invoice"), ref="erp.invoices"),
    ),
    key=("-order", "fulfilment"),
    record="order",
    filters=("order", "fulfiller"),
)

_I = INVOICE.c

INVOICES = View(
    name="erp.invoices",
    title=N_("Invoices"),
    query=looks.always(
        select(
            _I.number.label("invoice"),
            _I.order_number.label("order"),
            _I.account,
            _I.day,
            _I.due,
            _I.net,
            _I.tax,
            _I.total,
            (OPEN_ITEM.c.amount - OPEN_ITEM.c.matched).label("open"),
            _I.currency,
            _I.total_own,
            _I.rate,
            _I.entry,
            _I.issued_at,
        ).outerjoin_from(INVOICE, OPEN_ITEM, OPEN_ITEM.c.document == _I.number)
    ),
    columns=(
        Column("invoice", N_("Invoice")),
        references.order(),
        references.account(),
        _DAY,
        looks.day("due", N_("Due")),
        looks.money("net", N_("Without tax")),
        looks.money("tax", N_("Tax")),
        looks.money("total", N_("Total")),
        looks.money("open", N_("Open")),
        _CURRENCY,
        looks.money("total_own", N_("In own currency"), None),
        Column("rate", N_("Exchange rate"), Kind.RATE),
        Column("entry", N_("Journal entry"), ref="erp.journal"),
        Column("issued_at", N_("Issued"), Kind.TIME),
    ),
    key=("-day", "-invoice"),
    record="invoice",
    filters=("order", "account", "day", "due"),
    related=(
        Related("erp.invoice-lines", "invoice", "invoice", N_("Lines")),
        Related("erp.postings", "entry", "entry", N_("Postings")),
        Related("erp.matches", "debit", "invoice", N_("Settled by")),
    ),
)

_LINE_COLUMNS = (
    looks.number("line", N_("Line")),
    references.item(),
    Column("title", N_("Title")),
    looks.quantity("quantity", N_("Quantity")),
    Column("unit", N_("Unit")),
    Column("unit_price", N_("Price"), Kind.PRICE, "currency"),
    looks.money("amount", N_("Amount")),
    Column("tax_category", N_("Tax category")),
    Column("tax_rate", N_("Tax rate"), Kind.RATE),
    looks.money("tax", N_("Tax")),
    _CURRENCY,
    looks.number("order_line", N_("Line of the order")),
)

INVOICE_LINES = View(
    name="erp.invoice-lines",
    title=N_("Invoice lines"),
    query=looks.always(
        select(*INVOICE_LINE.c, _I.currency).join_from(
            INVOICE_LINE, INVOICE, INVOICE_LINE.c.invoice == _I.number
        )
    ),
    columns=(Column("invoice", N_("Invoice"), ref="erp.invoices"), *_LINE_COLUMNS),
    key=("-invoice", "line"),
    record="invoice",
    filters=("invoice", "item"),
)

_N = CREDIT_NOTE.c

CREDIT_NOTES = View(
    name="erp.credit-notes",
    title=N_("Credit notes"),
    query=looks.always(
        select(
            _N.number.label("credit_note"),
            _N.order_number.label("order"),
            _N.account,
            _N.day,
            _N.net,
            _N.tax,
            _N.total,
            (OPEN_ITEM.c.matched - OPEN_ITEM.c.amount).label("open"),
            _N.currency,
            _N.total_own,
            _N.rate,
            _N.reason,
            _N.reference,
            _N.payout,
            _N.entry,
            _N.issued_at,
        ).outerjoin_from(CREDIT_NOTE, OPEN_ITEM, OPEN_ITEM.c.document == _N.number)
    ),
    columns=(
        Column("credit_note", N_("Credit note")),
        references.order(),
        references.account(),
        _DAY,
        looks.money("net", N_("Without tax")),
        looks.money("tax", N_("Tax")),
        looks.money("total", N_("Total")),
        looks.money("open", N_("Open")),
        _CURRENCY,
        looks.money("total_own", N_("In own currency"), None),
        Column("rate", N_("Exchange rate"), Kind.RATE),
        Column("reason", N_("Reason")),
        Column("reference", N_("Reference")),
        Column("payout", N_("Paid back"), Kind.YES_NO),
        Column("entry", N_("Journal entry"), ref="erp.journal"),
        Column("issued_at", N_("Issued"), Kind.TIME),
    ),
    key=("-day", "-credit_note"),
    record="credit_note",
    filters=("order", "account", "day", "reference"),
    related=(
        Related("erp.credit-note-lines", "credit_note", "credit_note", N_("Lines")),
        Related("erp.postings", "entry", "entry", N_("Postings")),
        Related("erp.matches", "credit", "credit_note", N_("Settles")),
    ),
    actions=("erp.receipt.match",),
)

CREDIT_NOTE_LINES = View(
    name="erp.credit-note-lines",
    title=N_("Credit note lines"),
    query=looks.always(
        select(*CREDIT_NOTE_LINE.c, _N.currency).join_from(
            CREDIT_NOTE_LINE, CREDIT_NOTE, CREDIT_NOTE_LINE.c.credit_note == _N.number
        )
    ),
    columns=(Column("credit_note", N_("Credit note"), ref="erp.credit-notes"), *_LINE_COLUMNS),
    key=("-credit_note", "line"),
    record="credit_note",
    filters=("credit_note", "item"),
)

SALES_VIEWS = (
    ORDERS,
    ORDER_LINES,
    REQUIREMENTS,
    FULFILMENTS,
    INVOICES,
    INVOICE_LINES,
    CREDIT_NOTES,
    CREDIT_NOTE_LINES,
)
