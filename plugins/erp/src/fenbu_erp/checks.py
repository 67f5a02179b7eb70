"""Questions about the health of ERP's books, each one statement or a few over whole tables.

What concerns one order is judged at rest: orders with deliveries still to come are left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, cast, func, literal, null, or_, select

from fenbu.checks import at_rest, count, found
from fenbu.i18n import N_, _
from fenbu.metrics import Check, Finding
from fenbu.tables import MoneyType, QuantityType
from fenbu.work import Work
from fenbu_erp import chart, unheard
from fenbu_erp.chart import CONTROL
from fenbu_erp.lifecycles import RequirementState
from fenbu_erp.numbers import PREFIXES
from fenbu_erp.tables import (
    BALANCE,
    CREDIT_NOTE,
    ENTRY,
    INVOICE,
    MATCH,
    OPEN_ITEM,
    ORDER,
    ORDER_LINE,
    PERIOD,
    POSTING,
    REQUIREMENT,
)

_NOTHING = literal(0, MoneyType())
_NONE = literal(0, QuantityType())


# --- the ledger -----------------------------------------------------------------------------------------

_SUMS = (
    select(POSTING.c.entry, func.sum(POSTING.c.amount_own).label("own")).group_by(POSTING.c.entry).subquery()
)
_UNBALANCED = (
    select(func.coalesce(ENTRY.c.number, _SUMS.c.entry))
    .select_from(_SUMS.outerjoin(ENTRY, ENTRY.c.number == _SUMS.c.entry))
    .where(or_(_SUMS.c.own != _NOTHING, ENTRY.c.number.is_(None)))
)
_WITHOUT_POSTINGS = select(ENTRY.c.number).where(
    ~select(POSTING.c.entry).where(POSTING.c.entry == ENTRY.c.number).exists()
)


def ledger_balanced(work: Work) -> Finding:
    """Say whether every entry balances in the own currency and has its postings."""
    wrong = sorted({*work.execute(_UNBALANCED).scalars(), *work.execute(_WITHOUT_POSTINGS).scalars()})
    return found(_("{count} entries do not balance or are incomplete: {named}"), wrong, count(work, ENTRY))


_BY_DAY = (
    select(
        BALANCE.c.chart,
        PERIOD.c.last.label("day"),
        BALANCE.c.period,
        BALANCE.c.balance,
        _NOTHING.label("own"),
    )
    .join_from(BALANCE, PERIOD, PERIOD.c.code == BALANCE.c.period)
    .union_all(
        select(POSTING.c.chart, POSTING.c.day, null(), null(), func.sum(POSTING.c.amount_own)).group_by(
            POSTING.c.chart, POSTING.c.day
        )
    )
    .subquery()
)
# One pass over the postings, whatever the number of periods: each balance stands after the days of its period.
_AT_ITS_END = func.sum(_BY_DAY.c.own, type_=MoneyType()).over(
    partition_by=_BY_DAY.c.chart, order_by=(_BY_DAY.c.day, _BY_DAY.c.period.is_not(None))
)
_SUMMED = select(
    _BY_DAY.c.chart, _BY_DAY.c.period, _BY_DAY.c.balance, _AT_ITS_END.label("derived")
).subquery()
_KEPT = (
    select(_SUMMED.c.chart, _SUMMED.c.period)
    .where(_SUMMED.c.period.is_not(None), _SUMMED.c.derived != _SUMMED.c.balance)
    .order_by(_SUMMED.c.chart, _SUMMED.c.period)
)
_ON_CONTROL = select(func.coalesce(func.sum(POSTING.c.amount_own), _NOTHING))
_LEFT_OPEN = select(func.coalesce(func.sum(OPEN_ITEM.c.amount_own - OPEN_ITEM.c.matched_own), _NOTHING))


def balances_match_postings(work: Work) -> Finding:
    """Say whether kept balances are the sums of their postings, and control accounts what is open on them."""
    wrong = [f"{row.chart} {row.period}" for row in work.execute(_KEPT)]
    codes = chart.read(work).control
    for code, role in sorted(codes.items()):
        posted = work.execute(_ON_CONTROL.where(POSTING.c.chart == code)).scalar_one()
        left = work.execute(_LEFT_OPEN.where(OPEN_ITEM.c.control == role)).scalar_one()
        if posted != left:
            wrong.append(
                _("{role} ({posted} posted, {left} open)").format(role=role, posted=posted, left=left)
            )
    counted = count(work, BALANCE) + len(CONTROL)
    return found(_("{count} balances differ from what they stand for: {named}"), wrong, counted)


_MATCHED_DEBIT = select(MATCH.c.debit.label("document"), MATCH.c.amount, MATCH.c.debit_own.label("own"))
_MATCHED_CREDIT = select(MATCH.c.credit, -MATCH.c.amount, -MATCH.c.credit_own)
_MATCHED = _MATCHED_DEBIT.union_all(_MATCHED_CREDIT).subquery()
_MATCH_SUMS = (
    select(
        _MATCHED.c.document,
        func.sum(_MATCHED.c.amount).label("amount"),
        func.sum(_MATCHED.c.own).label("own"),
    )
    .group_by(_MATCHED.c.document)
    .subquery()
)
_REVERSAL = select(ENTRY.c.reverses).where(ENTRY.c.reverses == OPEN_ITEM.c.entry)
_MISMATCHED = (
    select(OPEN_ITEM.c.document)
    .select_from(OPEN_ITEM.outerjoin(_MATCH_SUMS, _MATCH_SUMS.c.document == OPEN_ITEM.c.document))
    .where(
        ~_REVERSAL.exists(),
        or_(
            func.coalesce(_MATCH_SUMS.c.amount, _NOTHING) != OPEN_ITEM.c.matched,
            func.coalesce(_MATCH_SUMS.c.own, _NOTHING) != OPEN_ITEM.c.matched_own,
        ),
    )
    .order_by(OPEN_ITEM.c.document)
)


def open_items_match(work: Work) -> Finding:
    """Say whether what each document has settled is the sum of its matches."""
    wrong = list(work.execute(_MISMATCHED).scalars())
    return found(_("{count} documents differ from their matches: {named}"), wrong, count(work, OPEN_ITEM))


def invoice_numbers_gapless(work: Work) -> Finding:
    """Say whether invoices, credit notes and journal entries are numbered 1, 2, 3 … without a gap."""
    wrong, counted = [], 0
    for series, table in (("invoice", INVOICE), ("credit_note", CREDIT_NOTE), ("entry", ENTRY)):
        prefix = PREFIXES[series]
        number = cast(func.substr(table.c.number, len(prefix) + 2), Integer)
        asked = select(
            func.count().label("many"), func.min(number).label("first"), func.max(number).label("last")
        )
        row = work.execute(asked.select_from(table)).one()
        counted += row.many
        if row.many and (row.first, row.last) != (1, row.many):
            told = _("{prefix}: {count} between {first} and {last}")
            wrong.append(told.format(prefix=prefix, count=row.many, first=row.first, last=row.last))
    return found(_("numbers are missing: {named}"), wrong, counted)


# --- orders ---------------------------------------------------------------------------------------------

_QUANTITIES = ("released", "fulfilled", "invoiced", "cancelled", "credited")
_LINE_SUMS = (
    select(
        ORDER_LINE.c.order_number,
        func.sum(ORDER_LINE.c.quantity).label("ordered"),
        *(func.sum(ORDER_LINE.c[name]).label(name) for name in _QUANTITIES),
    )
    .group_by(ORDER_LINE.c.order_number)
    .subquery()
)
_BILLED = (
    select(INVOICE.c.order_number, func.sum(INVOICE.c.total).label("billed"))
    .group_by(INVOICE.c.order_number)
    .subquery()
)
_SETTLED = (
    select(OPEN_ITEM.c.order_number, func.sum(OPEN_ITEM.c.matched).label("settled"))
    .where(OPEN_ITEM.c.kind == "invoice")
    .group_by(OPEN_ITEM.c.order_number)
    .subquery()
)
_OFF_AXES = (
    select(ORDER.c.number)
    .select_from(
        ORDER.outerjoin(_LINE_SUMS, _LINE_SUMS.c.order_number == ORDER.c.number)
        .outerjoin(_BILLED, _BILLED.c.order_number == ORDER.c.number)
        .outerjoin(_SETTLED, _SETTLED.c.order_number == ORDER.c.number)
    )
    .where(
        or_(
            *(
                func.coalesce(_LINE_SUMS.c[name], _NONE) != ORDER.c[name]
                for name in ("ordered", *_QUANTITIES)
            ),
            func.coalesce(_BILLED.c.billed, _NOTHING) != ORDER.c.billed,
            func.coalesce(_SETTLED.c.settled, _NOTHING) != ORDER.c.settled,
        )
    )
)


def order_axes(work: Work) -> Finding:
    """Say whether the quantities and amounts on each order are those of its lines, invoices and matches."""
    rest, skipped = at_rest(work, work.execute(_OFF_AXES).scalars())
    return found(
        _("{count} orders differ from their lines or documents: {named}"), rest, count(work, ORDER), skipped
    )


_UNINVOICED = (
    select(ORDER_LINE.c.order_number).where(ORDER_LINE.c.fulfilled != ORDER_LINE.c.invoiced).distinct()
)


def no_order_without_invoice(work: Work) -> Finding:
    """Say whether all that was handed over is invoiced."""
    rest, skipped = at_rest(work, work.execute(_UNINVOICED).scalars())
    return found(
        _("{count} orders are fulfilled and not invoiced: {named}"), rest, count(work, ORDER), skipped
    )


_OWNED = (
    select(REQUIREMENT.c.owner, REQUIREMENT.c.order_number)
    .where(
        REQUIREMENT.c.state.in_(
            [RequirementState.WAITING, RequirementState.ANNOUNCED, RequirementState.PARTLY_MET]
        )
    )
    .order_by(REQUIREMENT.c.order_number)
)


def requirements_have_owners(work: Work) -> Finding:
    """Say whether each requirement that an order waits for belongs to a module that is enabled."""
    rows: Sequence[Any] = work.execute(_OWNED).all()
    enabled = {owner: work.enabled(owner) for owner in {row.owner for row in rows}}
    wrong = [f"{row.order_number} ({row.owner})" for row in rows if not enabled[row.owner]]
    return found(_("{count} orders wait for a module that is gone: {named}"), wrong, len(rows))


def orders_are_heard_of(work: Work) -> Finding:
    """Say whether every order that waits for an enabled module is known there.

    It is not when what told the module was given up: it was disabled with ``waive``, and came back.
    """
    wrong = [
        _("{order} ({what} by {module})").format(
            order=one.order, what=one.requirement or _("fulfilment"), module=one.module
        )
        for one in unheard.everywhere(work)
    ]
    return found(
        _("{count} orders wait for modules that have not heard of them: {named}"), wrong, count(work, ORDER)
    )


_REVERSE = N_("find out who wrote past the journal; correct it by entries, never by changing rows")
_REPLAY = N_("fenbu flows dead shows deliveries that failed; retry them")

CHECKS = (
    Check(
        name="erp.ledger_balanced",
        title=N_("Every journal entry balances"),
        run=ledger_balanced,
        repair=_REVERSE,
    ),
    Check(
        name="erp.balances_match_postings",
        title=N_("Balances are the sums of their postings"),
        run=balances_match_postings,
        repair=_REVERSE,
    ),
    Check(
        name="erp.open_items_match",
        title=N_("What is settled is the sum of its matches"),
        run=open_items_match,
        repair=_REVERSE,
    ),
    Check(
        name="erp.invoice_numbers_gapless",
        title=N_("Invoices, credit notes and entries are numbered without gaps"),
        run=invoice_numbers_gapless,
        repair=N_("look into the audit trail for what was removed; restore a backup"),
    ),
    Check(
        name="erp.order_axes",
        title=N_("Orders agree with their lines, invoices and payments"),
        run=order_axes,
        repair=_REPLAY,
    ),
    Check(
        name="erp.no_order_without_invoice",
        title=N_("What was handed over is invoiced"),
        run=no_order_without_invoice,
        repair=_REPLAY,
    ),
    Check(
        name="erp.requirements_have_owners",
        title=N_("No order waits for a module that is gone"),
        run=requirements_have_owners,
        repair=N_("enable the module again, or waive: fenbu do erp.order.waive-requirement"),
    ),
    Check(
        name="erp.orders_are_heard_of",
        title=N_("No order waits in vain"),
        run=orders_are_heard_of,
        repair=N_("ask the modules anew: fenbu do erp.order.reassess"),
    ),
)
