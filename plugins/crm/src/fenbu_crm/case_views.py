"""Views of cases: who asked what, whose turn it is, what was said."""

from __future__ import annotations

from sqlalchemy import Select, and_, select, type_coerce
from sqlalchemy.sql import literal

from fenbu import looks
from fenbu.i18n import N_
from fenbu.tables import Flag, UtcTime
from fenbu.views import Column, Kind, Related, View
from fenbu.work import Work
from fenbu_crm import references
from fenbu_crm.tables import CASE, CASE_ENTRY

_C, _E = CASE.c, CASE_ENTRY.c


def _cases(work: Work) -> Select[tuple[object, ...]]:
    """Overdue is judged by the clock of whoever looks, so that it is seen before a worker has told it."""
    late = and_(_C.due_at.is_not(None), _C.due_at < literal(work.now, UtcTime()))
    return select(
        _C.number.label("case"),
        _C.state,
        type_coerce(late, Flag()).label("overdue"),
        _C.due_at,
        _C.customer,
        _C.title,
        _C.order_number.label("order"),
        _C.owner,
        _C.opened_at,
        _C.answered_at,
    )


CASES = View(
    name="crm.cases",
    title=N_("Cases"),
    help=N_("What customers ask; an answer is due within the hours of the settings."),
    query=_cases,
    columns=(
        Column("case", N_("Case")),
        looks.state("state", N_("State")),
        Column("overdue", N_("Overdue"), Kind.YES_NO),
        looks.time("due_at", N_("Answer due")),
        references.customer(),
        references.personal("title", N_("What")),
        references.order(),
        Column("owner", N_("Owner")),
        looks.time("opened_at", N_("Opened")),
        looks.time("answered_at", N_("First answered")),
    ),
    key=("-case",),
    record="case",
    filters=("state", "overdue", "customer", "owner", "order"),
    state="state",
    lifecycle="fenbu_crm.lifecycles:CASE",
    actions=(
        "crm.case.answer",
        "crm.case.ask",
        "crm.case.hear",
        "crm.case.resolve",
        "crm.case.reopen",
        "crm.case.close",
        "crm.case.note",
        "crm.case.assign",
    ),
    related=(Related("crm.case-entries", "case", "case", N_("What was said")),),
)

CASE_ENTRIES = View(
    name="crm.case-entries",
    title=N_("What was said in cases"),
    query=looks.always(
        select(_E.case_number.label("case"), _E.entry, _E.verb, _E.said_at, _E.noted_by, _E.text)
    ),
    columns=(
        Column("case", N_("Case"), ref="crm.cases"),
        looks.number("entry", N_("No.")),
        looks.state("verb", N_("What")),
        looks.time("said_at", N_("When")),
        Column("noted_by", N_("By")),
        references.personal("text", N_("Text", "of a case")),
    ),
    key=("case", "entry"),
    record="case",
    filters=("case", "verb"),
)

CASE_VIEWS = (CASES, CASE_ENTRIES)
