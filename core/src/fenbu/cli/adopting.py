"""``fenbu adopt``: what was changed by hand goes back into the rollout file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.adopting import Adopted

HELP = N_("""Write what was changed by hand back into a rollout file: modules, settings.

Only what differs is changed; comments and everything else stay. What cannot be adopted is told with the reason, and
the command ends with 2 then. A file that somebody has changed meanwhile stays as it is.""")


@command("adopt", help=HELP)
@click.argument("file", default="rollout.toml", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help=N_("Write nothing; show the difference, and end with 2."))
def adopt(session: Session, *, file: Path, dry_run: bool) -> int:
    """Adopt, and show what the file says now."""
    from fenbu.engine.rollout.drift import adopt as adopting

    with session.noticing() as kernel:
        done = adopting(kernel, file, dry_run=dry_run)
        if session.json:
            session.out.document("rollout-adopt", _document(done, dry_run))
        elif dry_run:
            session.out.stdout.write(done.diff)
        else:
            _show(session, done)
        _say(session, done, dry_run)
    return exits.CHANGES_PENDING if done.left or (dry_run and done.diff) else exits.DONE


def _show(session: Session, done: Adopted) -> None:
    from fenbu.cli.layout import Cell, Heading

    if not done.written:
        return
    headings = [
        Heading(_("Adopted")),
        Heading(_("Line"), right=True),
        Heading(_("Before", "value"), wraps=True),
        Heading(_("Now"), wraps=True),
    ]
    session.out.table(
        headings,
        [
            [Cell(one.what), Cell(str(one.line)), Cell(_text(one.before)), Cell(_text(one.after))]
            for one in done.written
        ],
    )


def _say(session: Session, done: Adopted, dry_run: bool) -> None:
    for one in done.left:
        told = _("{what} is not adopted: {why}").format(what=one.what, why=one.why)
        session.out.warn(f"{told}\n  → {one.way_out}" if one.way_out else told)
    if not done.written and not done.left:
        session.out.say(_("nothing to adopt: {file} says what is").format(file=done.path))
    elif done.written and not dry_run:
        session.out.say(_("next: look at {file}, raise its version, and review it").format(file=done.path))


def _document(done: Adopted, dry_run: bool) -> Mapping[str, Any]:
    return {
        "file": done.path,
        "dry_run": dry_run,
        "written": [
            {"what": one.what, "line": one.line, "before": one.before, "after": one.after}
            for one in done.written
        ],
        "left": [{"what": one.what, "why": one.why, "way_out": one.way_out} for one in done.left],
        "diff": done.diff,
    }


def _text(value: Any) -> str:
    import json

    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
