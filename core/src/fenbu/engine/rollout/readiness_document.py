"""The readiness report as JSON-able document and as Markdown; numbers are text, times ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from fenbu.engine.readings import worded
from fenbu.engine.rollout.document import of_gate, of_needed
from fenbu.engine.rollout.readiness import Baseline, Complete, Readiness, StageReadiness, Trouble
from fenbu.i18n import _
from fenbu.metrics import Health

OUTCOMES = {"pass": "✔", "fail": "✖", "inconclusive": "?"}
HEALTH = {Health.OK: "✔", Health.FAILED: "✖", Health.UNKNOWN: "?"}


def as_document(report: Readiness) -> dict[str, Any]:
    """Return the report for scripts."""
    return {
        "enterprise": report.enterprise.name,
        "rollout": report.rollout or None,
        "version": report.version or None,
        "at": report.at.isoformat(),
        "stages": [_stage(stage, report) for stage in report.stages],
        "troubles": [_trouble(one) for one in report.troubles],
        "hidden": list(report.hidden),
    }


def _stage(stage: StageReadiness, report: Readiness) -> dict[str, Any]:
    return {
        "name": stage.name or None,
        "title": stage.title,
        "goal": stage.goal,
        "standing": stage.standing,
        "held_up": list(stage.guards.reasons),
        "modules": [
            {"name": one.name, "title": one.title, "state": one.state, "on": one.on} for one in stage.modules
        ],
        "gates": [of_gate(line) for line in stage.guards.gates],
        "approvals": [of_needed(need) for need in stage.guards.approvals],
        "completeness": [_complete(one) for one in stage.completeness],
        "troubles": [_trouble(one) for one in stage.troubles],
        "metrics": [_baseline(one, report.enterprise.currency) for one in stage.metrics],
    }


def _complete(one: Complete) -> dict[str, Any]:
    counted = one.counted
    return {
        "name": one.declared.name,
        "title": _(one.declared.title),
        "definition": _(one.declared.definition),
        "of": counted.of if counted else None,
        "complete": counted.complete if counted else None,
        "percent": _exact(counted.percent) if counted else None,
        "lacking": list(counted.lacking) if counted else [],
        "reason": one.reason,
        "drill": one.declared.drill,
        "repair": "" if one.whole else _(one.declared.repair),
    }


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        "module": one.module,
        "kind": one.kind,
        "name": one.name,
        "health": str(one.health),
        "told": one.told,
        "todo": one.todo,
    }


def _baseline(one: Baseline, currency: str) -> dict[str, Any]:
    return {
        "metric": one.metric.name,
        "title": _(one.metric.title),
        "unit": currency if one.metric.unit == "money" else one.metric.unit,
        "now": _exact(one.now),
        "lowest": _exact(one.lowest),
        "highest": _exact(one.highest),
        "reason": one.reason,
        "readings": [{"at": read.at.isoformat(), "value": format(read.value, "f")} for read in one.series],
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def lacking(one: Complete) -> str:
    """Say which records are incomplete: the first few, and that there are more."""
    if one.counted is None:
        return one.reason
    named = ", ".join(one.counted.lacking)
    left = one.counted.of - one.counted.complete - len(one.counted.lacking)
    return named + _(" and {count} more").format(count=f"{left:,}") if left > 0 else named


# --- Markdown -------------------------------------------------------------------------------------------


def as_markdown(report: Readiness) -> str:
    """Return the report as a page to be read, sent and kept."""
    return "\n".join(_page(report)).rstrip() + "\n"


def _page(report: Readiness) -> Iterator[str]:
    when = report.at.astimezone(report.enterprise.zone).strftime("%Y-%m-%d %H:%M")
    yield f"# {_text(report.enterprise.name)}: {_text(report.title)}"
    yield ""
    yield _("Readiness at {when}.").format(when=f"{when} ({report.enterprise.time_zone})")
    for stage in report.stages:
        yield from _section(stage, report.enterprise.currency)
    if report.troubles:
        yield ""
        yield f"## {_('The enterprise as a whole')}"
        yield from _trouble_table(report.troubles)
    if report.hidden:
        yield ""
        yield _("Not shown, for lack of permissions: {names}.").format(names=", ".join(report.hidden))


def _section(stage: StageReadiness, currency: str) -> Iterator[str]:
    yield ""
    yield f"## {_text(stage.title)}" + (f" (`{stage.name}`, {_(stage.standing)})" if stage.name else "")
    if stage.goal:
        yield from ("", _text(stage.goal))
    yield from _table(
        (_("Module"), _("State")), ((f"`{one.name}` {one.title}", _(one.state)) for one in stage.modules)
    )
    yield from _table(
        (_("Gate"), _("Wanted"), _("Outcome"), _("Found")),
        (
            (
                f"`{line.stage} {line.key}` {line.name}",
                line.reading.wanted,
                f"{OUTCOMES[line.reading.outcome]} {_(str(line.reading.outcome))}",
                line.reading.told,
            )
            for line in stage.guards.gates
        ),
    )
    yield from _table(
        (_("Approval"), _("Wanted"), _("Given by")),
        ((need.layer, str(need.wanted), ", ".join(need.by)) for need in stage.guards.approvals),
    )
    yield from _table(
        (_("Data"), _("Complete", "data"), "%", _("Lacking"), _("To do")),
        (_complete_cells(one) for one in stage.completeness),
    )
    yield from _trouble_table(stage.troubles)
    yield from _table(
        (_("Metric"), _("Now"), _("Lowest, 30 days"), _("Highest, 30 days"), _("Readings")),
        (_baseline_cells(one, currency) for one in stage.metrics),
    )


def _complete_cells(one: Complete) -> Sequence[str]:
    counted = one.counted
    many = f"{counted.complete:,} / {counted.of:,}" if counted else "?"
    percent = (_exact(counted.percent) or "–") if counted else "?"
    repair = "" if one.whole else _(one.declared.repair)
    return (_(one.declared.title), many, percent, lacking(one), repair)


def _baseline_cells(one: Baseline, currency: str) -> Sequence[str]:
    def said(value: Decimal | None) -> str:
        return "–" if value is None else worded(one.metric, value, currency)

    now = one.reason or said(one.now)
    return (
        f"`{one.metric.name}` {_(one.metric.title)}",
        now,
        said(one.lowest),
        said(one.highest),
        str(len(one.series)),
    )


def _trouble_table(troubles: Iterable[Trouble]) -> Iterator[str]:
    return _table(
        (_("Open"), _("Found"), _("To do")),
        ((f"{HEALTH[one.health]} {one.module}: {one.name}", one.told, one.todo) for one in troubles),
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table with a blank line in front; nothing without rows."""
    listed = list(rows)
    if listed:
        yield ""
        yield _row(headings)
        yield _row(["---"] * len(headings))
        yield from map(_row, ([_text(cell) for cell in row] for row in listed))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Return a text that stays in its cell, and is no markup of another page."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
