"""``fenbu rollout``: the file of the overall plan: begin one, check it, let an editor know its keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.base import Group
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.faults import Fault
    from fenbu.engine.rollout.model import Rollout

FILE = "rollout.toml"
HELP = N_("""The file of the overall plan: modules, settings, stages and their gates.

fenbu rollout new --template sme-three-stages
fenbu rollout check rollout.toml""")
LATE = {
    "status": ("fenbu.cli.rollout_past:status", N_("Where each stage stands, and what is next")),
    "history": ("fenbu.cli.rollout_past:history", N_("What was applied and rolled back")),
    "diff": (
        "fenbu.cli.rollout_past:diff",
        N_("What has changed since the last apply: in the file, by hand"),
    ),
    "unlock": ("fenbu.cli.rollout_past:unlock", N_("Free the lock of a process that has died")),
    "readiness": ("fenbu.cli.readiness:readiness", N_("Say how fit data, health and numbers are")),
    "import-state": ("fenbu.cli.rollout_state:import_state", N_("Write a file from what is on")),
}


@click.group("rollout", cls=Group, lazy=LATE, help=HELP)
def rollout() -> None:
    """Group of the commands on rollout files."""


class _Template(click.ParamType[str]):
    """The name of a template, looked up when it is needed."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from fenbu.engine.rollout.faults import nearest
        from fenbu.engine.rollout.templates import TEMPLATES

        if value not in TEMPLATES:
            told = _("there is no template {name}; {nearest}")
            self.fail(told.format(name=value, nearest=nearest(value, TEMPLATES)), param, ctx)
        return value


@rollout.command(
    "new",
    help=N_("""Write a rollout file from a template; a file that is there stays as it is.

sme-three-stages  information flow, capital flow, goods and collaboration
crm-first         customers first, then orders, then money and goods
hrm-first         people and payroll first, then books, then payouts"""),
)
@click.argument("file", default=FILE, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--template", type=_Template(), help=N_("Which of the above."))
@click.option("--applied", is_flag=True, help=N_("The file that was applied last, as it was."))
@click.pass_obj
def new(session: Session, *, file: Path, template: str | None, applied: bool) -> None:
    """Write a template or the file that was applied, never over a file."""
    from fenbu.cli.files import fresh

    if (template is None) != applied:
        raise click.UsageError(_("--template NAME or --applied: one of them"))
    if template is None:
        from fenbu.engine.rollout.status import applied_text

        fresh(file, applied_text(session.kernel))
    else:
        from fenbu.engine.rollout.templates import text_of

        fresh(file, text_of(template))
    if session.json:
        session.out.document("rollout-new", {"file": str(file), "template": template})
    else:
        session.out.line(str(file))
    session.out.say(_("next: read it, change it, then fenbu rollout check {file}").format(file=file))


@rollout.command(
    "check", help=N_("Tell all that is wrong with a rollout file, with lines; ends with 65 then.")
)
@click.argument("file", default=FILE, type=click.Path(path_type=Path))
@click.option("--file-only", is_flag=True, help=N_("Do not compare it with the installed modules."))
@click.pass_context
def check(context: click.Context, *, file: Path, file_only: bool) -> None:
    """Check a file alone, and against what is installed."""
    from fenbu.engine.rollout.file import read

    session: Session = context.obj
    found = read(file)
    faults = list(found.faults)
    if not file_only:
        from fenbu.engine.rollout.fitting import misfits
        from fenbu.engine.rollout.installed import installed

        faults = sorted({*faults, *misfits(found, installed())})
    if session.json:
        session.out.document("rollout-check", _document(file, found.rollout, faults))
    elif faults or found.rollout is None:
        _tell(session, file, faults)
    else:
        _show(session, found.rollout)
        session.out.say(_("{file} is well").format(file=file))
    if faults:
        context.exit(exits.BAD_FILE)


@rollout.command("schema", help=N_("Print the JSON Schema of rollout files, for editors."))
@click.pass_obj
def schema(session: Session) -> None:
    """Print the schema as it is, without the envelope of other documents: editors read it."""
    import json

    from fenbu.engine.rollout.schema import schema as made

    session.out.line(json.dumps(made(), ensure_ascii=False, indent=2))


def _tell(session: Session, file: Path, faults: Sequence[Fault]) -> None:
    for fault in faults:
        where = f"{file}:{fault.line}"
        session.out.error("bad-file", f"{where}: {fault.problem}", hint=fault.way_out, where=where)
    told = _("{count} faults in {file}") if len(faults) != 1 else _("one fault in {file}")
    session.out.say(told.format(count=len(faults), file=file))


def _document(file: Path, plan: Rollout | None, faults: Sequence[Fault]) -> dict[str, Any]:
    return {
        "file": str(file),
        "well": not faults,
        "name": plan.name if plan else None,
        "version": plan.version if plan else None,
        "stages": [{"name": one.name, "modules": list(one.modules)} for one in plan.stages] if plan else [],
        "faults": [
            {
                "line": one.line,
                "column": one.column,
                "path": one.path,
                "problem": one.problem,
                "way_out": one.way_out,
            }
            for one in faults
        ],
    }


def _show(session: Session, plan: Rollout) -> None:
    """Show the stages with what guards them."""
    from fenbu.cli.layout import Cell, Heading

    session.out.title(f"{plan.title or plan.name} · {plan.name} {plan.version}")
    headings = [
        Heading(_("Stage")),
        Heading(_("Switches on"), wraps=True),
        Heading(_("Gates before")),
        Heading(_("after")),
        Heading(_("Approvals"), wraps=True),
    ]
    rows = [
        [
            Cell(stage.name),
            Cell(", ".join(stage.modules)),
            Cell(str(len(stage.before))),
            Cell(str(len(stage.after))),
            Cell(", ".join(f"{layer} {count}" for layer, count in stage.approvals if count)),
        ]
        for stage in plan.stages
    ]
    session.out.table(headings, rows)
