"""``fenbu export``: business facts without surrogate keys, for comparing two runs or two databases."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fenbu.cli.base import Group
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_


@click.group("export", cls=Group, help=N_("Write business facts for comparing."))
def export() -> None:
    """Group of the exports."""


@export.command(
    "canonical",
    help=N_(
        "Numbers, quantities, amounts, balances and facts as JSON lines; no surrogate keys, times or statistics, "
        "so that two databases with the same business compare equal."
    ),
)
@click.argument("modules", nargs=-1, shell_complete=completer("module"), metavar="[MODULE…]")
@click.pass_obj
def canonical(session: Session, *, modules: Sequence[str]) -> None:
    """Write what every enabled module, or those named, say of themselves."""
    from fenbu.engine import canonical as facts
    from fenbu.engine.assembly import unknown

    with session.noticing() as kernel:
        enabled = {"fenbu", *kernel.assembly.modules}
        for name in modules:
            if name not in enabled:
                raise unknown("enabled module", name, enabled)
        if session.json:
            session.out.document("canonical", {"modules": facts.facts(kernel, modules)})
            return
        for line in facts.lines(kernel, modules):
            session.out.line(line)
