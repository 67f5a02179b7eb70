"""Payouts: money that leaves us and is not the refund of one payment (a return without its order, a payroll)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import asdict, define
from pydantic import Field
from sqlalchemy import bindparam, func, insert, select, update

from fenbu.contracts.payments import PayoutFailed, PayoutPaid, PayoutRequested
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.values import Money, document_number, round_amount
from fenbu.work import Work
from fenbu_payments import gateways
from fenbu_payments.errors import NotByHand
from fenbu_payments.inputs import Reference
from fenbu_payments.lifecycles import PAYOUT as LIFECYCLE
from fenbu_payments.lifecycles import PayoutState
from fenbu_payments.operations import Outcome, business_day
from fenbu_payments.payment import Fact, Kind, Step, operations
from fenbu_payments.payment_store import FACT_COLUMNS
from fenbu_payments.settings import PaymentsSettings
from fenbu_payments.tables import FACT, PAYOUT

PREFIX = "PO"
CREDIT, PAYROLL = "credit", "payroll"
"""What a payout is for."""

_READ = select(PAYOUT).where(PAYOUT.c.number == bindparam("wanted"))
_LOCKED = _READ.with_for_update()
_LOCK_MANY = (
    select(PAYOUT.c.number)
    .where(PAYOUT.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(PAYOUT.c.number)
    .with_for_update()
)
_OF_DOCUMENT = select(PAYOUT.c.number).where(PAYOUT.c.document == bindparam("wanted"))
_FACTS = select(*FACT_COLUMNS).where(FACT.c.subject == bindparam("wanted")).order_by(FACT.c.position)
_MANY = select(func.count()).where(FACT.c.subject == bindparam("wanted"))
_INSERT = insert(PAYOUT)
_INSERT_FACT = insert(FACT)
_MOVING = ("state", "attempt", "reference", "reason", "gateway")
_UPDATE = (
    update(PAYOUT)
    .where(PAYOUT.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)


class ConfirmPayout(Input):
    """Money that an operator has sent."""

    payout: Code = Field(description="Its number, as payments.payouts shows it")
    reference: Reference = Field("", description="What the bank statement says")
    day: Day | None = Field(None, description="Business date; today unless given")


class PayoutRef(Input):
    """A payout."""

    payout: Code = Field(description="Its number, as payments.payouts shows it")


@define
class Payout:
    """A payout as its row keeps it."""

    number: str
    document: str
    order_number: str
    account: str
    gateway: str
    currency: str
    amount: Decimal
    day: date
    state: str
    attempt: int
    reference: str = ""
    reason: str = ""
    purpose: str = CREDIT

    @property
    def key(self) -> str:
        """Key of its events: the order's number, or that of the document it pays."""
        return self.order_number or self.document

    @property
    def operation(self) -> str:
        """Number of the attempt under way."""
        return f"{self.number}-{self.attempt}"


def pay(
    work: Work,
    *,
    document: str,
    order: str,
    account: str,
    currency: str,
    amount: Decimal,
    day: date,
    purpose: str = CREDIT,
) -> Payout | None:
    """Pay a document out, once; by the gateway, or by hand when that is worked by hand."""
    if work.execute(_OF_DOCUMENT, {"wanted": document}).first() is not None:
        return None
    settings = work.settings(PaymentsSettings)
    payout = Payout(
        number=document_number(PREFIX, work.number("payout")),
        document=document,
        order_number=order,
        account=account,
        gateway=settings.payout_gateway or settings.gateway,
        currency=currency,
        amount=amount,
        day=day,
        state=PayoutState.REQUESTED,
        attempt=1,
        purpose=purpose,
    )
    work.execute(_INSERT, asdict(payout) | {"requested_at": work.now})
    work.publish(
        PayoutRequested(
            key=payout.key,
            payout=payout.number,
            document=document,
            account=account,
            day=day,
            currency=currency,
            amount=amount,
        )
    )
    _begin(work, payout)
    return payout


def confirm(work: Work, wanted: ConfirmPayout) -> dict[str, Any]:
    """Record that a payout was made by hand.

    Raises:
        NotFound, TransitionRefused: No such payout, or it is paid.
        NotByHand: Its gateway pays it.
    """
    payout = load(work, wanted.payout)
    LIFECYCLE.next(payout.state, "confirm", payout.number)
    if not gateways.find(work.settings(PaymentsSettings), payout.gateway).by_hand:
        raise NotByHand(payout.number, payout.gateway)
    conclude(
        work,
        payout,
        Outcome(
            kind=Kind.PAYOUT,
            operation=payout.operation,
            done=True,
            amount=payout.amount,
            reference=wanted.reference,
            source="operator",
            day=wanted.day or work.today,
        ),
    )
    return {"payout": payout.number, "state": payout.state, "document": payout.document}


def retry(work: Work, wanted: PayoutRef) -> dict[str, Any]:
    """Try a refused payout again, by the gateway that the settings name now.

    Raises:
        TransitionRefused: It was not refused.
    """
    payout = load(work, wanted.payout)
    payout.state = LIFECYCLE.next(payout.state, "retry", payout.number)
    settings = work.settings(PaymentsSettings)
    payout.gateway, payout.reason = settings.payout_gateway or settings.gateway, ""
    payout.attempt += 1
    _save(work, payout)
    _begin(work, payout)
    return {"payout": payout.number, "state": payout.state, "document": payout.document}


def conclude(work: Work, payout: Payout, outcome: Outcome) -> str:
    """Take what became of a payout, once; return why it cannot be taken, or nothing."""
    facts = [Fact(**row._mapping) for row in work.execute(_FACTS, {"wanted": payout.number})]
    known = operations(facts).get(outcome.operation)
    if known is None or known.begun is None:
        return _("{operation} is not known here").format(operation=outcome.operation)
    if known.done or (known.failed and not outcome.done):
        return ""
    if outcome.amount != payout.amount:
        return _("{operation} was asked for {wanted}, not for {got}").format(
            operation=outcome.operation, wanted=payout.amount, got=outcome.amount
        )
    if payout.state == PayoutState.PAID:
        return _("{payout} is paid already").format(payout=payout.number)
    day = outcome.day or business_day(work, known.begun)
    _note(work, payout, Step.DONE if outcome.done else Step.FAILED, day, outcome)
    payout.reference, payout.reason = outcome.reference, outcome.reason
    payout.state = PayoutState.PAID if outcome.done else PayoutState.FAILED
    _save(work, payout)
    if outcome.done:
        work.publish(
            PayoutPaid(
                key=payout.key,
                payout=payout.number,
                document=payout.document,
                account=payout.account,
                day=day,
                currency=payout.currency,
                amount=round_amount(payout.amount, payout.currency),
                purpose=payout.purpose,
            )
        )
    else:
        work.publish(
            PayoutFailed(
                key=payout.key,
                payout=payout.number,
                document=payout.document,
                account=payout.account,
                reason=outcome.reason,
            )
        )
    return ""


def awaits(work: Work, payout: Payout, operation: str) -> bool:
    """Say whether nobody has told yet what became of an attempt to pay."""
    facts = [Fact(**row._mapping) for row in work.execute(_FACTS, {"wanted": payout.number})]
    known = operations(facts).get(operation)
    return known is not None and known.open


def find(work: Work, number: str) -> Payout | None:
    """Return a payout, its row locked until the transaction ends; None when there is none."""
    row = work.execute(_READ if work.read_only else _LOCKED, {"wanted": number}).first()
    if row is None:
        return None
    return Payout(**{name: value for name, value in row._mapping.items() if name != "requested_at"})


def lock(work: Work, numbers: Collection[str]) -> None:
    """Lock payouts in the order of their numbers."""
    work.execute(_LOCK_MANY, {"numbers": sorted(numbers)})


def load(work: Work, number: str) -> Payout:
    """Return a payout as `find` does.

    Raises:
        NotFound: No such payout.
    """
    if (found := find(work, number)) is None:
        raise NotFound(_("payout"), number, _("fenbu show payments.payouts lists them"))
    return found


def _begin(work: Work, payout: Payout) -> None:
    begun = Outcome(kind=Kind.PAYOUT, operation=payout.operation, done=False, amount=payout.amount, source="")
    _note(work, payout, Step.BEGUN, payout.day, begun)
    if not gateways.find(work.settings(PaymentsSettings), payout.gateway).by_hand:
        work.call(
            "payments.payout",
            subject=payout.operation,
            key=payout.key,
            payload={"gateway": payout.gateway, "payment": payout.number, "account": payout.account},
            amount=Money(payout.amount, payout.currency),
        )


def _note(work: Work, payout: Payout, step: Step, day: date, outcome: Outcome) -> None:
    fact = Fact(
        kind=Kind.PAYOUT,
        step=step,
        operation=outcome.operation,
        amount=outcome.amount,
        day=day,
        at=work.now,
        reference=outcome.reference or (payout.document if step == Step.BEGUN else ""),
        reason=outcome.reason,
        source=outcome.source,
    )
    position = 1 + int(work.execute(_MANY, {"wanted": payout.number}).scalar_one())
    work.execute(_INSERT_FACT, {"subject": payout.number, "position": position, **asdict(fact)})


def _save(work: Work, payout: Payout) -> None:
    values = {f"new_{name}": getattr(payout, name) for name in _MOVING}
    work.execute(_UPDATE, {"wanted": payout.number, **values})
