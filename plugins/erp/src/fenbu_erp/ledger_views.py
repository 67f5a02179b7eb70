"""Views of the books: journal, general ledger, trial balance, what is owed, periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.inputs import LAST_DAY
from fenbu.tables import MoneyType
from fenbu.views import Column, Kind, Related, View
from fenbu.work import Work
from fenbu_erp import periods, references
from fenbu_erp.tables import BALANCE, CHART, ENTRY, MATCH, OPEN_ITEM, PERIOD, POSTING, RECEIPT

_ZERO = literal(0, MoneyType())
_DAY = looks.day("day", N_("Day"))
_CURRENCY = Column("currency", N_("Currency"))


def _left(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the debit of a signed amount."""
    return case((amount > _ZERO, amount), else_=_ZERO)


def _right(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the credit of a signed amount."""
    return case((amount < _ZERO, -amount), else_=_ZERO)


JOURNAL = View(
    name="erp.journal",
    title=N_("Journal"),
    help=N_("Entries never change; what is wrong is reversed by another one."),
    query=looks.always(
        select(
            ENTRY.c.number.label("entry"),
            ENTRY.c.day,
            ENTRY.c.business_day,
            ENTRY.c.period,
            ENTRY.c.kind,
            ENTRY.c.document,
            ENTRY.c.text,
            ENTRY.c.reverses,
            ENTRY.c.posted_at,
            ENTRY.c.posted_by,
        )
    ),
    columns=(
        Column("entry", N_("Entry", "in the journal")),
        _DAY,
        looks.day("business_day", N_("Business date")),
        Column("kind", N_("Kind")),
        Column("document", N_("Document")),
        Column("text", N_("Text", "of an entry")),
        Column("period", N_("Period"), ref="erp.periods"),
        Column("reverses", N_("Reverses"), ref="erp.journal"),
        Column("posted_at", N_("Posted"), Kind.TIME),
        Column("posted_by", N_("By")),
    ),
    key=("-day", "-entry"),
    record="entry",
    filters=("day", "period", "kind", "document"),
    actions=("erp.journal.reverse",),
    related=(Related("erp.postings", "entry", "entry", N_("Postings")),),
)

POSTINGS = View(
    name="erp.postings",
    title=N_("General ledger"),
    query=looks.always(
        select(
            POSTING.c.chart,
            CHART.c.title,
            POSTING.c.day,
            POSTING.c.entry,
            POSTING.c.line,
            POSTING.c.party,
            _left(POSTING.c.amount_own).label("debit"),
            _right(POSTING.c.amount_own).label("credit"),
            POSTING.c.amount,
            POSTING.c.currency,
            POSTING.c.text,
        ).join_from(POSTING, CHART, POSTING.c.chart == CHART.c.code)
    ),
    columns=(
        Column("chart", N_("Ledger account"), ref="erp.chart"),
        Column("title", N_("Title")),
        _DAY,
        Column("entry", N_("Entry", "in the journal"), ref="erp.journal"),
        looks.number("line", N_("Line")),
        Column("party", N_("Party"), ref="erp.accounts"),
        looks.money("debit", N_("Debit"), None),
        looks.money("credit", N_("Credit"), None),
        looks.money("amount", N_("In its currency")),
        _CURRENCY,
        Column("text", N_("Text", "of an entry")),
    ),
    key=("chart", "-day", "-entry", "line"),
    record="entry",
    filters=("chart", "day", "party", "entry"),
)


def trial_balance(work: Work, until: date = LAST_DAY) -> Select[Any]:
    """Return each ledger account with its turnover and balance in the own currency, at the end of a day.

    What the last period closed by then left is taken as it was kept; only later postings are added up.
    """
    before, closed = periods.closed_until(work, until) or ("", date.min)
    own = POSTING.c.amount_own
    moved = select(
        POSTING.c.chart, _left(own).label("debit"), _right(own).label("credit"), own.label("balance")
    ).where(POSTING.c.day > closed, POSTING.c.day <= until)
    carried = select(BALANCE.c.chart, _ZERO, _ZERO, BALANCE.c.balance).where(BALANCE.c.period == before)
    rows = moved.union_all(carried).subquery()
    sums = (
        select(
            rows.c.chart,
            func.sum(rows.c.debit).label("debit"),
            func.sum(rows.c.credit).label("credit"),
            func.sum(rows.c.balance).label("balance"),
        )
        .group_by(rows.c.chart)
        .subquery()
    )
    return select(
        CHART.c.code.label("chart"),
        CHART.c.title,
        CHART.c.kind,
        (sums.c.balance - sums.c.debit + sums.c.credit).label("carried"),
        sums.c.debit,
        sums.c.credit,
        sums.c.balance,
    ).join_from(CHART, sums, sums.c.chart == CHART.c.code)


TRIAL_BALANCE = View(
    name="erp.trial-balance",
    title=N_("Trial balance"),
    help=N_("Balance carried from the last closed period, turnover since, and balance now."),
    query=trial_balance,
    columns=(
        Column("chart", N_("Ledger account"), ref="erp.chart"),
        Column("title", N_("Title")),
        looks.state("kind", N_("Kind")),
        looks.money("carried", N_("Carried"), None),
        looks.money("debit", N_("Debit"), None),
        looks.money("credit", N_("Credit"), None),
        looks.money("balance", N_("Balance"), None),
    ),
    key=("chart",),
    record="chart",
    filters=("kind",),
    related=(Related("erp.postings", "chart", "chart", N_("Postings")),),
)


def aged_receivables(work: Work) -> Select[Any]:
    """Return what each account owes by how long it is overdue today, and what we owe it."""
    open_ = OPEN_ITEM.c.amount - OPEN_ITEM.c.matched
    due = OPEN_ITEM.c.due

    def between(after: date | None, until: date | None) -> ColumnElement[Any]:
        bounds = [OPEN_ITEM.c.amount > _ZERO]
        bounds += [due >= after] if after else []
        bounds += [due < until] if until else []
        return func.sum(case((and_(*bounds), open_), else_=_ZERO))

    today = work.today
    edges = [today - timedelta(days=days) for days in (30, 60, 90)]
    return (
        select(
            OPEN_ITEM.c.account,
            OPEN_ITEM.c.currency,
            func.sum(open_).label("total"),
            between(today, None).label("not_due"),
            between(edges[0], today).label("days_30"),
            between(edges[1], edges[0]).label("days_60"),
            between(edges[2], edges[1]).label("days_90"),
            between(None, edges[2]).label("older"),
            func.sum(case((OPEN_ITEM.c.amount < _ZERO, open_), else_=_ZERO)).label("credit"),
        )
        .where(OPEN_ITEM.c.amount != OPEN_ITEM.c.matched)
        .group_by(OPEN_ITEM.c.account, OPEN_ITEM.c.currency)
    )


AGED_RECEIVABLES = View(
    name="erp.aged-receivables",
    title=N_("Aged receivables"),
    query=aged_receivables,
    columns=(
        references.account(),
        _CURRENCY,
        looks.money("total", N_("Total")),
        looks.money("not_due", N_("Not due")),
        looks.money("days_30", N_("Up to 30 days")),
        looks.money("days_60", N_("31 to 60")),
        looks.money("days_90", N_("61 to 90")),
        looks.money("older", N_("Older")),
        looks.money("credit", N_("Credit")),
    ),
    key=("account", "currency"),
    record="account",
    filters=("currency",),
    related=(Related("erp.open-items", "account", "account", N_("Documents")),),
)

OPEN_ITEMS = View(
    name="erp.open-items",
    title=N_("Open items"),
    help=N_("What each document leaves owing; negative is owed by us."),
    query=looks.always(
        select(
            OPEN_ITEM.c.document,
            OPEN_ITEM.c.kind,
            OPEN_ITEM.c.account,
            OPEN_ITEM.c.order_number.label("order"),
            OPEN_ITEM.c.day,
            OPEN_ITEM.c.due,
            OPEN_ITEM.c.amount,
            (OPEN_ITEM.c.amount - OPEN_ITEM.c.matched).label("open"),
            OPEN_ITEM.c.currency,
            (OPEN_ITEM.c.amount_own - OPEN_ITEM.c.matched_own).label("open_own"),
            OPEN_ITEM.c.control,
        ).where(OPEN_ITEM.c.amount != OPEN_ITEM.c.matched)
    ),
    columns=(
        Column("document", N_("Document")),
        Column("kind", N_("Kind")),
        references.account(),
        references.order(),
        _DAY,
        looks.day("due", N_("Due")),
        looks.money("amount", N_("Amount")),
        looks.money("open", N_("Open")),
        _CURRENCY,
        looks.money("open_own", N_("In own currency"), None),
        Column("control", N_("Stands on")),
    ),
    key=("document",),
    record="document",
    filters=("kind", "account", "order", "currency", "due", "control"),
)

MATCHES = View(
    name="erp.matches",
    title=N_("Matches"),
    help=N_("Which credit settled which debit."),
    query=looks.always(
        select(
            MATCH.c.id,
            MATCH.c.debit,
            MATCH.c.credit,
            MATCH.c.account,
            MATCH.c.amount,
            MATCH.c.currency,
            MATCH.c.day,
        )
    ),
    columns=(
        Column("debit", N_("Debit")),
        Column("credit", N_("Credit")),
        references.account(),
        looks.money("amount", N_("Amount")),
        _CURRENCY,
        _DAY,
    ),
    key=("-id",),
    record="credit",
    filters=("debit", "credit", "account"),
)

_R = RECEIPT.c

RECEIPTS = View(
    name="erp.receipts",
    title=N_("Receipts"),
    query=looks.always(
        select(
            _R.number.label("receipt"),
            _R.account,
            _R.order_number.label("order"),
            _R.day,
            _R.amount,
            (OPEN_ITEM.c.matched - OPEN_ITEM.c.amount).label("open"),
            _R.currency,
            _R.amount_own,
            _R.rate,
            _R.method,
            _R.reference,
            _R.entry,
            _R.recorded_at,
        ).join_from(RECEIPT, OPEN_ITEM, OPEN_ITEM.c.document == _R.number)
    ),
    columns=(
        Column("receipt", N_("Receipt", "of money")),
        references.account(),
        _DAY,
        looks.money("amount", N_("Amount")),
        looks.money("open", N_("Not matched")),
        _CURRENCY,
        Column("method", N_("By")),
        Column("reference", N_("Reference")),
        references.order(),
        looks.money("amount_own", N_("In own currency"), None),
        Column("rate", N_("Exchange rate"), Kind.RATE),
        Column("entry", N_("Journal entry"), ref="erp.journal"),
        Column("recorded_at", N_("Recorded"), Kind.TIME),
    ),
    key=("-day", "-receipt"),
    record="receipt",
    filters=("account", "order", "day", "method", "reference"),
    actions=("erp.receipt.match",),
    related=(
        Related("erp.matches", "credit", "receipt", N_("Settles")),
        Related("erp.postings", "entry", "entry", N_("Postings")),
    ),
)

PERIODS = View(
    name="erp.periods",
    title=N_("Fiscal periods"),
    query=looks.always(
        select(
            PERIOD.c.code.label("period"),
            PERIOD.c.first,
            PERIOD.c.last,
            PERIOD.c.state,
            PERIOD.c.closed_at,
            PERIOD.c.closed_by,
        )
    ),
    columns=(
        Column("period", N_("Period")),
        looks.day("first", N_("First day")),
        looks.day("last", N_("Last day")),
        looks.state("state", N_("State")),
        Column("closed_at", N_("Closed"), Kind.TIME),
        Column("closed_by", N_("By")),
    ),
    key=("-period",),
    record="period",
    filters=("state",),
    state="state",
    lifecycle="fenbu_erp.lifecycles:PERIOD",
    actions=("erp.period.close",),
    related=(Related("erp.journal", "period", "period", N_("Entries")),),
)

CHART_OF_ACCOUNTS = View(
    name="erp.chart",
    title=N_("Chart of accounts"),
    query=looks.always(select(CHART.c.code, CHART.c.title, CHART.c.kind, CHART.c.role)),
    columns=(
        Column("code", N_("Code")),
        Column("title", N_("Title")),
        looks.state("kind", N_("Kind")),
        Column("role", N_("Role", "of a ledger account")),
    ),
    key=("code",),
    record="code",
    filters=("kind", "role"),
    actions=("erp.chart.add", "erp.chart.replace"),
    related=(Related("erp.postings", "chart", "code", N_("Postings")),),
)

LEDGER_VIEWS = (
    JOURNAL,
    POSTINGS,
    TRIAL_BALANCE,
    AGED_RECEIVABLES,
    OPEN_ITEMS,
    MATCHES,
    RECEIPTS,
    PERIODS,
    CHART_OF_ACCOUNTS,
)
