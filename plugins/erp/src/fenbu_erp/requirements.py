"""Requirements of orders: announced, met, failed, waived; and the release that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import and_, bindparam, delete, select

from fenbu.contracts.erp import (
    Awaited,
    DraftOrder,
    OrderAwaits,
    OrderReassessed,
    OrderReleased,
    RequirementWaived,
    erp_order_fulfiller,
    erp_order_requirements,
)
from fenbu.errors import NotFound, Permanent
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Reason
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_erp import order_store, unheard
from fenbu_erp.errors import NothingLeft, NotReassessable, RequirementNotWaivable
from fenbu_erp.fulfilment import hand_over
from fenbu_erp.lifecycles import REQUIREMENT as LIFECYCLE
from fenbu_erp.lifecycles import OrderState, RequirementState
from fenbu_erp.order import BY_HAND, GOODS, Order
from fenbu_erp.requirement import Needed, announceable, cleared, joined
from fenbu_erp.settings import ErpSettings
from fenbu_erp.tables import REQUIREMENT, REQUIREMENT_LINE

_OF_ORDER = (
    select(
        REQUIREMENT.c.name,
        REQUIREMENT.c.owner,
        REQUIREMENT.c.after,
        REQUIREMENT.c.state,
        REQUIREMENT.c.reason,
        REQUIREMENT_LINE.c.line,
        REQUIREMENT_LINE.c.met,
    )
    .outerjoin_from(
        REQUIREMENT,
        REQUIREMENT_LINE,
        and_(
            REQUIREMENT_LINE.c.order_number == REQUIREMENT.c.order_number,
            REQUIREMENT_LINE.c.name == REQUIREMENT.c.name,
        ),
    )
    .where(REQUIREMENT.c.order_number == bindparam("wanted"))
)
_FORGET_LINES = delete(REQUIREMENT_LINE).where(
    REQUIREMENT_LINE.c.order_number == bindparam("wanted"),
    REQUIREMENT_LINE.c.name == bindparam("wanted_name"),
)
_SAVE = upsert(REQUIREMENT, change=("owner", "after", "state", "reason", "changed_at"))
_SAVE_LINE = upsert(REQUIREMENT_LINE, change=("met",))


class WaiveRequirement(Input):
    """A requirement to go without."""

    order: Code
    requirement: Code
    reason: Reason = Field(description="Why; it is kept in the audit trail and in the order's story")


class ReassessOrder(Input):
    """An open order to be asked about anew."""

    order: Code


# --- asking and going on --------------------------------------------------------------------------------


def ask(work: Work, order: Order, draft: DraftOrder) -> list[Needed]:
    """Ask every module what the order must wait for and who fulfils it; set the order's fulfiller."""
    answers = work.ask(erp_order_requirements, order=draft)
    needed = joined(order, answers)
    has_goods = any(line.kind == GOODS and line.rest for line in order.lines)
    order.fulfiller = (work.ask(erp_order_fulfiller, order=draft) if has_goods else None) or BY_HAND
    return needed


def go_on(work: Work, order: Order, needed: Sequence[Needed]) -> None:
    """Announce what may be announced, release what is cleared, fulfil services that are due.

    The caller stores order and requirements.
    """
    for one in announceable(order, needed):
        one.move("announce")
        work.publish(
            OrderAwaits(
                order=order.number,
                account=order.account,
                requirement=one.name,
                owner=one.owner,
                day=order.day,
                currency=order.currency,
                total=order.rest_total,
                ship=order.ship,
                lines=order.rest_lines(),
                others=tuple(other.name for other in needed if other.open and other is not one),
            )
        )
    released = order.release(cleared(order, needed))
    if released:
        goods = {line.line for line in order.goods}
        dispatched = tuple(line for line in released if line.line in goods)
        work.publish(
            OrderReleased(
                order=order.number,
                account=order.account,
                fulfiller=order.fulfiller if dispatched else BY_HAND,
                day=order.business_day(work.today, work.enterprise.zone),
                lines=dispatched or tuple(released),
            )
        )
        fulfil_services(work, order)


def fulfil_services(work: Work, order: Order) -> None:
    """Fulfil the services that are due now."""
    waits = work.settings(ErpSettings).services == "with_goods"
    if due := order.services_due(with_goods=waits):
        hand_over(work, order, due, order.business_day(work.today, work.enterprise.zone), BY_HAND)


# --- what owners answer ---------------------------------------------------------------------------------


def met(work: Work, order_number: str, requirement: str, quantities: Mapping[int, Decimal]) -> None:
    """Record that a requirement is met, for these quantities or wholly, and let the order go on.

    Raises:
        Permanent: The order has no such requirement, or another module owns it.
    """
    order = order_store.load(work, order_number)
    if order.state != OrderState.PLACED:
        return  # its owner has been told that the order is cancelled, and lets go
    needed, one = _owned(work, order, requirement)
    if one.state in (RequirementState.WAIVED, RequirementState.DROPPED, RequirementState.MET):
        return  # decided before the answer came
    one.meet(order, quantities)
    go_on(work, order, needed)
    save(work, needed)
    order_store.save(work, order)


def failed(work: Work, order_number: str, requirement: str, reason: str) -> None:
    """Record that a requirement cannot be met (any more); a person, or the owner's next try, decides.

    What was released stays so; of the rest nothing counts as cleared.

    Raises:
        Permanent: The order has no such requirement, or another module owns it.
    """
    order = order_store.load(work, order_number)
    needed, one = _owned(work, order, requirement)
    if "fail" not in LIFECYCLE.actions(one.state):
        return  # decided before the answer came
    if one.state == RequirementState.MET and not any(line.to_release for line in order.lines):
        return  # all has been released
    one.fail(order, reason)
    save(work, needed)


def _owned(work: Work, order: Order, requirement: str) -> tuple[list[Needed], Needed]:
    needed = load(work, order.number)
    one = next((one for one in needed if one.name == requirement), None)
    if one is None:
        raise Permanent(
            _("{order} does not wait for {requirement}").format(order=order.number, requirement=requirement)
        )
    if work.event is not None and work.event.module != one.owner:
        raise Permanent(
            _("{requirement} of {order} belongs to {owner}, not to {module}").format(
                requirement=requirement, order=order.number, owner=one.owner, module=work.event.module
            )
        )
    return needed, one


# --- what operators decide ------------------------------------------------------------------------------


def waive(work: Work, wanted: WaiveRequirement) -> dict[str, Any]:
    """Let an order go on without a requirement that failed, whose module is gone or has never heard of it.

    Raises:
        NotFound: No such order, or it does not wait for this.
        RequirementNotWaivable: Its owner is enabled and at work on it.
        TransitionRefused: It is met or waived already.
    """
    order = order_store.load(work, wanted.order, "waive-requirement")
    needed = load(work, order.number)
    one = next((one for one in needed if one.name == wanted.requirement), None)
    if one is None:
        raise NotFound(
            _("requirement"),
            _("{requirement} of {order}").format(requirement=wanted.requirement, order=order.number),
            _("fenbu show erp.requirements --where order={order} lists them").format(order=order.number),
        )
    if (
        one.state in (RequirementState.WAITING, RequirementState.ANNOUNCED, RequirementState.PARTLY_MET)
        and work.enabled(one.owner)
        and Awaited(order.number, one.owner, one.name) not in unheard.of_order(work, order, needed)
    ):
        raise RequirementNotWaivable(order.number, one.name, one.owner, one.state)
    one.move("waive", wanted.reason)
    work.publish(
        RequirementWaived(order=order.number, requirement=one.name, owner=one.owner, reason=wanted.reason)
    )
    go_on(work, order, needed)
    save(work, needed)
    order_store.save(work, order)
    return {"order": order.number, "requirement": one.name, "state": one.state}


def reassess(work: Work, wanted: ReassessOrder) -> dict[str, Any]:
    """Ask the modules that are enabled now about the unfulfilled rest of an order, and freeze their answers.

    What it waited for before is dropped, what was released and is not fulfilled is taken back.

    Raises:
        NothingLeft: All is fulfilled or cancelled.
        NotReassessable: The module that fulfils it is enabled, has heard of it and may already have begun.
        RequirementNotWaivable: The owner of a requirement is enabled and at work on it.
    """
    order = order_store.load(work, wanted.order, "reassess")
    if not any(line.rest for line in order.lines):
        raise NothingLeft(order.number, _("assess anew"))
    before = load(work, order.number)
    in_vain = unheard.of_order(work, order, before)
    if (
        order.fulfiller != BY_HAND
        and work.enabled(order.fulfiller)
        and any(line.to_fulfil for line in order.goods)
        and Awaited(order.number, order.fulfiller, "") not in in_vain
    ):
        raise NotReassessable(order.number, order.fulfiller)
    for one in before:
        if (
            one.state in (RequirementState.ANNOUNCED, RequirementState.PARTLY_MET)
            and work.enabled(one.owner)
            and Awaited(order.number, one.owner, one.name) not in in_vain
        ):
            raise RequirementNotWaivable(order.number, one.name, one.owner, one.state)
    order.take_back()
    needed = ask(work, order, order.draft())
    names = {one.name for one in needed}
    dropped = [one for one in before if one.name not in names and "drop" in LIFECYCLE.actions(one.state)]
    for one in dropped:
        one.move("drop")
    kept = {one.name: one for one in before if one.state in (RequirementState.MET, RequirementState.WAIVED)}
    needed = [kept.get(one.name, one) for one in needed]
    for one in needed:
        one.changed = True
        if one.name not in kept:
            one.forget(order)
    work.publish(
        OrderReassessed(
            order=order.number,
            account=order.account,
            fulfiller=order.fulfiller,
            requirements=tuple(one.name for one in needed),
        )
    )
    go_on(work, order, needed)
    save(work, [*dropped, *needed])
    order_store.save(work, order)
    return {
        "order": order.number,
        "fulfiller": order.fulfiller,
        "requirements": {one.name: one.state for one in needed},
    }


def drop_all(work: Work, order_number: str) -> None:
    """Drop what a cancelled order still waits for."""
    needed = load(work, order_number)
    for one in needed:
        if "drop" in LIFECYCLE.actions(one.state):
            one.move("drop")
    save(work, needed)


# --- rows -----------------------------------------------------------------------------------------------


def load(work: Work, order_number: str) -> list[Needed]:
    """Return what an order waits or waited for; its row is locked by the caller."""
    needed: dict[str, Needed] = {}
    for row in work.execute(_OF_ORDER, {"wanted": order_number}):
        *told, line, met = tuple(row)
        one = needed.setdefault(told[0], Needed(order_number, *told))
        if line is not None:
            one.met[line] = met
    return list(needed.values())


def save(work: Work, needed: Sequence[Needed]) -> None:
    """Store the requirements that have changed."""
    changed = [one for one in needed if one.changed]
    if not changed:
        return
    rows = [
        {
            "order_number": one.order_number,
            "name": one.name,
            "owner": one.owner,
            "after": list(one.after),
            "state": one.state,
            "reason": one.reason,
            "changed_at": work.now,
        }
        for one in changed
    ]
    work.execute(_SAVE[work.dialect], rows)
    for one in changed:
        if one.met_anew:
            work.execute(_FORGET_LINES, {"wanted": one.order_number, "wanted_name": one.name})
    lines = [
        {"order_number": one.order_number, "name": one.name, "line": line, "met": quantity}
        for one in changed
        if one.open  # of one that holds nothing back nobody asks what was cleared
        for line, quantity in one.met.items()
    ]
    if lines:
        work.execute(_SAVE_LINE[work.dialect], lines)
