"""Backups: a copy of everything, so taking one is permitted and written down like an act."""

from __future__ import annotations

from pathlib import Path

from fenbu.engine.guard import audit, permissions
from fenbu.engine.kernel import Kernel
from fenbu.engine.work import EngineWork
from fenbu.errors import NotPermitted
from fenbu.i18n import _

PERMISSION = permissions.BACKUP


def backup(kernel: Kernel, target: Path) -> str:
    """Write a verified, marked copy beside running work; return its mark.

    Args:
        kernel: Of the enterprise.
        target: A file that does not exist yet.

    Raises:
        NotPermitted: The actor may not take everything away.
        CopyRefused, DatabaseDamaged: As `Database.copy` raises them.
    """
    try:
        with kernel.read() as work:
            work.require(PERMISSION)
            moment = work.now.astimezone(work.enterprise.zone).strftime("%Y-%m-%d %H:%M:%S")
            mark = _("{name}, backup of {moment}").format(name=work.enterprise.name, moment=moment)
    except NotPermitted:
        kernel.run(lambda work: _write_down(work, target, "denied"), kernel.actor)
        raise
    kernel.database.copy(target, mark)
    kernel.run(lambda work: _write_down(work, target, "done"), kernel.actor)
    return mark


def _write_down(work: EngineWork, target: Path, outcome: str) -> None:
    act = audit.Act(
        at=work.transaction.at,
        actor=work.actor.name,
        action=PERMISSION,
        module="fenbu",
        subject=None,
        input_digest="",
        summary={"file": str(target)},
        outcome=outcome,
        key=None,
    )
    audit.write(work.connection, [act])
