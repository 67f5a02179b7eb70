"""Waiting for what follows from an act: an embedded worker delivers it before the command comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fenbu.cli import exits
from fenbu.cli.session import Session
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

PATIENCE = 60.0
"""Seconds until we stop waiting; what is left goes on without us."""


def deliver(session: Session, kernel: Kernel, keys: Sequence[str]) -> None:
    """Deliver everything of these keys, or everything that waits when none is known.

    Ends the command with exit code 1 when a delivery of a key is dead, or time ran out.
    """
    from fenbu.engine.flows import admin

    worker = kernel.worker()
    try:
        drained = [worker.drain(key, timeout=PATIENCE) for key in keys or (None,)]
    finally:
        worker.close()
    if not all(one.finished for one in drained):
        session.out.warn(_("not all was delivered within {seconds:.0f} s").format(seconds=PATIENCE))
        raise click.exceptions.Exit(exits.FAILED)
    with kernel.read() as work:
        stuck = [one for key in keys or (None,) for one in admin.dead(work.connection, key=key)]
    for one in stuck:
        session.out.warn(f"{one.subscription}/{one.seq}: {one.reason}")
    if stuck:
        session.out.say(_("these wait for a decision: fenbu flows retry or skip"))
        raise click.exceptions.Exit(exits.FAILED)
