"""Questions about the health of payments. What concerns one key is judged at rest, and what is left out counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select

from fenbu.checks import at_rest, count, found
from fenbu.i18n import N_, _
from fenbu.metrics import Check, Finding, Health
from fenbu.work import Work
from fenbu_payments import gateways, orders
from fenbu_payments.open_views import DOCUMENTS, MONEY
from fenbu_payments.payment import Fact, Kind, Step, fold, operations
from fenbu_payments.payment_store import FACT_COLUMNS, KEPT
from fenbu_payments.polls import LONGEST
from fenbu_payments.settings import PaymentsSettings
from fenbu_payments.tables import FACT, PAYMENT

_CHUNK = 500
_P = PAYMENT.c
_KEY = func.coalesce(func.nullif(_P.order_number, ""), _P.number)


# --- amounts and facts ----------------------------------------------------------------------------------

_DONE = (
    select(
        FACT.c.subject,
        *(
            func.sum(FACT.c.amount).filter(FACT.c.kind == kind).label(kind)
            for kind in (Kind.AUTHORISE, Kind.CAPTURE, Kind.VOID, Kind.REFUND)
        ),
    )
    .where(FACT.c.step == Step.DONE)
    .group_by(FACT.c.subject)
    .subquery()
)
_D = _DONE.c
_TOO_MUCH = select(_D.subject).where(
    or_(
        func.coalesce(_D.capture, 0) + func.coalesce(_D.void, 0) > func.coalesce(_D.authorise, 0),
        func.coalesce(_D.refund, 0) > func.coalesce(_D.capture, 0),
    )
)


def captured_within_authorised(work: Work) -> Finding:
    """Say whether no payment took more than was authorised, or gave back more than it took."""
    wrong = sorted(work.execute(_TOO_MUCH).scalars())
    return found(
        _("{count} payments took or gave back more than there was: {named}"), wrong, count(work, PAYMENT)
    )


_CHUNKS = (
    select(_P.number, _P.state, *(_P[name] for name in KEPT))
    .where(_P.number > bindparam("after"))
    .order_by(_P.number)
    .limit(_CHUNK)
)
_FACTS = (
    select(FACT.c.subject, *FACT_COLUMNS)
    .where(FACT.c.subject >= bindparam("first"), FACT.c.subject <= bindparam("last"))
    .order_by(FACT.c.subject, FACT.c.position)
)


def _payments(work: Work) -> Iterator[tuple[Any, list[Fact]]]:
    """Yield each payment's row with its facts, a chunk in memory at a time."""
    after = ""
    while rows := work.execute(_CHUNKS, {"after": after}).all():
        first, after = rows[0].number, rows[-1].number
        facts = _by_payment(work.execute(_FACTS, {"first": first, "last": after}))
        yield from ((row, facts.get(row.number, [])) for row in rows)


def _by_payment(rows: Iterable[Row[Any]]) -> dict[str, list[Fact]]:
    """Return the facts of rows that are sorted by payment."""
    return {
        subject: [Fact(**{n: v for n, v in one._mapping.items() if n != "subject"}) for one in group]
        for subject, group in groupby(rows, key=attrgetter("subject"))
    }


def state_is_fold(work: Work) -> Finding:
    """Say whether each payment's row is what its facts add up to."""
    wrong, counted = [], 0
    for row, facts in _payments(work):
        totals, counted = fold(facts), counted + 1
        if row.state != totals.state or any(getattr(row, name) != getattr(totals, name) for name in KEPT):
            wrong.append(row.number)
    return found(_("{count} payments differ from their facts: {named}"), wrong, counted)


# --- calls and documents --------------------------------------------------------------------------------

_MOVING = (
    select(_KEY.label("key"), _P.number, _P.gateway)
    .where(
        _P.number > bindparam("after"),
        or_(_P.capturing > 0, _P.voiding > 0, _P.refunding > 0, _P.state == "requested"),
    )
    .order_by(_P.number)
    .limit(_CHUNK)
)
_OPEN_FACTS = (
    select(FACT.c.subject, *FACT_COLUMNS)
    .where(FACT.c.subject.in_(bindparam("numbers", expanding=True)))
    .order_by(FACT.c.subject, FACT.c.position)
)


def operations_have_calls(work: Work) -> Finding:
    """Say whether each operation under way has a call or is asked for in time, or is for an operator to do."""
    settings = work.settings(PaymentsSettings)
    by_hand = {one.name for one in settings.gateways if gateways.find(settings, one.name).by_hand}
    waiting = work.waiting_keys()
    wrong, lately = list[str](), work.now - 2 * LONGEST
    after, counted = "", 0
    while rows := work.execute(_MOVING, {"after": after}).all():
        after, counted = rows[-1].number, counted + len(rows)
        asked = [row.number for row in rows if row.key not in waiting and row.gateway not in by_hand]
        for facts in _by_payment(work.execute(_OPEN_FACTS, {"numbers": asked}) if asked else ()).values():
            told = {fact.reference for fact in facts if fact.kind == Kind.PENDING and fact.at > lately}
            wrong += [one.number for one in operations(facts).values() if one.open and one.number not in told]
    return found(_("{count} operations are under way and nobody calls: {named}"), wrong, counted)


_MONEY = MONEY.subquery()
_UNEXPLAINED_MONEY = select(_MONEY.c.order, _MONEY.c.payment).where(_MONEY.c.why == "unexplained")
_UNEXPLAINED_DOCUMENTS = select(DOCUMENTS.c.document, DOCUMENTS.c.number).where(
    DOCUMENTS.c.why.in_(["unexplained", "being_renewed"])
)


def money_and_documents_agree(work: Work) -> Finding:
    """Say whether, at rest, what was captured is what was fulfilled, or there is a reason why not."""
    asked = (_UNEXPLAINED_MONEY, _UNEXPLAINED_DOCUMENTS)
    rows = [(key, number) for statement in asked for key, number in map(tuple, work.execute(statement))]
    rest, skipped = at_rest(work, rows, key=itemgetter(0))
    told = _("{count} payments differ from what was fulfilled: {named}")
    return found(told, [number for _key, number in rest], count(work, PAYMENT), skipped)


_HELD = select(_P.order_number, _P.number).where(
    _P.order_number != "",
    _P.authorised > _P.captured + _P.capturing + _P.voided + _P.voiding,
    _P.due <= _P.captured + _P.capturing,
)


def held_is_wanted(work: Work) -> Finding:
    """Say whether money that is held, and of which nothing is due, is held for orders that will want it.

    An order may have been settled while payments were switched off, and what it told given up.
    """
    rows = [(order, number) for order, number in map(tuple, work.execute(_HELD))]
    done = orders.finished(work, (order for order, _number in rows))
    if done is None:
        return Finding(Health.UNKNOWN, _("nobody here keeps orders"), len(rows))
    stray = [row for row in rows if row[0] in done]
    rest, skipped = at_rest(work, stray, key=itemgetter(0))
    told = _("{count} payments hold money that no order waits for: {named}")
    return found(told, [number for _key, number in rest], len(rows), skipped)


_RESTORE = N_("find out who wrote past the module; the facts are what is true")

CHECKS = (
    Check(
        name="payments.captured_within_authorised",
        title=N_("No more is taken than was authorised"),
        run=captured_within_authorised,
        repair=N_("compare payments.facts with the gateway's own record; refund what was taken too much"),
    ),
    Check(
        name="payments.state_is_fold",
        title=N_("Payments are what their facts add up to"),
        run=state_is_fold,
        repair=_RESTORE,
    ),
    Check(
        name="payments.operations_have_calls",
        title=N_("Operations under way have a call"),
        run=operations_have_calls,
        repair=N_(
            "fenbu flows dead shows calls that need a person; retry or skip them. Where there is none, let the "
            "gateway be asked: fenbu do payments.payment.retry"
        ),
    ),
    Check(
        name="payments.money_and_documents_agree",
        title=N_("Money and documents agree"),
        run=money_and_documents_agree,
        repair=N_("fenbu show payments.document-without-money and payments.money-without-document say where"),
    ),
    Check(
        name="payments.held_is_wanted",
        title=N_("Money that is held is wanted"),
        run=held_is_wanted,
        repair=N_(
            "let it go: fenbu do payments.payment.void; what was refused is tried again: payments.payment.retry"
        ),
    ),
)
