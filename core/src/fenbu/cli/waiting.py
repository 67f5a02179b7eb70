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
    from fenbu.cli.late import catch_up
    from fenbu.engine.flows import admin

    worker = kernel.worker()
    try:
        whom = of_whom(session, kernel, keys)
        if None in whom:
            catch_up(session, kernel, worker)
        drained = [worker.drain(key, timeout=PATIENCE) for key in whom]
    finally:
        worker.close()
    seal(kernel)
    if not all(one.finished for one in drained):
        session.out.warn(_("not all was delivered within {seconds:.0f} s").format(seconds=PATIENCE))
        session.out.say(_("fenbu flows waiting shows what, and why"))
        raise click.exceptions.Exit(exits.FAILED)
    with kernel.read() as work:
        stuck = [one for key in keys or (None,) for one in admin.dead(work.connection, key=key)]
    for one in stuck:
        session.out.warn(f"{one.subscription}/{one.seq}: {one.reason}")
    if stuck:
        session.out.say(_("these wait for a decision: fenbu flows retry or skip"))
        raise click.exceptions.Exit(exits.FAILED)


def of_whom(session: Session, kernel: Kernel, keys: Sequence[str]) -> Sequence[str | None]:
    """Return the keys to deliver; None for all, which a module needs that must catch up before it takes these."""
    kernel.refresh()
    late = sorted(kernel.assembly.known.catching_up)
    if keys and late:
        told = _("{modules} catches up with what happened before; all that waits is delivered first")
        session.out.say(told.format(modules=", ".join(late)))
    return (None,) if late or not keys else keys


def seal(kernel: Kernel) -> None:
    """Chain what the audit trail has gained, as a resting worker does; somebody else does it where we cannot."""
    from fenbu.engine.store.infrastructure import infrastructure

    try:
        kernel.seal_audit()
    except Exception as error:
        if not infrastructure(error):
            raise
