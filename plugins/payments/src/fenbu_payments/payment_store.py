"""Loads a payment with its facts, locked, and stores what is new: one statement a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import asdict, fields
from sqlalchemy import bindparam, insert, literal, or_, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_payments.errors import AmountTooLarge
from fenbu_payments.lifecycles import PaymentState
from fenbu_payments.payment import Fact, Payment, Totals
from fenbu_payments.tables import FACT, PAYMENT

KEPT = tuple(field.name for field in fields(Totals) if field.name in PAYMENT.c)
"""What a payment's row keeps of what its facts add up to."""
_MOVING = tuple(name for name in KEPT if name != "requested")
_HEAD = tuple(PAYMENT.c[name] for name in ("number", "order_number", "account", "gateway", "currency"))
_READ = select(*_HEAD).where(PAYMENT.c.number == bindparam("wanted"))
_LOCKED = _READ.with_for_update()
_FACT_NAMES = tuple(field.name for field in fields(Fact))
FACT_COLUMNS = tuple(FACT.c[name] for name in _FACT_NAMES)
_FACTS = select(*FACT_COLUMNS).where(FACT.c.subject == bindparam("wanted")).order_by(FACT.c.position)
_OF_ORDER = select(*_HEAD).where(PAYMENT.c.order_number == bindparam("wanted")).order_by(PAYMENT.c.number)
_OF_ORDER_LOCKED = _OF_ORDER.with_for_update()
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
_FACTS_OF_MANY = (
    select(FACT.c.subject, *FACT_COLUMNS)
    .where(FACT.c.subject.in_(bindparam("numbers", expanding=True)))
    .order_by(FACT.c.subject, FACT.c.position)
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
    rows = work.execute(_OF_ORDER if work.read_only else _OF_ORDER_LOCKED, {"wanted": order}).all()
    if not rows:
        return []
    facts: dict[str, list[Fact]] = {row.number: [] for row in rows}
    for row in work.execute(_FACTS_OF_MANY, {"numbers": list(facts)}):
        facts[row.subject].append(Fact(**{name: row._mapping[name] for name in _FACT_NAMES}))
    return [Payment(**row._mapping, facts=facts[row.number]) for row in reversed(rows)]


def asked_for(work: Work, orders: Collection[str]) -> set[str]:
    """Return those of these orders whose payment, or the rest of it, somebody is asked for; nothing is locked."""
    wanted, found = sorted(orders), set[str]()
    for start in range(0, len(wanted), _PAGE):
        found |= set(work.execute(_ASKED_FOR, {"numbers": wanted[start : start + _PAGE]}).scalars())
    return found


def lock(work: Work, orders: Collection[str], numbers: Collection[str]) -> None:
    """Lock all payments of some orders, and some by their own numbers, in the order of their numbers."""
    work.execute(_LOCK_MANY, {"orders": sorted(orders), "numbers": sorted(numbers)})


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
    totals = asdict(payment.totals)
    reasons = [fact.reason for fact in payment.facts if fact.reason]
    return {
        **{name: totals[name] for name in _MOVING},
        "state": payment.state,
        "reason": reasons[-1] if reasons else "",
        "changed_at": work.now,
    }


def _insert_facts(work: Work, payment: Payment) -> None:
    start = len(payment.facts) - len(payment.new)
    rows = [
        {"subject": payment.number, "position": start + place, **asdict(fact)}
        for place, fact in enumerate(payment.new, 1)
    ]
    work.execute(_INSERT_FACTS, rows)
    payment.new.clear()
    payment.stored = payment.totals
