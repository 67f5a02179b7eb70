"""Transition tables of human resources' documents. States are participles or adjectives, actions are verbs."""

from __future__ import annotations

from enum import StrEnum

from fenbu.lifecycle import Lifecycle, Transition


class DepartmentState(StrEnum):
    """Whether people may be sent to a department."""

    OPEN = "open"
    CLOSED = "closed"


DEPARTMENT = Lifecycle(
    name="hrm.department",
    states=DepartmentState,
    initial=DepartmentState.OPEN,
    terminal=frozenset(),
    table=(
        #          verb      from                     to
        Transition("close",  DepartmentState.OPEN,    DepartmentState.CLOSED),
        Transition("reopen", DepartmentState.CLOSED,  DepartmentState.OPEN),
    ),
)  # fmt: skip


class EmployeeState(StrEnum):
    """Where somebody stands with us; on which days they work here is told by their employments."""

    EMPLOYED = "employed"
    LEFT = "left"
    """The end of the employment is entered; its day may be still to come."""


EMPLOYEE = Lifecycle(
    name="hrm.employee",
    states=EmployeeState,
    initial=EmployeeState.EMPLOYED,
    terminal=frozenset(),
    table=(
        #          verb        from                    to
        Transition("transfer", EmployeeState.EMPLOYED, EmployeeState.EMPLOYED),
        Transition("raise",    EmployeeState.EMPLOYED, EmployeeState.EMPLOYED),
        Transition("leave",    EmployeeState.EMPLOYED, EmployeeState.LEFT),
        Transition("rehire",   EmployeeState.LEFT,     EmployeeState.EMPLOYED),
    ),
)  # fmt: skip


class LeaveState(StrEnum):
    """Where a request for leave stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"


LEAVE = Lifecycle(
    name="hrm.leave",
    states=LeaveState,
    initial=LeaveState.REQUESTED,
    terminal=frozenset({LeaveState.DECLINED, LeaveState.CANCELLED}),
    table=(
        #          verb       from                  to
        Transition("approve", LeaveState.REQUESTED, LeaveState.APPROVED),
        Transition("decline", LeaveState.REQUESTED, LeaveState.DECLINED),
        Transition("cancel",  LeaveState.REQUESTED, LeaveState.CANCELLED),
        Transition("cancel",  LeaveState.APPROVED,  LeaveState.CANCELLED),
    ),
)  # fmt: skip


class PayrollState(StrEnum):
    """Where a payroll run stands; whether it is posted and paid stands beside it."""

    DRAFT = "draft"
    CALCULATED = "calculated"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    REVERSED = "reversed"
    """A correcting run has taken it back."""
    DISCARDED = "discarded"


PAYROLL = Lifecycle(
    name="hrm.payroll",
    states=PayrollState,
    initial=PayrollState.DRAFT,
    terminal=frozenset({PayrollState.REVERSED, PayrollState.DISCARDED}),
    table=(
        #          verb         from                     to
        Transition("calculate", PayrollState.DRAFT,      PayrollState.CALCULATED),
        Transition("calculate", PayrollState.CALCULATED, PayrollState.CALCULATED),
        Transition("calculate", PayrollState.REVIEWED,   PayrollState.CALCULATED),
        Transition("review",    PayrollState.CALCULATED, PayrollState.REVIEWED),
        Transition("approve",   PayrollState.REVIEWED,   PayrollState.APPROVED),
        Transition("reverse",   PayrollState.APPROVED,   PayrollState.REVERSED),
        Transition("discard",   PayrollState.DRAFT,      PayrollState.DISCARDED),
        Transition("discard",   PayrollState.CALCULATED, PayrollState.DISCARDED),
        Transition("discard",   PayrollState.REVIEWED,   PayrollState.DISCARDED),
    ),
)  # fmt: skip


class PaymentState(StrEnum):
    """What became of the net pay of an approved run."""

    NONE = "none"
    """There is nothing to pay (yet)."""
    DUE = "due"
    REQUESTED = "requested"
    FAILED = "failed"
    PAID = "paid"


PAYMENT = Lifecycle(
    name="hrm.payroll-payment",
    states=PaymentState,
    initial=PaymentState.NONE,
    terminal=frozenset({PaymentState.PAID}),
    table=(
        #          verb       from                    to
        Transition("owe",     PaymentState.NONE,      PaymentState.DUE),
        Transition("request", PaymentState.DUE,       PaymentState.REQUESTED),
        Transition("request", PaymentState.FAILED,    PaymentState.REQUESTED),
        Transition("fail",    PaymentState.REQUESTED, PaymentState.FAILED),
        Transition("fail",    PaymentState.DUE,       PaymentState.FAILED),
        Transition("pay",     PaymentState.DUE,       PaymentState.PAID),
        Transition("pay",     PaymentState.REQUESTED, PaymentState.PAID),
        Transition("pay",     PaymentState.FAILED,    PaymentState.PAID),
    ),
)  # fmt: skip

LIFECYCLES = (DEPARTMENT, EMPLOYEE, LEAVE, PAYROLL, PAYMENT)
