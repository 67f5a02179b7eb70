"""The timeline: what happened to whom, one row for each event of any module that is about a customer.

An event is about a customer by its number, by its account, or by its order; whose order it is was said when the
order was placed, which comes first because all events about an order have the order's number as key. A row is
kept under its event's number, so that telling it again changes nothing: the timeline can be written anew at any
time, and whoever comes late and reads the whole history has the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

from attrs import frozen
from sqlalchemy import Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fenbu.contracts import crm, erp, payments, scm
from fenbu.events import EventType
from fenbu.statements import upsert
from fenbu.tables import Day, MoneyType, UtcTime
from fenbu.work import Envelope, Work
from fenbu_crm import parties
from fenbu_crm.tables import ORDER, TIMELINE

_SUBJECTS = (
    "invoice",
    "credit_note",
    "receipt",
    "shipment",
    "goods_return",
    "payout",
    "payment",
    "opportunity",
    "case",
    "lead",
    "merged",
    "order",
)
"""Fields with the number of what an event is about, the closest first."""

_FACTS = ("reason", "requirement", "purpose", "stage", "state", "fulfiller", "gateway", "kind")
"""Fields with what a reader wants to know first."""


@frozen(kw_only=True)
class Told:
    """All that a timeline wants to know of an event, whichever it is; what it does not carry stays empty."""

    customer: str = ""
    account: str = ""
    order: str = ""
    day: date | None = None
    currency: str = ""
    amount: Decimal | None = None
    total: Decimal | None = None
    invoice: str = ""
    credit_note: str = ""
    receipt: str = ""
    shipment: str = ""
    goods_return: str = ""
    payout: str = ""
    payment: str = ""
    opportunity: str = ""
    case: str = ""
    lead: str = ""
    merged: str = ""
    reason: str = ""
    requirement: str = ""
    purpose: str = ""
    stage: str = ""
    state: str = ""
    fulfiller: str = ""
    gateway: str = ""
    kind: str = ""


@frozen(kw_only=True)
class Placed(Told):
    """An order, as far as it says who buys."""

    day: date
    total: Decimal


@frozen(kw_only=True)
class Cancelled(Told):
    """An order of which something, or all, will not be delivered."""

    whole: bool


def _lanes(*contracts: ModuleType) -> Mapping[str, str]:
    """Return the lane of every topic that these contracts declare."""
    found = {}
    for contract in contracts:
        for value in vars(contract).values():
            declared = getattr(value, "__dict__", {}).get("__fenbu_event__")
            if isinstance(declared, EventType):
                found[declared.topic] = str(declared.lane)
    return found


_LANES = _lanes(erp, scm, payments, crm)

_COLUMNS = tuple(column.name for column in TIMELINE.columns)
_CHANGED = tuple(name for name in _COLUMNS if name != "event")
_TELL = upsert(TIMELINE, change=_CHANGED)
_KNOW_ORDER = upsert(ORDER, change=("party", "day", "currency", "total"))
_CANCEL = update(ORDER).where(ORDER.c.number == bindparam("wanted")).values(cancelled=True)


def _told_by_order() -> Mapping[str, Executable]:
    """Insert a row for whoever placed the order, none where nobody knows the order."""
    types: Mapping[str, Any] = {"happened_at": UtcTime(), "day": Day(), "amount": MoneyType()}
    given = {
        name: bindparam(f"new_{name}", type_=types.get(name, TIMELINE.c[name].type))
        for name in _COLUMNS
        if name != "party"
    }
    chosen = [ORDER.c.party if name == "party" else given[name] for name in _COLUMNS]
    rows = select(*chosen).where(ORDER.c.number == bindparam("wanted"))
    built: dict[str, Executable] = {}
    for name, insert in (("sqlite", sqlite.insert(TIMELINE)), ("postgresql", postgresql.insert(TIMELINE))):
        filled = insert.from_select(_COLUMNS, rows)
        built[name] = filled.on_conflict_do_update(
            TIMELINE.primary_key, set_={column: filled.excluded[column] for column in _CHANGED}
        )
    return built


_TELL_BY_ORDER = _told_by_order()


def tell(work: Work, happened: Sequence[tuple[Envelope, Told]]) -> None:
    """Write what happened to the timelines of whom it was about, in order; nothing where that is nobody known.

    Whose the orders are is written before what is told of them: it comes first in the log too.
    """
    placed = [event for _envelope, event in happened if isinstance(event, Placed)]
    if placed:
        work.execute(_KNOW_ORDER[work.dialect], [_order(event) for event in placed])
    cancelled = [event for _envelope, event in happened if isinstance(event, Cancelled) and event.whole]
    if cancelled:
        work.execute(_CANCEL, [{"wanted": event.order} for event in cancelled])
    named: list[dict[str, Any]] = []
    by_order: list[dict[str, Any]] = []
    for envelope, event in happened:
        row = _row(envelope, event)
        if party := _party(event):
            named.append(row | {"party": party})
        elif event.order:
            by_order.append({f"new_{name}": value for name, value in row.items()} | {"wanted": event.order})
    if named:
        work.execute(_TELL[work.dialect], named)
    if by_order:
        work.execute(_TELL_BY_ORDER[work.dialect], by_order)


def _order(event: Placed) -> dict[str, Any]:
    """Return whose order it is and what it is worth."""
    return {
        "number": event.order,
        "party": parties.of_account(event.account),
        "day": event.day,
        "currency": event.currency,
        "total": event.total,
        "cancelled": False,
    }


def _party(event: Told) -> str:
    """Return about whom an event says itself that it is; empty when only its order can tell."""
    if event.customer:
        return parties.of_customer(event.customer)
    return parties.of_account(event.account) if event.account else ""


def _row(envelope: Envelope, event: Told) -> dict[str, Any]:
    return {
        "event": envelope.seq,
        "happened_at": envelope.at,
        "day": event.day,
        "topic": envelope.topic,
        "lane": _LANES[envelope.topic],
        "order_number": event.order,
        "subject": _first(event, _SUBJECTS),
        "amount": event.amount if event.amount is not None else event.total,
        "currency": event.currency,
        "fact": _first(event, _FACTS),
    }


def _first(event: Told, names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := getattr(event, name))), "")
