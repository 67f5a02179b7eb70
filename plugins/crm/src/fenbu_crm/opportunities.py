"""Opportunities: what customers may buy, how likely it looks, and how it ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import Row, bindparam, insert, select, update

from fenbu.contracts.crm import OpportunityLost, OpportunityMoved, OpportunityOpened, OpportunityWon
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input, Reason, Title
from fenbu.work import Work
from fenbu_crm import customers
from fenbu_crm.errors import CloseDayPast
from fenbu_crm.inputs import CurrencyOrNone, CustomerNumber, Expected, Reference, require_payable
from fenbu_crm.lifecycles import OPPORTUNITY as LIFECYCLE
from fenbu_crm.lifecycles import OpportunityState
from fenbu_crm.numbers import next_number
from fenbu_crm.tables import OPPORTUNITY

_LOCKED = select(OPPORTUNITY).where(OPPORTUNITY.c.number == bindparam("wanted")).with_for_update()
_INSERT = insert(OPPORTUNITY)
_MOVING = ("state", "title", "amount", "close_on", "owner", "order_number", "reason", "ended_at")
_MOVE = (
    update(OPPORTUNITY)
    .where(OPPORTUNITY.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)


class OpenOpportunity(Input):
    """Something that a customer may buy."""

    customer: CustomerNumber
    title: Title = Field(description="What they may buy")
    amount: Expected = Field(description="Expected")
    currency: CurrencyOrNone = ""
    close_on: Day = Field(description="When it should be decided")
    owner: Reference = Field("", description="Who looks after it; who enters it unless given")


class ChangeOpportunity(Input):
    """What is to be different about an open opportunity; what is not named stays."""

    opportunity: Code
    title: Title | None = None
    amount: Expected | None = None
    close_on: Day | None = None
    owner: Code | None = None


class OpportunityRef(Input):
    """An opportunity."""

    opportunity: Code


class WinOpportunity(Input):
    """An opportunity that the customer has decided for us."""

    opportunity: Code
    amount: Expected | None = Field(None, description="What it came to; as expected unless given")
    order: Reference = Field("", description="The order that came of it")


class LoseOpportunity(Input):
    """An opportunity that the customer has decided otherwise."""

    opportunity: Code
    reason: Reason


def open_opportunity(work: Work, wanted: OpenOpportunity) -> dict[str, Any]:
    """Enter something that a customer may buy.

    Raises:
        NotFound, CustomerMerged, WalkInRefused: Nobody who could buy it.
        CloseDayPast, InputInvalid: The day is over, or the amount has too many decimals.
    """
    return enter(work, wanted)


def enter(work: Work, wanted: OpenOpportunity, *, lead: str = "") -> dict[str, Any]:
    """As `open_opportunity`, out of a lead where one is named."""
    [customer] = customers.lock(work, wanted.customer)
    customers.refuse_walk_in(customer)
    currency = wanted.currency or work.enterprise.currency
    require_payable("crm.opportunity.open", wanted.amount, currency)
    if wanted.close_on < work.today:
        raise CloseDayPast(wanted.close_on, work.today)
    number = next_number(work, "opportunity")
    work.execute(
        _INSERT,
        {
            "number": number,
            "customer": customer.number,
            "state": LIFECYCLE.initial,
            "title": wanted.title,
            "currency": currency,
            "amount": wanted.amount,
            "close_on": wanted.close_on,
            "owner": wanted.owner or work.actor.name,
            "lead": lead,
            "order_number": "",
            "reason": "",
            "opened_at": work.now,
            "ended_at": None,
        },
    )
    work.publish(
        OpportunityOpened(
            opportunity=number,
            customer=customer.number,
            currency=currency,
            amount=wanted.amount,
            close_on=wanted.close_on,
        )
    )
    return {"opportunity": number, "customer": customer.number, "state": LIFECYCLE.initial}


def change(work: Work, wanted: ChangeOpportunity) -> dict[str, Any]:
    """Change what is expected of an open opportunity.

    Raises:
        NotFound, TransitionRefused: No such opportunity, or it is decided.
        CloseDayPast, InputInvalid: As for entering one.
    """
    row = _locked(work, wanted.opportunity)
    state = LIFECYCLE.next(row.state, "change", row.number)
    new = wanted.model_dump(exclude={"opportunity"}, exclude_none=True)
    require_payable("crm.opportunity.change", new.get("amount", row.amount), row.currency)
    if wanted.close_on is not None and wanted.close_on < work.today:
        raise CloseDayPast(wanted.close_on, work.today)
    return _store(work, row, state, **new)


def advance(work: Work, ref: OpportunityRef) -> dict[str, Any]:
    """Move an opportunity one stage on; NotFound or TransitionRefused when that is not possible."""
    return _step(work, ref.opportunity, "advance")


def step_back(work: Work, ref: OpportunityRef) -> dict[str, Any]:
    """Move an opportunity one stage back; raises as `advance`."""
    return _step(work, ref.opportunity, "return")


def win(work: Work, wanted: WinOpportunity) -> dict[str, Any]:
    """End an opportunity that the customer has decided for us; raises as `advance`."""
    row = _locked(work, wanted.opportunity)
    state = LIFECYCLE.next(row.state, "win", row.number)
    amount: Decimal = row.amount if wanted.amount is None else wanted.amount
    require_payable("crm.opportunity.win", amount, row.currency)
    done = _store(work, row, state, amount=amount, order_number=wanted.order, ended_at=work.now)
    work.publish(
        OpportunityWon(
            opportunity=row.number,
            customer=row.customer,
            currency=row.currency,
            amount=amount,
            order=wanted.order,
        )
    )
    return done


def lose(work: Work, wanted: LoseOpportunity) -> dict[str, Any]:
    """End an opportunity that the customer has decided otherwise; raises as `advance`."""
    row = _locked(work, wanted.opportunity)
    state = LIFECYCLE.next(row.state, "lose", row.number)
    done = _store(work, row, state, reason=wanted.reason, ended_at=work.now)
    work.publish(OpportunityLost(opportunity=row.number, customer=row.customer, reason=wanted.reason))
    return done


def _step(work: Work, number: str, verb: str) -> dict[str, Any]:
    row = _locked(work, number)
    state = LIFECYCLE.next(row.state, verb, row.number)
    done = _store(work, row, state)
    work.publish(OpportunityMoved(opportunity=row.number, customer=row.customer, stage=state))
    return done


def _locked(work: Work, number: str) -> Row[Any]:
    row = work.execute(_LOCKED, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("opportunity"), number, _("fenbu show crm.opportunities lists them"))
    return row


def _store(work: Work, row: Row[Any], state: str, **new: Any) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _MOVING} | {"state": OpportunityState(state)} | new
    work.execute(_MOVE, {"wanted": row.number, **{f"new_{name}": value for name, value in values.items()}})
    return {"opportunity": row.number, "state": values["state"]}
