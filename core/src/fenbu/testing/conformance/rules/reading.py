"""Views can be paged and their columns fit; all else that is looked at answers, also before anything has happened."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fenbu.completeness import Counted
from fenbu.engine import exporting, reading
from fenbu.engine.exporting import Found
from fenbu.exporting import Span
from fenbu.inputs import FIRST_DAY, LAST_DAY
from fenbu.metrics import Finding, Health
from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject, told
from fenbu.views import View

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

_SOME = 200


def views_fit(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield views whose columns are not in their query, or that name what is not there."""
    known = kernel.assembly.views
    for view in subject.declared("views"):
        if not view.name.startswith(f"{subject.name}."):
            yield Fault(view.name, "is not called after the module", f"call it {subject.name}.…")
        with kernel.read(subject.name) as work:
            try:
                labels = set(view.query(work).subquery().c.keys())
            except Exception as error:
                yield Fault(view.name, f"its query cannot be built: {told(error)}", "mend the query")
                continue
        for use, name in _uses(view):
            if name not in labels:
                yield Fault(
                    view.name,
                    f"its {use} {name!r} is not in the query ({', '.join(sorted(labels))})",
                    "label it so",
                )
        for action in view.actions:
            if action.startswith(f"{subject.name}.") and action not in kernel.assembly.actions:
                yield Fault(
                    view.name, f"offers {action}, which is not declared", "declare it in the manifest"
                )
        for use, name in _views_of(view):
            if name.startswith(f"{subject.name}.") and name not in known:
                yield Fault(
                    view.name, f"its {use} leads to {name}, which is not declared", "declare that view"
                )


def views_can_be_paged(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield views that cannot be read page by page, by every sort they offer."""
    for view in subject.declared("views"):
        for sort in ("", *view.sorts, *(f"-{name}" for name in view.sorts)):
            try:
                yield from _paged(kernel, subject.name, view, sort)
            except Exception as error:
                yield Fault(
                    view.name,
                    f"cannot be read{f' sorted by {sort}' if sort else ''}: {told(error)}",
                    "run its query by hand",
                )


def metrics_answer(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield metrics that raise, answer with something inexact, or lead nowhere."""
    for metric in subject.declared("metrics"):
        if not metric.definition:
            yield Fault(
                metric.name, "has no definition", "say what is counted, over which time, what is left out"
            )
        if metric.drill and metric.drill not in kernel.assembly.views:
            yield Fault(metric.name, f"drills into {metric.drill}, which is no view", "name a view, or none")
        with kernel.read(subject.name) as work:
            try:
                value: Any = metric.value(work)
            except Exception as error:
                yield Fault(
                    metric.name, f"raises: {told(error)}", "answer None when there is nothing to measure yet"
                )
                continue
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
            yield Fault(metric.name, f"answers {value!r}", "answer a Decimal, an int or None; never a float")


def checks_answer(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield checks that raise, answer something else than a finding, or find fault with a sound enterprise."""
    for check in subject.declared("checks"):
        if not check.repair:
            yield Fault(check.name, "does not say what to do when it fails", "fill in repair")
        with kernel.read(subject.name) as work:
            try:
                finding: Any = check.run(work)
            except Exception as error:
                yield Fault(
                    check.name,
                    f"raises: {told(error)}",
                    "answer Health.UNKNOWN when it cannot tell",
                )
                continue
        if not isinstance(finding, Finding):
            yield Fault(check.name, f"answers {finding!r}", "answer a fenbu.Finding")
        elif finding.health is Health.FAILED:
            yield Fault(check.name, f"fails here: {finding.detail}", "mend the check, or what it has found")


def completeness_is_counted(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield questions about completeness that raise, do not add up, lead nowhere or leave a person alone."""
    for one in subject.declared("completeness"):
        if not one.name.startswith(f"{subject.name}."):
            yield Fault(one.name, "is not called after the module", f"call it {subject.name}.…")
        if not (one.definition and one.repair):
            yield Fault(
                one.name, "has no definition or no repair", "say what is asked, and how it is entered"
            )
        if one.drill not in kernel.assembly.views:
            yield Fault(
                one.name, f"drills into {one.drill}, which is no view", "name the view of its records"
            )
        with kernel.read(subject.name) as work:
            try:
                found: Any = one.count(work)
            except Exception as error:
                yield Fault(
                    one.name, f"raises: {told(error)}", "answer None where the question does not arise"
                )
                continue
        if found is not None and not _adds_up(found):
            yield Fault(
                one.name, f"answers {found!r}", "answer fenbu.Counted(of, complete, lacking), or None"
            )


def _adds_up(found: Any) -> bool:
    """Say whether no more are complete than there are, and some are named exactly where some are not."""
    if not isinstance(found, Counted) or not 0 <= found.complete <= found.of:
        return False
    return (
        bool(found.lacking) is (found.complete < found.of) and len(found.lacking) <= found.of - found.complete
    )


def exports_write(subject: Subject, kernel: Kernel) -> Iterator[Fault]:
    """Yield exports that raise, hold everything in memory, or write something else than lines."""
    for exporter in subject.manifest.exporters:
        for name in exporter.formats:
            found = Found(subject.name, exporter, name)
            for span in (Span(), Span(since=FIRST_DAY), Span(until=FIRST_DAY), Span(LAST_DAY, LAST_DAY)):
                try:
                    what = _written(kernel, found, span)
                except Exception as error:
                    what = f"raises: {told(error)}"
                if what:
                    where = f"{exporter.name} as {name}"
                    yield Fault(
                        where, f"for {span} {what}", "yield lines as text, without their ends, one by one"
                    )
                    break


def _written(kernel: Kernel, found: Found, span: Span) -> str:
    """Return what is wrong with the lines of an export; empty when nothing is."""
    with kernel.read(found.module) as work:
        lines: Any = exporting.writer(found)(work, span)
        if isinstance(lines, str | bytes | Collection):
            return f"gives a {type(lines).__name__} of everything"
        odd = next((line for line in lines if not isinstance(line, str) or "\n" in line), None)
    return "" if odd is None else f"gives {odd!r}"


def _paged(kernel: Kernel, module: str, view: View, sort: str) -> Iterator[Fault]:
    with kernel.read(module) as work:
        whole = reading.page(work, view, sort=sort, limit=_SOME).rows
        single: list[Any] = []
        after, turns = "", 0
        while turns < len(whole):
            one = reading.page(work, view, sort=sort, after=after, limit=1)
            single += one.rows
            after, turns = one.next or "", turns + 1
            if one.next is None:
                break
        if single != list(whole):
            by = f" (sorted by {sort})" if sort else ""
            yield Fault(
                view.name,
                f"page by page it gives {len(single)} of {len(whole)} rows, or others{by}",
                f"its key ({', '.join(view.key)}) must be unique, without nulls, and ordered alike everywhere",
            )


def _uses(view: View) -> Iterator[tuple[str, str]]:
    for column in view.columns:
        yield "column", column.name
        if column.unit:
            yield f"unit of {column.name}", column.unit
    yield from (("key", name.removeprefix("-")) for name in view.key)
    yield "record", view.record
    yield from (("filter", name) for name in view.filters)
    yield from (("sort", name) for name in view.sorts)
    yield from (("related value", related.value) for related in view.related)
    if view.state:
        yield "state", view.state


def _views_of(view: View) -> Iterator[tuple[str, str]]:
    yield from ((f"column {column.name}", column.ref) for column in view.columns if column.ref)
    yield from (("related rows", related.view) for related in view.related)
