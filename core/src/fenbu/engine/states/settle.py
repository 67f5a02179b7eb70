"""Settling: a module that has caught up is enabled, one that has drained is disabled.

The worker calls it when it has nothing else to do, and each command that sees an unsettled module.
"""

from __future__ import annotations

from attrs import frozen

from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import subscriptions
from fenbu.engine.flows.subscriptions import DRAIN
from fenbu.engine.states import rows
from fenbu.engine.states.disable import finish, still_waiting
from fenbu.engine.store import catalogue
from fenbu.engine.work import EngineWork

S = ModuleState


@frozen
class Settled:
    """A module that has arrived."""

    module: str
    state: ModuleState


def settle(work: EngineWork) -> list[Settled]:
    """Move on every module that has arrived; nothing is changed when none has.

    Args:
        work: Of the kernel, in a transaction that holds the catalogue lock exclusively. Worth opening only
            when ``work.transaction.assembly.known.unsettled`` is not empty.
    """
    known = work.transaction.assembly.known
    arrived = [found for name in sorted(known.unsettled) if (found := _arrived(work, name))]
    for found in arrived:
        if found.state is S.DISABLED:
            finish(work, found.module, DRAIN)
        else:
            rows.move(work.connection, found.module, found.state, work.transaction.at)
    if arrived:
        catalogue.bump(work.connection)
    return arrived


def _arrived(work: EngineWork, name: str) -> Settled | None:
    state = work.transaction.assembly.known.by_name[name].state
    if state is S.CATCHING_UP:
        behind = [one for one in subscriptions.of_module(work.connection, name) if one.history_end]
        return None if behind else Settled(name, S.ENABLED)
    return Settled(name, S.DISABLED) if still_waiting(work, name).at_rest else None
