"""Loads payments with their facts, locked, in one statement, and stores what is new in one a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from attrs import fields
from sqlalchemy import Executable, bindparam, false, insert, literal, literal_column, or_, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.statements import locks_rows
from fenbu.work import Work
from fenbu_payments.errors import AmountTooLarge
from fenbu_payments.lifecycles import UNTAKEN_STATES, PaymentState
from fenbu_payments.payment import Fact, Payment, Totals
from fenbu_payments.tables import FACT, NOTICE, PAYMENT

KEPT = tuple(field.name for field in fields(Totals) if field.name in PAYMENT.c)
"""What a payment's row keeps of what its facts add up to."""
_MOVING = tuple(name for name in KEPT if name != "requested")
_HEAD = tuple(PAYMENT.c[name] for name in ("number", "order_number", "account", "gateway", "currency"))
_FACT_NAMES = tuple(field.name for field in fields(Fact))
FACT_COLUMNS = tuple(FACT.c[name] for name in _FACT_NAMES)
UNTAKEN = NOTICE.c.state.in_([literal_column(f"'{state}'") for state in UNTAKEN_STATES])
"""Of a notice, written as in the index that holds those."""
_TOLD_OF = select(NOTICE.c.number).where(NOTICE.c.payment == bindparam("wanted"), UNTAKEN).exists()
_WHOLE = (
    select(*_HEAD, _TOLD_OF, *FACT_COLUMNS)
    .join_from(PAYMENT, FACT, FACT.c.subject == PAYMENT.c.number)
    .where(PAYMENT.c.number == bindparam("wanted"))
    .order_by(FACT.c.position)
)
_OF_ORDER = (
    select(*_HEAD, false(), *FACT_COLUMNS)
    .join_from(PAYMENT, FACT, FACT.c.subject == PAYMENT.c.number)
    .where(PAYMENT.c.order_number == bindparam("wanted"))
    .order_by(PAYMENT.c.number, FACT.c.position)
)
_LOCK = select(PAYMENT.c.number).where(PAYMENT.c.number == bindparam("wanted")).with_for_update()
_LOCK_OF_ORDER = (
    select(PAYMENT.c.number)
    .where(PAYMENT.c.order_number == bindparam("wanted"))
    .order_by(PAYMENT.c.number)
    .with_for_update()
)
_LOCK_MANY = (
    select(PAYMENT.c.number)
    .where(
        or_(
            PAYMENT.c.order_number.in_(bindparam("orders", expanding=True)),
            PAYMENT.c.number.in_(bindparam("numbers", expanding=True)),
        )
    )
    .order_by(PAYMENT.c.number)
    .with_for_update()
)
_ASKED_FOR = select(PAYMENT.c.order_number).where(
    PAYMENT.c.order_number.in_(bindparam("numbers", expanding=True)),
    PAYMENT.c.state.in_([PaymentState.REQUESTED, PaymentState.AUTHORISED]),
    PAYMENT.c.authorised < PAYMENT.c.requested,
    PAYMENT.c.let_go == literal(False, PAYMENT.c.let_go.type),
)
_PAGE = 500
_INSERT = insert(PAYMENT)
_INSERT_FACTS = insert(FACT)
_MONEY = PAYMENT.c.captured.type
_UPDATE = (
    update(PAYMENT)
    .where(
        PAYMENT.c.number == bindparam("wanted"),
        PAYMENT.c.captured
        + PAYMENT.c.capturing
        + PAYMENT.c.voided
        + PAYMENT.c.voiding
        + bindparam("taken", type_=_MONEY)
        <= bindparam("new_authorised", type_=_MONEY),
        PAYMENT.c.refunded + PAYMENT.c.refunding + bindparam("given", type_=_MONEY)
        <= bindparam("new_captured", type_=_MONEY),
    )
    .values({name: bindparam(f"new_{name}") for name in (*_MOVING, "state", "reason", "changed_at")})
)


def find(work: Work, number: str) -> Payment | None:
    """Return a payment with its facts, its row locked until the transaction ends; None when there is none."""
    found = _locked(work, _LOCK, _WHOLE, number)
    return found[0] if found else None


def load(work: Work, number: str) -> Payment:
    """Return a payment as `find` does.

    Raises:
        NotFound: No such payment.
    """
    if (found := find(work, number)) is None:
        raise NotFound(_("payment"), number, _("fenbu show payments.payments lists them"))
    return found


def of_order(work: Work, order: str) -> list[Payment]:
    """Return the payments of an order, the newest first, their rows locked; usually one or none."""
    return _locked(work, _LOCK_OF_ORDER, _OF_ORDER, order)[::-1]


def asked_for(work: Work, orders: Collection[str]) -> set[str]:
    """Return those of these orders whose payment, or the rest of it, somebody is asked for; nothing is locked."""
    wanted, found = sorted(orders), set[str]()
    for start in range(0, len(wanted), _PAGE):
        found |= set(work.execute(_ASKED_FOR, {"numbers": wanted[start : start + _PAGE]}).scalars())
    return found


def lock(work: Work, orders: Collection[str], numbers: Collection[str]) -> None:
    """Lock all payments of some orders, and some by their own numbers, in the order of their numbers."""
    work.execute(_LOCK_MANY, {"orders": sorted(orders), "numbers": sorted(numbers)})


def _locked(work: Work, lock: Executable, whole: Executable, wanted: str) -> list[Payment]:
    """Return payments by number, each from its rows, one a fact.

    What the lock guards is read after it is had: the locking statement itself would give it as it was before.
    """
    if locks_rows(work) and not work.execute(lock, {"wanted": wanted}).all():
        return []
    rows = work.execute(whole, {"wanted": wanted})
    return [_payment([tuple(row) for row in own]) for _number, own in groupby(rows, key=itemgetter(0))]


def _payment(rows: Sequence[tuple[Any, ...]]) -> Payment:
    number, order, account, gateway, currency, told_of, *_fact = rows[0]
    facts = [Fact(**dict(zip(_FACT_NAMES, row[len(_HEAD) + 1 :], strict=True))) for row in rows]
    return Payment(number, order, account, gateway, currency, facts, told_of=bool(told_of))


def save(work: Work, payment: Payment) -> None:
    """Store a payment that is new, or what is new of it, if its row still has room for what is being set aside.

    Raises:
        AmountTooLarge: It has not.
    """
    if not payment.new:
        return
    if len(payment.new) == len(payment.facts):
        _insert(work, payment)
    else:
        _update(work, payment)
    _insert_facts(work, payment)


def _insert(work: Work, payment: Payment) -> None:
    head = {
        name: getattr(payment, name) for name in ("number", "order_number", "account", "gateway", "currency")
    }
    first = {"day": payment.facts[0].day, "requested_at": work.now, "requested": payment.totals.requested}
    work.execute(_INSERT, head | first | _values(work, payment))


def _update(work: Work, payment: Payment) -> None:
    values = {f"new_{name}": value for name, value in _values(work, payment).items()}
    taken = payment.totals.taken - payment.stored.taken
    given = payment.totals.given - payment.stored.given
    values |= {"wanted": payment.number, "taken": taken, "given": given}
    if work.execute(_UPDATE, values).rowcount != 1:
        raise AmountTooLarge(payment.number, _("set aside"), taken + given, payment.stored.free)


def _values(work: Work, payment: Payment) -> dict[str, Any]:
    reasons = [fact.reason for fact in payment.facts if fact.reason]
    return {
        **{name: getattr(payment.totals, name) for name in _MOVING},
        "state": payment.state,
        "reason": reasons[-1] if reasons else "",
        "changed_at": work.now,
    }


def _insert_facts(work: Work, payment: Payment) -> None:
    start = len(payment.facts) - len(payment.new)
    rows = [
        {"subject": payment.number, "position": start + place}
        | {name: getattr(fact, name) for name in _FACT_NAMES}
        for place, fact in enumerate(payment.new, 1)
    ]
    work.execute(_INSERT_FACTS, rows)
    payment.new.clear()
    payment.stored = payment.totals
