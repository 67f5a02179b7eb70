"""Loads a payment with its facts, locked, and stores what is new: one statement a table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import asdict, fields
from sqlalchemy import bindparam, insert, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_payments.errors import AmountTooLarge
from fenbu_payments.payment import Fact, Kind, Payment, Totals
from fenbu_payments.tables import FACT, PAYMENT

KEPT = tuple(field.name for field in fields(Totals) if field.name in PAYMENT.c)
"""What a payment's row keeps of what its facts add up to."""
_MOVING = tuple(name for name in KEPT if name != "requested")
_HEAD = tuple(PAYMENT.c[name] for name in ("number", "order_number", "account", "gateway", "currency"))
_READ = select(*_HEAD).where(PAYMENT.c.number == bindparam("wanted"))
_LOCKED = _READ.with_for_update()
FACT_COLUMNS = tuple(FACT.c[field.name] for field in fields(Fact))
_FACTS = select(*FACT_COLUMNS).where(FACT.c.subject == bindparam("wanted")).order_by(FACT.c.position)
_OF_ORDER = (
    select(PAYMENT.c.number)
    .where(PAYMENT.c.order_number == bindparam("wanted"))
    .order_by(PAYMENT.c.number.desc())
)
_INSERT = insert(PAYMENT)
_INSERT_FACTS = insert(FACT)
_UPDATE = (
    update(PAYMENT)
    .where(PAYMENT.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in (*_MOVING, "state", "reason", "changed_at")})
)
_AMOUNT = bindparam("amount", type_=PAYMENT.c.captured.type)
_RESERVE = {
    Kind.CAPTURE: update(PAYMENT)
    .where(
        PAYMENT.c.number == bindparam("wanted"),
        PAYMENT.c.captured + PAYMENT.c.capturing + PAYMENT.c.voided + PAYMENT.c.voiding + _AMOUNT
        <= PAYMENT.c.authorised,
    )
    .values(capturing=PAYMENT.c.capturing + _AMOUNT),
    Kind.VOID: update(PAYMENT)
    .where(
        PAYMENT.c.number == bindparam("wanted"),
        PAYMENT.c.captured + PAYMENT.c.capturing + PAYMENT.c.voided + PAYMENT.c.voiding + _AMOUNT
        <= PAYMENT.c.authorised,
    )
    .values(voiding=PAYMENT.c.voiding + _AMOUNT),
    Kind.REFUND: update(PAYMENT)
    .where(
        PAYMENT.c.number == bindparam("wanted"),
        PAYMENT.c.refunded + PAYMENT.c.refunding + _AMOUNT <= PAYMENT.c.captured,
    )
    .values(refunding=PAYMENT.c.refunding + _AMOUNT),
}


def find(work: Work, number: str) -> Payment | None:
    """Return a payment with its facts, its row locked until the transaction ends; None when there is none."""
    row = work.execute(_READ if work.read_only else _LOCKED, {"wanted": number}).first()
    if row is None:
        return None
    facts = [Fact(**fact._mapping) for fact in work.execute(_FACTS, {"wanted": number})]
    return Payment(**row._mapping, facts=facts)


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
    numbers = list(work.execute(_OF_ORDER, {"wanted": order}).scalars())
    loaded = {number: load(work, number) for number in sorted(numbers)}
    return [loaded[number] for number in numbers]


def add(work: Work, payment: Payment) -> None:
    """Store a new payment with its first facts."""
    first = payment.facts[0]
    work.execute(
        _INSERT,
        {
            "number": payment.number,
            "order_number": payment.order_number,
            "account": payment.account,
            "gateway": payment.gateway,
            "currency": payment.currency,
            "day": first.day,
            "requested": payment.totals.requested,
            "requested_at": work.now,
            **_values(work, payment),
        },
    )
    _add_facts(work, payment)


def save(work: Work, payment: Payment) -> None:
    """Store what is new of a payment."""
    if not payment.new:
        return
    values = {f"new_{name}": value for name, value in _values(work, payment).items()}
    work.execute(_UPDATE, {"wanted": payment.number, **values})
    _add_facts(work, payment)


def reserve(work: Work, payment: Payment, kind: Kind, amount: Decimal) -> None:
    """Set an amount aside for an operation, if the row still has room for it.

    Raises:
        AmountTooLarge: It has not.
    """
    save(work, payment)
    statement = _RESERVE.get(kind)
    if statement is None:
        return
    if work.execute(statement, {"wanted": payment.number, "amount": amount}).rowcount != 1:
        left = payment.totals.captured if kind == Kind.REFUND else payment.totals.free
        raise AmountTooLarge(payment.number, kind, amount, left)


def _values(work: Work, payment: Payment) -> Mapping[str, Any]:
    totals = asdict(payment.totals)
    reasons = [fact.reason for fact in payment.facts if fact.reason]
    return {
        **{name: totals[name] for name in _MOVING},
        "state": payment.state,
        "reason": reasons[-1] if reasons else "",
        "changed_at": work.now,
    }


def _add_facts(work: Work, payment: Payment) -> None:
    start = len(payment.facts) - len(payment.new)
    rows = [
        {"subject": payment.number, "position": start + place, **asdict(fact)}
        for place, fact in enumerate(payment.new, 1)
    ]
    if rows:
        work.execute(_INSERT_FACTS, rows)
    payment.new.clear()
