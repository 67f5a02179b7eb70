"""Cases: what customers ask, answered within the hours that were promised, by whoever looks after them.

Whoever asks, first or again, is owed an answer: a timer rings when it is due, and the answer cancels it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import Row, bindparam, insert, select, update

from fenbu.contracts.crm import AnswerDue, CaseMoved, CaseOpened, CaseOverdue
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input
from fenbu.work import Work
from fenbu_crm import customers
from fenbu_crm.inputs import CustomerNumber, Message, PersonalTitle, Reference
from fenbu_crm.lifecycles import AWAITING_ANSWER, CaseState
from fenbu_crm.lifecycles import CASE as LIFECYCLE
from fenbu_crm.numbers import next_number
from fenbu_crm.settings import CrmSettings
from fenbu_crm.tables import CASE, CASE_ENTRY

_DUE = "crm.answer-due/1"
_NOTED = "note"

_LOCKED = select(CASE).where(CASE.c.number == bindparam("wanted")).with_for_update()
_INSERT = insert(CASE)
_INSERT_ENTRY = insert(CASE_ENTRY)
_MOVING = ("state", "owner", "due_at", "overdue", "answered_at", "entries")
_MOVE = (
    update(CASE)
    .where(CASE.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)


class OpenCase(Input):
    """Something that a customer wants to be answered."""

    customer: CustomerNumber
    title: PersonalTitle = Field(description="What it is about, in a few words")
    text: Message = Field(description="What they have said or written")
    order: Reference = Field("", description="The order it is about")
    owner: Reference = Field("", description="Who is to answer; who enters it unless given")


class CaseWord(Input):
    """What was said in a case."""

    case: Code
    text: Message = Field(description="What was said or written")


class CaseRef(Input):
    """A case."""

    case: Code


class AssignCase(Input):
    """A case and who is to look after it."""

    case: Code
    owner: Code = Field(description="Name of the operator")


def open_case(work: Work, wanted: OpenCase) -> dict[str, Any]:
    """Enter what a customer asks; an answer is due within the hours of the settings.

    Raises:
        NotFound, CustomerMerged: No such customer.
    """
    [customer] = customers.lock(work, wanted.customer)
    due = _promise(work)
    number = next_number(work, "case")
    work.execute(
        _INSERT,
        {
            "number": number,
            "customer": customer.number,
            "state": LIFECYCLE.initial,
            "title": wanted.title,
            "order_number": wanted.order,
            "owner": wanted.owner or work.actor.name,
            "due_at": due,
            "overdue": False,
            "promised_at": due,
            "answered_at": None,
            "opened_at": work.now,
            "entries": 1,
        },
    )
    _write(work, number, 1, "open", wanted.text)
    work.publish(CaseOpened(case=number, customer=customer.number, due=due, order=wanted.order))
    work.publish(AnswerDue(case=number, due=due), not_before=due)
    return {"case": number, "state": LIFECYCLE.initial, "due": due}


def answer(work: Work, word: CaseWord) -> dict[str, Any]:
    """Note what the customer was answered; NotFound or TransitionRefused when that is not possible."""
    return _move(work, word.case, "answer", word.text)


def ask(work: Work, word: CaseWord) -> dict[str, Any]:
    """Note what the customer was asked back, which is an answer too; raises as `answer`."""
    return _move(work, word.case, "ask", word.text)


def hear(work: Work, word: CaseWord) -> dict[str, Any]:
    """Note what the customer has said since; an answer is due anew. Raises as `answer`."""
    return _move(work, word.case, "hear", word.text)


def resolve(work: Work, word: CaseWord) -> dict[str, Any]:
    """Note how the case was resolved; raises as `answer`."""
    return _move(work, word.case, "resolve", word.text)


def reopen(work: Work, word: CaseWord) -> dict[str, Any]:
    """Note why a resolved case is none; an answer is due anew. Raises as `answer`."""
    return _move(work, word.case, "reopen", word.text)


def close(work: Work, ref: CaseRef) -> dict[str, Any]:
    """End a resolved case for good; raises as `answer`."""
    return _move(work, ref.case, "close", "")


def note(work: Work, word: CaseWord) -> dict[str, Any]:
    """Add what colleagues should know; whose turn it is stays as it is. NotFound when there is no such case."""
    row = _locked(work, word.case)
    _write(work, row.number, row.entries + 1, _NOTED, word.text)
    _store(work, row, entries=row.entries + 1)
    return {"case": row.number, "state": row.state}


def assign(work: Work, wanted: AssignCase) -> dict[str, Any]:
    """Let somebody else look after a case; NotFound when there is no such case."""
    row = _locked(work, wanted.case)
    _store(work, row, owner=wanted.owner)
    return {"case": row.number, "owner": wanted.owner}


def due(work: Work, event: AnswerDue) -> None:
    """Tell that an answer is overdue, unless it was given meanwhile or a later one is due."""
    row = work.execute(_LOCKED, {"wanted": event.case}).first()
    if row is None or row.due_at != event.due or row.overdue:
        return
    _store(work, row, overdue=True)
    work.publish(CaseOverdue(case=row.number, customer=row.customer, due=row.due_at))


def _move(work: Work, number: str, verb: str, text: str) -> dict[str, Any]:
    row = _locked(work, number)
    state = LIFECYCLE.next(row.state, verb, row.number)
    owed = _promise(work) if state in AWAITING_ANSWER else None
    answered = row.answered_at or (None if owed or state == CaseState.CLOSED else work.now)
    if text:
        _write(work, number, row.entries + 1, verb, text)
    entries = row.entries + (1 if text else 0)
    _store(work, row, state=state, due_at=owed, overdue=False, answered_at=answered, entries=entries)
    if row.due_at is not None:
        work.cancel_timers(_DUE, number)
    work.publish(CaseMoved(case=number, customer=row.customer, state=state, due=owed))
    if owed is not None:
        work.publish(AnswerDue(case=number, due=owed), not_before=owed)
    return {"case": number, "state": state, **({"due": owed} if owed else {})}


def _promise(work: Work) -> datetime:
    """Return by when somebody who asks now is to have an answer."""
    return work.now + timedelta(hours=work.settings(CrmSettings).answer_hours)


def _locked(work: Work, number: str) -> Row[Any]:
    row = work.execute(_LOCKED, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("case"), number, _("fenbu show crm.cases lists them"))
    return row


def _write(work: Work, number: str, entry: int, verb: str, text: str) -> None:
    work.execute(
        _INSERT_ENTRY,
        {
            "case_number": number,
            "entry": entry,
            "verb": verb,
            "text": text,
            "said_at": work.now,
            "noted_by": work.actor.name,
        },
    )


def _store(work: Work, row: Row[Any], **new: Any) -> None:
    values = {name: getattr(row, name) for name in _MOVING} | new
    work.execute(_MOVE, {"wanted": row.number, **{f"new_{name}": value for name, value in values.items()}})
