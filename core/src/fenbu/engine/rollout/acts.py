"""Acts of the rollout: transactions of a sequence, each permitted in itself and audited with the plan it belongs to.

They are no actions that anybody could perform alone: what may be done in them was decided when a run began.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import frozen

from fenbu.engine.guard import audit
from fenbu.engine.kernel import Kernel
from fenbu.engine.stages import lock
from fenbu.engine.stages.lock import Held
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.work import EngineWork
from fenbu.errors import NotPermitted

T = TypeVar("T")

APPLY = "fenbu.rollout.apply"
ROLLBACK = "fenbu.rollout.rollback"
Told = Mapping[str, Any]


def act(
    kernel: Kernel,
    name: str,
    subject: str | None,
    told: Told,
    body: Callable[[EngineWork], T],
    *,
    migrates: bool = False,
    repeatable: bool = False,
) -> T:
    """Run a body in one transaction that holds the catalogue lock alone, as an act of the kernel's actor.

    Args:
        kernel: Of the enterprise.
        name: Of the act, which is its permission too.
        subject: Stage that it is about.
        told: What the audit trail says of it.
        body: May be run more than once, each time in a fresh transaction.
        migrates: It makes or rebuilds tables.
        repeatable: The body finds out by itself that it was done before.

    Raises:
        NotPermitted: The actor may not; that is written down.
    """

    def permitted(work: EngineWork) -> T:
        work.require(name)
        answer = body(work)
        _write_down(work, name, subject, told, "done")
        return answer

    try:
        return kernel.run(permitted, kernel.actor, exclusive=True, migrates=migrates, repeatable=repeatable)
    except NotPermitted:
        kernel.run(lambda work: _write_down(work, name, subject, told, "denied"), kernel.actor)
        raise


@frozen(kw_only=True)
class Holding:
    """The lock, held."""

    token: str
    taken_from: Held | None
    """Its last holder, whose process has died without giving it back."""

    def keep(self, work: EngineWork) -> None:
        """Give a sign of life in a transaction, which commits only while the lock is held."""
        lock.keep(work.connection, self.token, work.transaction.at)


@contextmanager
def holding(kernel: Kernel, name: str, verb: str) -> Iterator[Holding]:
    """Hold the lock of the rollout while the body runs; it is given back on every path.

    Raises:
        Locked: Somebody else holds it.
        NotPermitted: The actor may not perform the act.
    """
    token = lock.new_token()

    def take(work: EngineWork) -> Held | None:
        return lock.take(work.connection, token, work.actor.name, verb, work.transaction.at)

    try:
        before = act(kernel, name, None, {"lock": "taken"}, take, repeatable=True)
        yield Holding(token=token, taken_from=before)
    except BaseException:
        _release(kernel, token, quietly=True)
        raise
    _release(kernel, token, quietly=False)


def _release(kernel: Kernel, token: str, *, quietly: bool) -> None:
    """Give the lock back; where the database is out of reach, this process at least forgets it."""
    lock.forget(token)
    try:
        kernel.run(lambda work: lock.release(work.connection, token), kernel.actor)
    except Exception as error:
        if not (quietly and infrastructure(error)):
            raise


def _write_down(work: EngineWork, name: str, subject: str | None, told: Told, outcome: str) -> None:
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    audit.write(
        work.connection,
        [
            audit.Act(
                at=work.transaction.at,
                actor=work.actor.name,
                action=name,
                module="fenbu",
                subject=subject,
                input_digest=audit.digest(text),
                summary=told,
                outcome=outcome,
                key=None,
            )
        ],
    )
