"""Leads: who might become a customer, until they are one or nobody hopes any more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, insert, select, update

from fenbu.contracts.crm import LeadConverted, LeadEntered, LeadLost
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input, Reason, Title
from fenbu.work import Work
from fenbu_crm import contacts, customers, opportunities
from fenbu_crm.inputs import CurrencyOrNone, Email, Expected, Name, PersonalText, Phone, Reference, Text
from fenbu_crm.lifecycles import LEAD as LIFECYCLE
from fenbu_crm.lifecycles import LeadState
from fenbu_crm.numbers import next_number
from fenbu_crm.opportunities import OpenOpportunity
from fenbu_crm.tables import LEAD

_LOCKED = select(LEAD).where(LEAD.c.number == bindparam("wanted")).with_for_update()
_INSERT = insert(LEAD)
_MOVING = ("state", "reason", "customer", "opportunity", "ended_at")
_MOVE = (
    update(LEAD)
    .where(LEAD.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)


class EnterLead(Input):
    """Somebody who might become a customer."""

    kind: Literal["company", "person"] = "company"
    name: Name = Field(description="What the company or person is called")
    contact: PersonalText = Field("", description="Whom to talk to there")
    email: Email = ""
    phone: Phone = ""
    source: Title = Field(description="Where they come from: fair, web, recommendation")
    interest: Text = Field("", description="What they might want")
    owner: Reference = Field("", description="Who looks after them; who enters it unless given")


class LeadRef(Input):
    """A lead."""

    lead: Code


class LoseLead(Input):
    """A lead that came to nothing."""

    lead: Code
    reason: Reason


class ConvertLead(Input):
    """A lead that is a customer from now on, with something they may buy."""

    lead: Code
    customer: Reference = Field("", description="Who they are already; a new customer unless given")
    title: Title = Field(description="What they may buy")
    amount: Expected = Field(description="Expected")
    currency: CurrencyOrNone = ""
    close_on: Day = Field(description="When it should be decided")


def enter(work: Work, wanted: EnterLead) -> dict[str, Any]:
    """Enter a lead."""
    number = next_number(work, "lead")
    given = wanted.model_dump(exclude={"owner"})
    work.execute(
        _INSERT,
        {
            **given,
            "number": number,
            "state": LeadState.NEW,
            "owner": wanted.owner or work.actor.name,
            "reason": "",
            "customer": None,
            "opportunity": "",
            "entered_at": work.now,
            "ended_at": None,
        },
    )
    work.publish(LeadEntered(lead=number, source=wanted.source))
    return {"lead": number, "state": LeadState.NEW}


def contact(work: Work, ref: LeadRef) -> dict[str, Any]:
    """Note that somebody has talked to them.

    Raises:
        NotFound, TransitionRefused: No such lead, or it is beyond that.
    """
    row = _locked(work, ref.lead)
    return _move(work, row, "contact")


def lose(work: Work, wanted: LoseLead) -> dict[str, Any]:
    """End a lead that came to nothing; raises as `contact`."""
    row = _locked(work, wanted.lead)
    done = _move(work, row, "lose", reason=wanted.reason, ended_at=work.now)
    work.publish(LeadLost(lead=wanted.lead, reason=wanted.reason))
    return done


def convert(work: Work, wanted: ConvertLead) -> dict[str, Any]:
    """Make a lead a customer, or find out which one they are, and open an opportunity with them.

    Raises:
        NotFound, TransitionRefused: No such lead or customer, or the lead has ended.
        CustomerMerged, WalkInRefused, CloseDayPast, InputInvalid: As for entering an opportunity.
    """
    row = _locked(work, wanted.lead)
    LIFECYCLE.next(row.state, "convert", row.number)
    customer = wanted.customer or _made(work, row)
    opened = opportunities.enter(
        work,
        OpenOpportunity(
            customer=customer,
            title=wanted.title,
            amount=Decimal(wanted.amount),
            currency=wanted.currency,
            close_on=wanted.close_on,
            owner=row.owner,
        ),
        lead=row.number,
    )
    opportunity = opened["opportunity"]
    done = _move(work, row, "convert", customer=customer, opportunity=opportunity, ended_at=work.now)
    work.publish(LeadConverted(lead=row.number, customer=customer, opportunity=opportunity))
    return {**done, "customer": customer, "opportunity": opportunity}


def _made(work: Work, row: Row[Any]) -> str:
    """Return the customer that a lead becomes, with whom to talk to."""
    customer = customers.enter(work, row.kind, row.name)
    if row.contact or row.email or row.phone:
        contacts.put(work, customer, name=row.contact or row.name, role="", email=row.email, phone=row.phone)
    return customer


def _locked(work: Work, number: str) -> Row[Any]:
    row = work.execute(_LOCKED, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("lead"), number, _("fenbu show crm.leads lists them"))
    return row


def _move(work: Work, row: Row[Any], verb: str, **new: Any) -> dict[str, Any]:
    state = LIFECYCLE.next(row.state, verb, row.number)
    values = {name: getattr(row, name) for name in _MOVING} | {"state": state} | new
    work.execute(_MOVE, {"wanted": row.number, **{f"new_{name}": value for name, value in values.items()}})
    return {"lead": row.number, "state": state}
