"""From the history of an employee to steps: hired, then sent elsewhere and paid otherwise, day by day.

Departments and pay have a history each, with days of their own. What is said of a day before the first department
is so when the employee begins: of two people the pay is dated some days before they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from fenbu.i18n import _
from fenbu.importing import Read, Rejected, SourceDocument, SourceRow, Step

PLACE, PAY = "place", "pay"
_A_DAY = timedelta(days=1)


class Reader:
    """Makes steps of documents; remembers nothing from one to the next."""

    def __call__(self, document: SourceDocument) -> Read:
        """Return the actions by which an employee comes to be what the source says."""
        places = [row for row in document.rows if row.values["kind"] == PLACE]
        rates = [row for row in document.rows if row.values["kind"] == PAY]
        if wrong := list(_wrong(document.rows, places, rates)):
            return Read(kind="employee", rejected=wrong)
        steps = [*_registrations(document, places), _hire(document.reference, places[0], rates)]
        steps += _changes(document.reference, places, rates)
        if (last_day := places[-1].values["last_day"]) is not None:
            steps.append(Step("hrm.employee.leave", {"employee": document.reference, "last_day": last_day}))
        return Read(kind="employee", steps=steps)


def _wrong(
    rows: Sequence[SourceRow], places: Sequence[SourceRow], rates: Sequence[SourceRow]
) -> Iterator[Rejected]:
    """Yield what cannot be history: no beginning, a hole, something else than a place or a pay."""
    if not places or not rates:
        yield Rejected(rows[0].line, _("an employee has a department and a pay"))
        return
    for row in rows:
        if row.values["kind"] not in (PLACE, PAY):
            yield Rejected(row.line, _("{kind} is neither place nor pay").format(kind=row.values["kind"]))
    for row in places:
        if row.values["department"] is None:
            yield Rejected(row.line, _("the department is missing"))
    for row in rates:
        if row.values["rate"] is None:
            yield Rejected(row.line, _("the rate is missing"))
    for before, after in pairwise(places):
        last_day = before.values["last_day"]
        if last_day is None or last_day + _A_DAY != after.values["since"]:
            yield Rejected(after.line, _("a department begins on the day after the one before"))


def _registrations(document: SourceDocument, places: Sequence[SourceRow]) -> Iterator[Step]:
    """Register departments with their groups, and the position, that this run has not met."""
    departments: dict[str, dict[str, Any]] = {}
    for row in places:
        department, group = row.values["department"], row.values["department_group"]
        if group is not None and group != department:
            departments.setdefault(group, {"department": group})
            departments.setdefault(department, {"department": department, "parent": group})
        else:
            departments.setdefault(department, {"department": department})
    fresh = {code: one for code, one in departments.items() if _department(code) not in document.known}
    if fresh:
        words = tuple(map(_department, fresh))
        yield Step("hrm.department.register", {"departments": list(fresh.values())}, makes_known=words)
    title = places[0].values["job_title"]
    if (word := f"position {title}") not in document.known:
        yield Step("hrm.position.register", {"positions": [{"position": title}]}, makes_known=(word,))


def _hire(number: str, first: SourceRow, rates: Sequence[SourceRow]) -> Step:
    values = first.values
    facts = {
        "name": (values["login"] or number).rpartition("\\")[2],
        "national_id": values["national_id"] or "",
        "born": values["born"],
    }
    place = {
        "department": values["department"],
        "position": values["job_title"],
        "pay": _rate_on(rates, values["since"]),
        "basis": "hour",
        "day": values["since"],
    }
    return Step("hrm.employee.hire", {"employee": number, **facts, **place})


def _changes(number: str, places: Sequence[SourceRow], rates: Sequence[SourceRow]) -> Iterator[Step]:
    """Yield what changes after the first day, in order; a department before the pay of the same day."""
    began = places[0].values["since"]
    later = [row for row in (*places[1:], *rates) if row.values["since"] > began]
    pay = _rate_on(rates, began)
    for row in sorted(later, key=lambda one: (one.values["since"], one.values["kind"] == PAY)):
        day = row.values["since"]
        if row.values["kind"] == PLACE:
            wanted = {"employee": number, "department": row.values["department"], "day": day}
            yield Step("hrm.employee.transfer", wanted)
        elif row.values["rate"] != pay:
            pay = row.values["rate"]
            yield Step("hrm.employee.raise", {"employee": number, "pay": pay, "day": day})


def _rate_on(rates: Sequence[SourceRow], day: date) -> Any:
    """Return the pay of a day: the last that was set up to it, or the first of all."""
    upto = [row for row in rates if row.values["since"] <= day]
    return (upto or rates[:1])[-1].values["rate"]


def _department(code: str) -> str:
    return f"department {code}"
