"""Consent: what a customer has allowed and taken back, when, and how we know.

Source: Regulation (EU) 2016/679, article 7: who relies on consent must be able to show it, and withdrawing it
must be as easy as giving it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, insert, select

from fenbu.contracts.crm import ConsentChanged
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Input, Title
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_crm import customers
from fenbu_crm.errors import NotYetSaid, SaidLater
from fenbu_crm.inputs import CustomerNumber, Moment, Purpose
from fenbu_crm.lifecycles import CONSENT as LIFECYCLE
from fenbu_crm.lifecycles import ConsentState
from fenbu_crm.tables import CONSENT, CONSENT_ENTRY

_READ = select(CONSENT).where(
    CONSENT.c.customer == bindparam("wanted"), CONSENT.c.purpose == bindparam("wanted_purpose")
)
_ALL = select(CONSENT).where(CONSENT.c.customer == bindparam("wanted")).order_by(CONSENT.c.purpose)
_STORE = upsert(CONSENT, change=("state", "said_at", "source"))
_NOTE = insert(CONSENT_ENTRY)


class GiveConsent(Input):
    """What a customer allows."""

    customer: CustomerNumber
    purpose: Purpose = Field(description="For what: newsletter, phone, profiling")
    source: Title = Field(description="How we know: a form, a call, a letter")
    said_at: Moment | None = Field(None, description="When it was said; now unless given")


class WithdrawConsent(Input):
    """What a customer no longer allows."""

    customer: CustomerNumber
    purpose: Purpose
    source: Title = Field(description="How we know: a form, a call, a letter")
    said_at: Moment | None = Field(None, description="When it was said; now unless given")


def give(work: Work, wanted: GiveConsent) -> dict[str, Any]:
    """Note that a customer consents to a purpose, for the first time or again.

    Raises:
        NotFound, CustomerMerged, WalkInRefused: Nobody who could have said it.
        SaidLater, NotYetSaid: The time does not fit.
    """
    return _say(work, wanted, "give")


def withdraw(work: Work, wanted: WithdrawConsent) -> dict[str, Any]:
    """Note that a customer consents no longer; raises as `give`, `TransitionRefused` when it is withdrawn."""
    return _say(work, wanted, "withdraw")


def inherit(work: Work, old: str, new: str) -> None:
    """Let what one record has said count for another, where it is newer."""
    known = {row.purpose: row for row in work.execute(_ALL, {"wanted": new})}
    for row in work.execute(_ALL, {"wanted": old}).all():
        mine = known.get(row.purpose)
        if mine is None or mine.said_at < row.said_at:
            source = _("{source} (as {customer})").format(source=row.source, customer=old)
            _store(work, new, row.purpose, row.state, row.said_at, source)


def _say(work: Work, wanted: GiveConsent | WithdrawConsent, verb: str) -> dict[str, Any]:
    [customer] = customers.lock(work, wanted.customer)
    customers.refuse_walk_in(customer)
    at = wanted.said_at or work.now
    if at > work.now:
        raise NotYetSaid(at)
    key = {"wanted": customer.number, "wanted_purpose": wanted.purpose}
    known = work.execute(_READ, key).first()
    if known is None and verb == "withdraw":
        raise NotFound(_("consent of {customer} to").format(customer=customer.number), wanted.purpose)
    if known is not None and known.said_at > at:
        raise SaidLater(customer.number, wanted.purpose, known.said_at)
    state = (
        LIFECYCLE.initial
        if known is None
        else LIFECYCLE.next(known.state, verb, f"{customer.number} {wanted.purpose}")
    )
    _store(work, customer.number, wanted.purpose, state, at, wanted.source)
    return {"customer": customer.number, "purpose": wanted.purpose, "state": ConsentState(state)}


def _store(work: Work, customer: str, purpose: str, state: str, at: datetime, source: str) -> None:
    said = {"customer": customer, "purpose": purpose, "state": state, "said_at": at, "source": source}
    work.execute(_NOTE, {**said, "noted_at": work.now, "noted_by": work.actor.name})
    work.execute(_STORE[work.dialect], said)
    work.publish(ConsentChanged(customer=customer, purpose=purpose, state=state, source=source))
