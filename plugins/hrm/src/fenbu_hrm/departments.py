"""Departments: parts of the enterprise, which are parts of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, func, insert, or_, select, update

from fenbu.errors import FieldProblem, InputInvalid, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Title
from fenbu.work import Work
from fenbu_hrm.errors import DepartmentCircle, DepartmentClosed, DepartmentInUse
from fenbu_hrm.inputs import DepartmentCode
from fenbu_hrm.lifecycles import DEPARTMENT as LIFECYCLE
from fenbu_hrm.lifecycles import DepartmentState
from fenbu_hrm.tables import ASSIGNMENT, DEPARTMENT

_ALL = select(DEPARTMENT.c.code, DEPARTMENT.c.parent, DEPARTMENT.c.cost_centre)
_ONE = select(DEPARTMENT).where(DEPARTMENT.c.code == bindparam("wanted")).with_for_update()
_SHARED = (
    select(DEPARTMENT.c.state).where(DEPARTMENT.c.code == bindparam("wanted")).with_for_update(read=True)
)
_INSERT = insert(DEPARTMENT)
_CHANGE = (
    update(DEPARTMENT)
    .where(DEPARTMENT.c.code == bindparam("wanted"))
    .values(title=bindparam("new_title"), parent=bindparam("new_parent"), cost_centre=bindparam("new_centre"))
)
_MOVE = (
    update(DEPARTMENT).where(DEPARTMENT.c.code == bindparam("wanted")).values(state=bindparam("new_state"))
)
_OPEN_PARTS = (
    select(DEPARTMENT.c.code)
    .where(DEPARTMENT.c.parent == bindparam("wanted"), DEPARTMENT.c.state == DepartmentState.OPEN)
    .order_by(DEPARTMENT.c.code)
)
_PEOPLE = select(func.count(ASSIGNMENT.c.employee.distinct())).where(
    ASSIGNMENT.c.department == bindparam("wanted"),
    or_(ASSIGNMENT.c.ends.is_(None), ASSIGNMENT.c.ends > bindparam("day", type_=ASSIGNMENT.c.ends.type)),
)


class Department(Input):
    """A part of the enterprise."""

    department: Code = Field(description="Its own code")
    title: Title | None = Field(None, description="What people call it; its code unless given")
    parent: Code | None = Field(None, description="The department that it is a part of")
    cost_centre: str = Field(
        "", max_length=64, description="Where its costs are counted; as its parent's unless given"
    )


class RegisterDepartments(Input):
    """Departments, parents before their parts."""

    departments: Sequence[Department] = Field(min_length=1, max_length=10_000)


class ChangeDepartment(Input):
    """What is to be another; the rest stays."""

    department: DepartmentCode
    title: Title | None = Field(None, description="What people call it")
    parent: str | None = Field(None, max_length=64, description="Empty: a part of none")
    cost_centre: str | None = Field(None, max_length=64, description="Where its costs are counted")


class DepartmentRef(Input):
    """A department."""

    department: DepartmentCode


def register(work: Work, wanted: RegisterDepartments) -> dict[str, Any]:
    """Enter departments; those that are known are left as they are.

    Raises:
        InputInvalid: A parent is neither known nor stands before its part.
    """
    known = {row.code for row in work.execute(_ALL)}
    fresh = []
    for position, one in enumerate(wanted.departments):
        if one.department in known:
            continue
        if one.parent is not None and one.parent not in known:
            problem = FieldProblem(
                f"departments.{position}.parent",
                _("no such department is known or stands before"),
                one.parent,
            )
            raise InputInvalid("hrm.department.register", [problem])
        known.add(one.department)
        fresh.append(
            {
                "code": one.department,
                "title": one.title or one.department,
                "parent": one.parent,
                "cost_centre": one.cost_centre,
                "state": DepartmentState.OPEN,
            }
        )
    if fresh:
        work.execute(_INSERT, fresh)
    return {"registered": len(fresh), "known": len(wanted.departments) - len(fresh)}


def change(work: Work, wanted: ChangeDepartment) -> dict[str, Any]:
    """Call a department otherwise, make it a part of another, or count its costs elsewhere.

    Raises:
        NotFound: No such department or parent.
        DepartmentCircle: The parent is a part of it.
    """
    row = _find(work, wanted.department)
    parent = row.parent if wanted.parent is None else wanted.parent or None
    if parent:
        _refuse_circle(work, row.code, parent)
    values = {
        "new_title": wanted.title or row.title,
        "new_parent": parent,
        "new_centre": row.cost_centre if wanted.cost_centre is None else wanted.cost_centre,
    }
    work.execute(_CHANGE, {"wanted": row.code, **values})
    return {"department": row.code}


def close(work: Work, wanted: DepartmentRef) -> dict[str, Any]:
    """Send nobody to a department any more; its history stays.

    Raises:
        NotFound, TransitionRefused: No such department, or it is closed.
        DepartmentInUse: People work there or will, or parts of it are open.
    """
    row = _find(work, wanted.department)
    state = LIFECYCLE.next(row.state, "close", row.code)
    if parts := list(work.execute(_OPEN_PARTS, {"wanted": row.code}).scalars()):
        raise DepartmentInUse(row.code, 0, parts)
    if people := work.execute(_PEOPLE, {"wanted": row.code, "day": work.today}).scalar_one():
        raise DepartmentInUse(row.code, people)
    work.execute(_MOVE, {"wanted": row.code, "new_state": state})
    return {"department": row.code, "state": str(state)}


def reopen(work: Work, wanted: DepartmentRef) -> dict[str, Any]:
    """Let people work in a department again.

    Raises:
        NotFound, TransitionRefused: No such department, or it is open.
    """
    row = _find(work, wanted.department)
    state = LIFECYCLE.next(row.state, "reopen", row.code)
    work.execute(_MOVE, {"wanted": row.code, "new_state": state})
    return {"department": row.code, "state": str(state)}


def require(work: Work, department: str) -> None:
    """Refuse a department in which nobody can work; it cannot be closed until the transaction ends.

    Raises:
        NotFound: No such department.
        DepartmentClosed: It is closed.
    """
    state = work.execute(_SHARED, {"wanted": department}).scalar()
    if state is None:
        raise _missing(department)
    if state == DepartmentState.CLOSED:
        raise DepartmentClosed(department)


def cost_centres(work: Work) -> Mapping[str, str]:
    """Return where each department's costs are counted: its own cost centre, else that of the nearest parent.

    A department without any on its way up is its own.
    """
    rows = {row.code: row for row in work.execute(_ALL)}
    found = {}
    for code in rows:
        above: str | None = code
        while above is not None and not rows[above].cost_centre:
            above = rows[above].parent
        found[code] = code if above is None else rows[above].cost_centre
    return found


def _find(work: Work, code: str) -> Any:
    row = work.execute(_ONE, {"wanted": code}).first()
    if row is None:
        raise _missing(code)
    return row


def _missing(code: str) -> NotFound:
    return NotFound(_("department"), code, _("fenbu show hrm.departments lists them"))


def _refuse_circle(work: Work, code: str, parent: str) -> None:
    parents = {row.code: row.parent for row in work.execute(_ALL)}
    if parent not in parents:
        raise _missing(parent)
    above: str | None = parent
    while above is not None:
        if above == code:
            raise DepartmentCircle(code, parent)
        above = parents[above]
