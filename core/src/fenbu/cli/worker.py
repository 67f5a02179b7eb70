"""``fenbu worker``: deliver what waits, until stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Worker
    from fenbu.engine.kernel import Kernel

HELP = N_("""Deliver what waits until stopped.

Ctrl-C or SIGTERM ends it after the batch in hand; nothing is lost however it ends. Several may run: on one
machine with SQLite, on many with PostgreSQL. --once delivers what waits now and comes back.""")
_SAY_EVERY = 30.0


@command("worker", help=HELP)
@click.option("--once", is_flag=True, help=N_("Deliver what waits now, then end."))
@click.option("--key", metavar="KEY", help=N_("With --once: only events of this key."))
@click.option(
    "--timeout",
    type=float,
    metavar="SECONDS",
    default=3600.0,
    show_default=True,
    help=N_("With --once: how long at most."),
)
def worker(session: Session, *, once: bool, key: str | None, timeout: float) -> None:
    """Run a worker in this process."""
    if key and not once:
        raise click.UsageError(_("--key goes with --once"))
    kernel = session.kernel
    running = _own(session, kernel)
    if once:
        _drain(session, kernel, running, key, timeout)
        return
    session.out.say(_("worker {id} delivers; Ctrl-C stops it").format(id=running.id))
    with _telling(session, kernel):
        running.run(signals=True)
    session.out.say(_("stopped; what waits is delivered by the next worker"))


def _own(session: Session, kernel: Kernel) -> Worker:
    """Return a worker that has this process to itself, and leaves word of what is in hand should it end with it."""
    hands = kernel.database.side_folder("hands")
    try:
        return kernel.worker(markers=hands, own_process=True)
    except OSError as error:
        told = _(
            "{folder} cannot be written ({reason}): an event that ends this process will not be put aside"
        )
        session.out.warn(told.format(folder=hands, reason=error.strerror or error))
        return kernel.worker(own_process=True)


def _drain(session: Session, kernel: Kernel, running: Worker, key: str | None, timeout: float) -> None:
    from fenbu.cli.waiting import of_whom, seal
    from fenbu.engine.flows.standing import standing

    try:
        [only] = of_whom(session, kernel, [key] if key else [])
        drained = running.drain(only, timeout=timeout)
    finally:
        running.close()
    seal(kernel)
    with kernel.read() as work:
        left = standing(work.connection, work.now)
    if session.json:
        body = {
            "done": drained.done,
            "finished": drained.finished,
            "waiting": left.waiting,
            "dead": left.dead,
        }
        session.out.document("worker", body)
    else:
        session.out.say(_("{count} deliveries done").format(count=f"{drained.done:,}"))
        if left.dead:
            session.out.warn(_("{count} are dead: fenbu flows dead").format(count=left.dead))
        if not drained.finished:
            session.out.warn(_("time ran out before all was delivered"))
    if left.dead or not drained.finished:
        raise click.exceptions.Exit(exits.FAILED)


@contextmanager
def _telling(session: Session, kernel: Kernel) -> Iterator[None]:
    """Say now and then how much is done and what waits, while the body runs."""
    stop = threading.Event()
    teller = threading.Thread(target=_tell, args=(session, kernel, stop), name="fenbu-telling", daemon=True)
    teller.start()
    try:
        yield
    finally:
        stop.set()
        teller.join()


def _tell(session: Session, kernel: Kernel, stop: threading.Event) -> None:
    from fenbu.engine.flows.standing import standing
    from fenbu.errors import FenbuError

    said = None
    while not stop.wait(_SAY_EVERY if said else 1.0):
        try:
            with kernel.read() as work:
                found = standing(work.connection, work.now)
        except FenbuError as error:
            session.out.warn(str(error))
            continue
        now = (found.waiting, found.dead)
        if now != said:
            told = _("{waiting} wait, {dead} dead")
            session.out.say(told.format(waiting=f"{found.waiting:,}", dead=f"{found.dead:,}"))
            said = now
