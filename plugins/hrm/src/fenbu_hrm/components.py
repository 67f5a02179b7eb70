"""Components of pay: what is earned, withheld and added, by which rule, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator
from sqlalchemy import and_, bindparam, func, insert, select

from fenbu.errors import AlreadyExists, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input, Title
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_hrm import employees, runs
from fenbu_hrm.calendar import Month
from fenbu_hrm.component import EARNING, EMPLOYEE, FIXED, GROSS, PAY, PERCENTAGE, Component
from fenbu_hrm.errors import ComponentInUse, ComponentUnclear
from fenbu_hrm.inputs import Amount, ComponentCode, EmployeeNumber, OwnAmount, Percentage
from fenbu_hrm.tables import COMPONENT, COMPONENT_RATE, EMPLOYEE_AMOUNT

_HUNDRED = Decimal(100)

_ALL = select(COMPONENT).order_by(COMPONENT.c.rank)
_INSERT = insert(COMPONENT)
_SAVE_RATE = upsert(COMPONENT_RATE, change=("rate", "amount", "ceiling"))
_SAVE_AMOUNT = upsert(EMPLOYEE_AMOUNT, change=("amount",))


def _latest(table: Any, *keys: str) -> Any:
    """Select the rows of a table that are in force on a day, one by key."""
    newest = (
        select(*(table.c[name] for name in keys), func.max(table.c.since).label("since"))
        .where(table.c.since < bindparam("ends", type_=table.c.since.type))
        .group_by(*(table.c[name] for name in keys))
        .subquery()
    )
    same = [table.c[name] == newest.c[name] for name in (*keys, "since")]
    return select(table).join_from(table, newest, and_(*same))


_RATES = _latest(COMPONENT_RATE, "component")
_AMOUNTS = _latest(EMPLOYEE_AMOUNT, "employee", "component")


class DefineComponent(Input):
    """A component of pay, and its figures."""

    component: Code = Field(description="Its own code")
    title: Title
    kind: Literal["earning", "deduction", "employer"] = Field(
        description="Earned, withheld, or added by the employer beside the pay"
    )
    rule: Literal["fixed", "percentage", "employee"] = Field(
        description="The same for all, a percentage of a base, or an amount of each employee's own"
    )
    owed_to: Literal["", "tax", "social_security", "other"] = Field(
        "", description="To whom a deduction or the employer's share is owed"
    )
    base: Sequence[Code] = Field(
        (),
        description="Components that a percentage is of, each before it in order; gross is all that is earned",
    )
    prorated: bool = Field(
        True, description="Whether fixed and own amounts and ceilings shrink in months not wholly worked"
    )
    rank: int | None = Field(
        None, ge=1, le=1_000_000, description="Place in the order; the last unless given"
    )
    percent: Percentage | None = Field(None, description="Per cent of the base")
    amount: Amount | None = Field(None, description="Of a month")
    ceiling: Amount | None = Field(None, description="Of a month: what is above it in the base counts not")
    since: Day | None = Field(None, description="First day of the figures; from ever unless given")

    @model_validator(mode="after")
    def _owed(self) -> DefineComponent:
        if (self.kind == EARNING) != (self.owed_to == ""):
            raise ValueError(
                _("what is withheld or added is owed to somebody, what is earned is not: owed_to")
            )
        return self


class SetComponent(Input):
    """Other figures of a component from a day on."""

    component: ComponentCode
    since: Day = Field(description="First day; a month takes the figures of its last day")
    percent: Percentage | None = Field(None, description="Per cent of the base")
    amount: Amount | None = Field(None, description="Of a month")
    ceiling: Amount | None = Field(None, description="Of a month")


class AssignComponent(Input):
    """What one employee gets, or has withheld, of a component each month from a day on."""

    employee: EmployeeNumber
    component: ComponentCode
    amount: OwnAmount = Field(description="Of a month; zero ends it")
    since: Day | None = Field(None, description="First day; today unless given")


def define(work: Work, wanted: DefineComponent) -> dict[str, Any]:
    """Enter a component; it counts from the next calculation on.

    Raises:
        AlreadyExists: The code or the rank is taken.
        ComponentUnclear: The rule wants other figures, or the base is none.
    """
    known = {row.code: row for row in work.execute(_ALL)}
    if wanted.component in known or wanted.component == GROSS:
        raise AlreadyExists(_("component"), wanted.component)
    ranks = {row.rank: row.code for row in known.values()}
    rank = wanted.rank if wanted.rank is not None else max(ranks, default=0) + 10
    if rank in ranks:
        raise AlreadyExists(_("component at the rank"), f"{rank} ({ranks[rank]})")
    _check_base(wanted, known, rank)
    _check_figures(wanted.component, wanted.rule, wanted)
    work.execute(
        _INSERT,
        {
            "code": wanted.component,
            "title": wanted.title,
            "kind": wanted.kind,
            "rule": wanted.rule,
            "owed_to": wanted.owed_to,
            "base": list(wanted.base),
            "prorated": wanted.prorated,
            "rank": rank,
        },
    )
    if wanted.rule != EMPLOYEE:
        _save_rate(work, wanted.component, wanted.since or date(1900, 1, 1), wanted)
    return {"component": wanted.component, "rank": rank}


def set_figures(work: Work, wanted: SetComponent) -> dict[str, Any]:
    """Give a component other figures from a day on; those of approved months stay.

    Raises:
        NotFound: No such component.
        ComponentUnclear: Its rule wants other figures, or none.
        ComponentInUse: A month from that day on is approved.
    """
    row = _find(work, wanted.component)
    if row.rule in (PAY, EMPLOYEE):
        raise ComponentUnclear(row.code, _("its amounts are each employee's own"))
    _check_figures(row.code, row.rule, wanted)
    _refuse_approved(work, row.code, wanted.since)
    _save_rate(work, row.code, wanted.since, wanted)
    return {"component": row.code, "since": wanted.since}


def assign(work: Work, wanted: AssignComponent) -> dict[str, Any]:
    """Say what one employee gets, or has withheld, of a component each month from a day on.

    Raises:
        NotFound: No such employee or component.
        ComponentUnclear: The component has no amounts of employees.
        ComponentInUse: A month from that day on is approved.
    """
    employees.lock(work, wanted.employee)
    row = _find(work, wanted.component)
    if row.rule != EMPLOYEE:
        raise ComponentUnclear(
            row.code, _("its rule is {rule}, not an amount of each employee").format(rule=row.rule)
        )
    since = wanted.since or work.today
    _refuse_approved(work, row.code, since)
    values = {
        "employee": wanted.employee,
        "component": row.code,
        "since": since,
        "amount": wanted.amount,
    }
    work.execute(_SAVE_AMOUNT[work.dialect], values)
    return {"employee": wanted.employee, "component": row.code, "since": since}


def of_month(work: Work, month: Month) -> Sequence[Component]:
    """Return the components with the figures of a month, in their order.

    A percentage or a fixed amount without figures for the month is left out.
    """
    rates = {row.component: row for row in work.execute(_RATES, {"ends": month.ends})}
    found = []
    for row in work.execute(_ALL):
        figures = rates.get(row.code)
        if row.rule in (FIXED, PERCENTAGE) and figures is None:
            continue
        found.append(
            Component(
                code=row.code,
                kind=row.kind,
                rule=row.rule,
                owed_to=row.owed_to,
                base=tuple(row.base),
                prorated=row.prorated,
                rate=None if figures is None else figures.rate,
                amount=None if figures is None else figures.amount,
                ceiling=None if figures is None else figures.ceiling,
            )
        )
    return found


def own_amounts(work: Work, month: Month) -> Mapping[str, Mapping[str, Decimal]]:
    """Return each employee's own amounts of a month, by component; zeros are left out."""
    found: dict[str, dict[str, Decimal]] = {}
    for row in work.execute(_AMOUNTS, {"ends": month.ends}):
        if row.amount:
            found.setdefault(row.employee, {})[row.component] = row.amount
    return found


def seed(work: Work) -> None:
    """Write the one component that every payroll begins with: the agreed pay."""
    work.execute(
        _INSERT,
        {
            "code": "basic",
            "title": _("Agreed pay"),
            "kind": EARNING,
            "rule": PAY,
            "owed_to": "",
            "base": [],
            "prorated": True,
            "rank": 10,
        },
    )


def _find(work: Work, code: str) -> Any:
    for row in work.execute(_ALL):
        if row.code == code:
            return row
    raise NotFound(_("component"), code, _("fenbu show hrm.components lists them"))


def _save_rate(work: Work, code: str, since: date, wanted: DefineComponent | SetComponent) -> None:
    values = {
        "component": code,
        "since": since,
        "rate": None if wanted.percent is None else wanted.percent / _HUNDRED,
        "amount": wanted.amount,
        "ceiling": wanted.ceiling,
    }
    work.execute(_SAVE_RATE[work.dialect], values)


def _check_base(wanted: DefineComponent, known: Mapping[str, Any], rank: int) -> None:
    if (wanted.rule == PERCENTAGE) != bool(wanted.base):
        raise ComponentUnclear(wanted.component, _("a percentage, and nothing else, has a base"))
    for code in wanted.base:
        if code == GROSS:
            if wanted.kind == EARNING:
                raise ComponentUnclear(
                    wanted.component, _("what is earned cannot be a percentage of all earned")
                )
        elif code not in known:
            raise ComponentUnclear(wanted.component, _("its base {code} is no component").format(code=code))
        elif known[code].rank >= rank:
            raise ComponentUnclear(
                wanted.component, _("its base {code} comes after it in order").format(code=code)
            )
        elif wanted.kind == EARNING and known[code].kind != EARNING:
            raise ComponentUnclear(
                wanted.component, _("its base {code} is not earned, and it is").format(code=code)
            )


def _check_figures(code: str, rule: str, wanted: DefineComponent | SetComponent) -> None:
    has = {name for name in ("percent", "amount", "ceiling") if getattr(wanted, name) is not None}
    needs = {FIXED: {"amount"}, PERCENTAGE: {"percent"}, EMPLOYEE: set[str]()}[rule]
    may = needs | ({"ceiling"} if rule == PERCENTAGE else set())
    if missing := needs - has:
        raise ComponentUnclear(code, _("it wants {names}").format(names=", ".join(sorted(missing))))
    if stray := has - may:
        raise ComponentUnclear(
            code, _("its rule has no use for {names}").format(names=", ".join(sorted(stray)))
        )


def _refuse_approved(work: Work, code: str, since: date) -> None:
    """A month takes the figures of its last day: those from the first on would change what is approved."""
    if late := runs.approved_since(work, since):
        raise ComponentInUse(code, since, late[0])
