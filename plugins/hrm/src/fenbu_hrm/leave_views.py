"""Views of leave: what is asked for, what is left, and why."""

from __future__ import annotations

from sqlalchemy import select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_hrm import references
from fenbu_hrm.tables import HOLIDAY, LEAVE_BALANCE, LEAVE_ENTRY, LEAVE_REQUEST, LEAVE_TYPE

_H, _T, _B, _L, _R = HOLIDAY.c, LEAVE_TYPE.c, LEAVE_BALANCE.c, LEAVE_ENTRY.c, LEAVE_REQUEST.c
_TYPE = Column("leave_type", N_("Kind of leave"), ref="hrm.leave-types", personal=True)

LEAVE_REQUESTS = View(
    name="hrm.leave-requests",
    title=N_("Leave"),
    help=N_("Who wants to be away, is or was; days are working days."),
    query=looks.always(
        select(
            _R.number.label("request"),
            _R.state,
            _R.employee,
            _R.leave_type,
            _R.first,
            _R.last,
            _R.days,
            _R.reason,
            _R.requested_at,
            _R.requested_by,
            _R.decided_at,
            _R.decided_by,
            _R.note,
        )
    ),
    columns=(
        Column("request", N_("Request")),
        looks.state("state", N_("State")),
        references.employee(),
        _TYPE,
        looks.day("first", N_("First day")),
        looks.day("last", N_("Last day")),
        looks.quantity("days", N_("Days"), unit=None),
        Column("reason", N_("Reason"), personal=True),
        looks.time("requested_at", N_("Asked at")),
        Column("requested_by", N_("Asked by")),
        looks.time("decided_at", N_("Decided at")),
        Column("decided_by", N_("Decided by", "whom")),
        Column("note", N_("Note"), personal=True),
    ),
    key=("-request",),
    record="request",
    filters=("request", "state", "employee", "leave_type", "first", "last"),
    state="state",
    lifecycle="fenbu_hrm.lifecycles:LEAVE",
    actions=("hrm.leave.approve", "hrm.leave.decline", "hrm.leave.cancel"),
    related=(Related("hrm.leave-entries", "document", "request", N_("Days taken")),),
)

LEAVE_BALANCES = View(
    name="hrm.leave-balances",
    title=N_("Leave left"),
    help=N_("Days of a year that are granted and not taken."),
    query=looks.always(select(_B.employee, _B.leave_type, _B.year, _B.days)),
    columns=(
        references.employee(),
        _TYPE,
        looks.number("year", N_("Year")),
        Column("days", N_("Days left"), Kind.QUANTITY, personal=True),
    ),
    key=("employee", "leave_type", "year"),
    record="employee",
    filters=("employee", "leave_type", "year"),
    actions=("hrm.leave.request", "hrm.leave.adjust"),
)

LEAVE_ENTRIES = View(
    name="hrm.leave-entries",
    title=N_("Ledger of leave"),
    help=N_("Days granted, taken and given back; never changed. Newest first."),
    query=looks.always(
        select(
            _L.id,
            _L.employee,
            _L.leave_type,
            _L.year,
            _L.kind,
            _L.days,
            _L.document,
            _L.reason,
            _L.entered_at,
            _L.entered_by,
        )
    ),
    columns=(
        looks.number("id", N_("Entry", "in a list")),
        references.employee(),
        _TYPE,
        looks.number("year", N_("Year")),
        looks.state("kind", N_("Kind")),
        Column("days", N_("Days"), Kind.QUANTITY, personal=True),
        Column("document", N_("Request"), ref="hrm.leave-requests"),
        Column("reason", N_("Reason"), personal=True),
        looks.time("entered_at", N_("At")),
        Column("entered_by", N_("By")),
    ),
    key=("-id",),
    record="id",
    filters=("employee", "leave_type", "year", "kind", "document"),
)

LEAVE_TYPES = View(
    name="hrm.leave-types",
    title=N_("Kinds of leave"),
    query=looks.always(select(_T.code.label("leave_type"), _T.title, _T.days, _T.overdraw)),
    columns=(
        Column("leave_type", N_("Kind of leave")),
        Column("title", N_("Title")),
        looks.quantity("days", N_("Days a year"), unit=None),
        Column("overdraw", N_("More may be taken than is left"), Kind.YES_NO),
    ),
    key=("leave_type",),
    record="leave_type",
    actions=("hrm.leave.grant",),
)

HOLIDAYS = View(
    name="hrm.holidays",
    title=N_("Public holidays"),
    query=looks.always(select(_H.day, _H.title)),
    columns=(looks.day("day", N_("Day")), Column("title", N_("Title"))),
    key=("day",),
    record="day",
    filters=("day", "title"),
    actions=("hrm.holiday.remove",),
)

LEAVE_VIEWS = (LEAVE_REQUESTS, LEAVE_BALANCES, LEAVE_ENTRIES, LEAVE_TYPES, HOLIDAYS)
