"""Views of what came in, what came back and what was counted."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_scm import references
from fenbu_scm.tables import (
    ADJUSTMENT,
    ADJUSTMENT_LINE,
    ITEM,
    RECEIPT,
    RECEIPT_LINE,
    RETURN,
    RETURN_LINE,
)

_DAY = looks.day("day", N_("Day"))
_UNIT = Column("unit", N_("Unit"))
_VALUE = looks.money("value", N_("Value", "worth"), None)
_POSTED = (Column("posted_at", N_("Posted"), Kind.TIME), Column("posted_by", N_("By")))
_QUANTITY = looks.quantity("quantity", N_("Quantity"))

_R, _RL, _T, _TL, _A, _AL = (
    RECEIPT.c,
    RECEIPT_LINE.c,
    RETURN.c,
    RETURN_LINE.c,
    ADJUSTMENT.c,
    ADJUSTMENT_LINE.c,
)

RECEIPTS = View(
    name="scm.receipts",
    title=N_("Receipts of goods"),
    query=looks.always(
        select(
            _R.number.label("receipt"),
            _R.source,
            _R.supplier,
            _R.reference,
            _R.day,
            _R.value,
            _R.posted_at,
            _R.posted_by,
        )
    ),
    columns=(
        Column("receipt", N_("Receipt", "of goods")),
        _DAY,
        looks.state("source", N_("From")),
        Column("supplier", N_("Supplier")),
        Column("reference", N_("Reference")),
        _VALUE,
        *_POSTED,
    ),
    key=("-day", "-receipt"),
    record="receipt",
    filters=("source", "supplier", "reference", "day"),
    related=(Related("scm.receipt-lines", "receipt", "receipt", N_("Lines")),),
)

RECEIPT_LINES = View(
    name="scm.receipt-lines",
    title=N_("Receipt lines"),
    query=looks.always(
        select(
            _RL.receipt, _RL.line, _RL.item, _RL.location, _RL.quantity, _RL.unit_cost, _RL.value, ITEM.c.unit
        ).join_from(RECEIPT_LINE, ITEM, ITEM.c.code == _RL.item)
    ),
    columns=(
        Column("receipt", N_("Receipt", "of goods"), ref="scm.receipts"),
        looks.number("line", N_("Line")),
        references.item(),
        references.location(),
        _QUANTITY,
        _UNIT,
        Column("unit_cost", N_("Unit cost"), Kind.PRICE),
        _VALUE,
    ),
    key=("receipt", "line"),
    record="receipt",
    filters=("receipt", "item", "location"),
)

RETURNS = View(
    name="scm.returns",
    title=N_("Returns"),
    query=looks.always(
        select(
            _T.number.label("return"),
            _T.order_number.label("order"),
            _T.account,
            _T.reason,
            _T.day,
            _T.value,
            _T.posted_at,
            _T.posted_by,
        )
    ),
    columns=(
        Column("return", N_("Return")),
        _DAY,
        references.order(),
        references.account(),
        Column("reason", N_("Reason")),
        _VALUE,
        *_POSTED,
    ),
    key=("-day", "-return"),
    record="return",
    filters=("order", "account", "day"),
    related=(Related("scm.return-lines", "return", "return", N_("Lines")),),
)

RETURN_LINES = View(
    name="scm.return-lines",
    title=N_("Return lines"),
    query=looks.always(
        select(
            _TL.goods_return.label("return"),
            _TL.line,
            _TL.item,
            _TL.location,
            _TL.quantity,
            _TL.value,
            ITEM.c.unit,
        ).join_from(RETURN_LINE, ITEM, ITEM.c.code == _TL.item)
    ),
    columns=(
        Column("return", N_("Return"), ref="scm.returns"),
        looks.number("line", N_("Line")),
        references.item(),
        references.location(),
        _QUANTITY,
        _UNIT,
        _VALUE,
    ),
    key=("return", "line"),
    record="return",
    filters=("return", "item", "location"),
)

ADJUSTMENTS = View(
    name="scm.adjustments",
    title=N_("Adjustments"),
    query=looks.always(select(_A.number.label("adjustment"), _A.reason, _A.day, _A.posted_at, _A.posted_by)),
    columns=(Column("adjustment", N_("Adjustment")), _DAY, Column("reason", N_("Reason")), *_POSTED),
    key=("-day", "-adjustment"),
    record="adjustment",
    filters=("reason", "day"),
    related=(Related("scm.adjustment-lines", "adjustment", "adjustment", N_("Lines")),),
)

ADJUSTMENT_LINES = View(
    name="scm.adjustment-lines",
    title=N_("Adjustment lines"),
    query=looks.always(
        select(
            _AL.adjustment, _AL.line, _AL.item, _AL.location, _AL.quantity, _AL.value, ITEM.c.unit
        ).join_from(ADJUSTMENT_LINE, ITEM, ITEM.c.code == _AL.item)
    ),
    columns=(
        Column("adjustment", N_("Adjustment"), ref="scm.adjustments"),
        looks.number("line", N_("Line")),
        references.item(),
        references.location(),
        _QUANTITY,
        _UNIT,
        _VALUE,
    ),
    key=("adjustment", "line"),
    record="adjustment",
    filters=("adjustment", "item", "location"),
)

DOCUMENT_VIEWS = (RECEIPTS, RECEIPT_LINES, RETURNS, RETURN_LINES, ADJUSTMENTS, ADJUSTMENT_LINES)
