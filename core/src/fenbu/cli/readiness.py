"""``fenbu rollout readiness``: whether data, health and numbers are fit for the stages of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.branches import Branch
    from fenbu.cli.output import Output
    from fenbu.engine.rollout.readiness import Baseline, Complete, Readiness, StageReadiness, Trouble
    from fenbu.work import Enterprise

FILE = "rollout.toml"
HELP = N_("""Say how fit the enterprise is for the stages of a plan, or for one of them.

For each stage: its gates as they are now, how complete the data of its modules is and what is lacking, what is
open, and what its metrics come to, now and over the last 30 days. A stage by itself is told with the modules of those
in front of it. Without a plan, all that is on is told.

fenbu rollout readiness goods
fenbu rollout readiness --format markdown > readiness.md""")
_NONE = "○"
_COLOURS = {"✔": "green", "✖": "red", "?": "yellow", _NONE: "dim"}
_CURVE = 12


@command("readiness", help=HELP)
@click.argument("stage", required=False)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help=N_("The plan; rollout.toml where there is one unless given."),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    show_default=True,
    help=N_("How it is written."),
)
def readiness(session: Session, *, stage: str | None, file: Path | None, form: str) -> None:
    """Make the report and write it."""
    from fenbu.engine.rollout.file import read
    from fenbu.engine.rollout.readiness import readiness as reported
    from fenbu.engine.rollout.readiness_document import as_document, as_markdown

    if form == "json":
        session.json = True
    planned = file is not None or stage is not None or Path(FILE).is_file()
    with session.noticing() as kernel:
        report = reported(kernel, read(file or Path(FILE)) if planned else None, stage)
        if session.json:
            session.out.document("rollout-readiness", as_document(report))
        elif form == "markdown":
            session.out.stdout.write(as_markdown(report))
        else:
            _write(session.out, report)


def _write(out: Output, report: Readiness) -> None:
    for stage in report.stages:
        _stage(out, stage, report.enterprise)
    if report.troubles:
        out.title(_("The enterprise as a whole"))
        _branches(out, [_trouble(one) for one in report.troubles])
    if report.hidden:
        told = _("not shown, for lack of permissions: {names}")
        out.say(told.format(names=", ".join(report.hidden)))


def _stage(out: Output, stage: StageReadiness, enterprise: Enterprise) -> None:
    from fenbu.cli.layout import wrap

    out.title(f"{stage.name}  {stage.title} ({_(stage.standing)})" if stage.name else stage.title)
    if stage.goal:
        for line in [stage.goal] if out.width is None else wrap(stage.goal, out.width):
            out.line(line)
    _branches(out, list(_guards(stage)))
    _completeness(out, stage.completeness)
    _branches(out, [_trouble(one) for one in stage.troubles])
    _metrics(out, stage.metrics, enterprise)
    off = [f"{one.name} ({_(one.state)})" for one in stage.modules if not one.on]
    if off:
        out.line()
        out.line(_("not on yet: {modules}").format(modules=", ".join(off)))
    out.line()


def _guards(stage: StageReadiness) -> Iterator[Branch]:
    from fenbu.cli.plan_tree import guards

    return guards(stage.guards, brief=False)


def _trouble(one: Trouble) -> Branch:
    from fenbu.cli.branches import Branch
    from fenbu.engine.rollout.readiness_document import HEALTH

    sign = HEALTH[one.health]
    below = [Branch(f"→ {one.todo}")] if one.todo else []
    return Branch(f"{sign} {one.module}, {one.name}: {one.told}", _COLOURS[sign], below)


def _completeness(out: Output, found: Sequence[Complete]) -> None:
    from fenbu.cli.layout import Cell, Heading
    from fenbu.engine.rollout.readiness_document import lacking

    if not found:
        return
    rows = []
    for one in found:
        sign = _sign(one)
        many = f"{one.counted.complete:,} / {one.counted.of:,}" if one.counted else "?"
        percent = f"{one.counted.percent:f} %" if one.counted and one.counted.percent is not None else ""
        told = (
            _("none there yet")
            if sign == _NONE
            else ""
            if one.whole
            else f"{lacking(one)} → {_(one.declared.repair)}"
        )
        cells = (_(one.declared.title), many, percent, told)
        rows.append([Cell(sign, _COLOURS[sign]), *map(Cell, cells)])
    headings = [
        Heading(""),
        Heading(_("Data"), wraps=True),
        Heading(_("Complete", "data"), right=True),
        Heading("", right=True),
        Heading(_("Lacking"), wraps=True),
    ]
    out.line()
    out.table(headings, rows)


def _sign(one: Complete) -> str:
    if one.counted is None:
        return "?"
    return _NONE if not one.counted.of else "✔" if one.whole else "✖"


def _metrics(out: Output, found: Sequence[Baseline], enterprise: Enterprise) -> None:
    from decimal import Decimal

    from fenbu.cli.layout import Cell, Heading
    from fenbu.cli.sparkline import sparkline
    from fenbu.engine.readings import worded

    if not found:
        return

    def said(one: Baseline, value: Decimal | None) -> str:
        return "–" if value is None else worded(one.metric, value, enterprise.currency)

    rows = [
        [
            Cell(one.metric.name),
            Cell("?" if one.reason else said(one, one.now)),
            Cell(sparkline([(read.at, read.value) for read in one.series], _CURVE)),
            Cell(said(one, one.lowest)),
            Cell(said(one, one.highest)),
        ]
        for one in found
    ]
    headings = [
        Heading(_("Metric")),
        Heading(_("Now"), right=True),
        Heading(_("30 days")),
        Heading(_("Lowest"), right=True),
        Heading(_("Highest"), right=True),
    ]
    out.line()
    out.table(headings, rows)
    for one in found:
        if one.reason:
            told = _("{name} could not be measured: {reason}")
            out.warn(told.format(name=one.metric.name, reason=one.reason))


def _branches(out: Output, found: Sequence[Branch]) -> None:
    from fenbu.cli.branches import write

    if found:
        out.line()
        write(out, found)
