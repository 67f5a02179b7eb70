"""Disabling: what waits is shown first, then finished (drain), kept for later (park) or given up (waive).

Every row stays. A module whose package is gone or whose code raises is disabled from its snapshot; only what
must be finished by its own code cannot be drained then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from sqlalchemy import Connection, func, select, text

from fenbu.contracts.module import InFlight, ModuleDisabled, module_in_flight
from fenbu.engine.assembly import unknown
from fenbu.engine.catalog import resolver, states
from fenbu.engine.catalog.errors import CannotDrain, StillNeeded
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import subscriptions
from fenbu.engine.flows.subscriptions import DRAIN, PARK, WAIVE
from fenbu.engine.states import rows
from fenbu.engine.store import catalogue
from fenbu.engine.store.tables import OPEN_CALLS, call
from fenbu.engine.work import EngineWork
from fenbu.i18n import _

WAYS = (DRAIN, PARK, WAIVE)

_DELIVERIES = text(
    "SELECT s.name, d.state, count(*) AS n FROM fenbu_delivery d "
    "JOIN fenbu_subscription s ON s.id = d.subscription WHERE s.module = :module "
    "GROUP BY s.name, d.state ORDER BY s.name, d.state"
)

S = ModuleState


@frozen(kw_only=True)
class Waiting:
    """What waits for a module or is held by it: what disabling it would mean."""

    module: str
    in_flight: tuple[InFlight, ...] = ()
    """Unfinished business, as the modules that run tell it."""
    silent: tuple[str, ...] = ()
    """Modules that raised when they were asked: their answer is missing."""
    deliveries: Mapping[str, Mapping[str, int]]
    """Subscription to the state of its deliveries to how many."""
    unread: int = 0
    """Events of the log still to be read by subscriptions that catch up."""
    calls: int = 0
    """Calls to the outside that are not over."""
    needed_by: Mapping[str, str]
    """Modules that need this one, to what they need, in words."""

    @property
    def waiting(self) -> int:
        """How many deliveries, events to catch up with and calls are still to do (held and dead ones stay)."""
        return sum(states.get("waiting", 0) for states in self.deliveries.values()) + self.unread + self.calls

    @property
    def at_rest(self) -> bool:
        """Nothing is left to be finished."""
        return not self.waiting and not any(one.count for one in self.in_flight)


@frozen
class Disabled:
    """What disabling came to."""

    disabled: tuple[str, ...] = ()
    draining: tuple[str, ...] = ()
    """Still on: they finish what waits, then a worker disables them."""
    already: tuple[str, ...] = ()
    waived: int = 0
    """Deliveries given up."""


def preview(work: EngineWork, names: Sequence[str]) -> list[Waiting]:
    """Say what disabling these modules would mean, one answer a module, in their order."""
    modules = _look(work, names)
    return [_waiting(work, modules, name, names) for name in names]


def disable(work: EngineWork, names: Sequence[str], how: str, *, reason: str = "") -> Disabled:
    """Let modules take part no longer, all of them or none.

    Args:
        work: Of the kernel, in a transaction that holds the catalogue lock exclusively.
        names: Modules in any order; those that are off already are passed over.
        how: ``drain``, ``park`` or ``waive``.
        reason: Of a waiver; kept with each delivery.

    Raises:
        Unknown: There is no module of this name.
        StateRefused: It was never enabled.
        StillNeeded: Others that stay need it.
        CannotDrain: Its code cannot run, so it cannot finish what waits.
    """
    if how not in WAYS:
        raise ValueError(f"how is one of {', '.join(WAYS)}, got {how!r}")
    modules = _look(work, names)
    chosen = [modules.by_name[name] for name in dict.fromkeys(names)]
    for module in chosen:
        if module.row is None or (not module.on and module.row.state is not S.DISABLED):
            states.require("disable", module.name, S.DISCOVERED, module.advice)
    going = [module for module in chosen if module.on]
    if needed := resolver.still_needed([one.name for one in going], modules.offers, modules.on):
        raise StillNeeded(needed)
    going.sort(key=Module.place, reverse=True)
    disabled, draining, waived = [], [], 0
    for module in going:
        if how == DRAIN and not _rests(work, modules, module, names):
            # Its hooks are still not asked when it was catching up: the reason keeps that.
            behind = S.CATCHING_UP.value if module.name in modules.catching_up else ""
            rows.move(work.connection, module.name, S.DRAINING, work.transaction.at, behind)
            draining.append(module.name)
            continue
        waived += finish(work, module.name, how, reason=reason)
        disabled.append(module.name)
    if going:
        catalogue.bump(work.connection)
    already = tuple(module.name for module in chosen if not module.on)
    return Disabled(tuple(disabled), tuple(draining), already, waived)


def finish(work: EngineWork, name: str, how: str, *, reason: str = "") -> int:
    """Stop a module's subscriptions and write that it is off; returns how many deliveries were waived."""
    at = work.transaction.at
    waived = subscriptions.disable(work.connection, name, how, at=at, reason=reason)
    rows.move(work.connection, name, S.DISABLED, at, how)
    work.publish(ModuleDisabled(module=name, how=how))
    return waived


def still_waiting(work: EngineWork, name: str) -> Waiting:
    """Say what a module that drains has still to finish."""
    return _waiting(work, work.transaction.assembly.known, name, (name,))


def _look(work: EngineWork, names: Sequence[str]) -> Modules:
    modules = work.transaction.assembly.catalog.read(work.connection)
    for name in names:
        if name not in modules.by_name:
            raise unknown(_("module"), name, modules.by_name)
    return modules


def _rests(work: EngineWork, modules: Modules, module: Module, names: Sequence[str]) -> bool:
    found = _waiting(work, modules, module.name, names)
    if found.waiting and not module.runs:
        raise CannotDrain(module.name, module.state.value, found.waiting)
    # Business that only the module itself could finish ends when it cannot run: what is left is shown, not awaited.
    return found.at_rest or not module.runs


def _waiting(work: EngineWork, modules: Modules, name: str, going: Sequence[str]) -> Waiting:
    noted = len(work.transaction.problems)
    answers = work.ask(module_in_flight, module=name)
    silent = [one.module for one in work.transaction.problems[noted:] if one.subject == module_in_flight.name]
    known = subscriptions.of_module(work.connection, name)
    return Waiting(
        module=name,
        in_flight=tuple(one for answer in answers for one in answer),
        silent=tuple(silent),
        deliveries=_deliveries(work.connection, name),
        unread=sum(max(0, one.history_end - one.history_position) for one in known if one.history_end),
        calls=_calls(work.connection, name),
        needed_by=resolver.still_needed({name, *going}, modules.offers, modules.on),
    )


def _deliveries(connection: Connection, module: str) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for row in connection.execute(_DELIVERIES, {"module": module}):
        counted.setdefault(row.name, {})[row.state] = row.n
    return counted


def _calls(connection: Connection, module: str) -> int:
    wanted = select(func.count()).where(call.c.module == module, call.c.state.in_(OPEN_CALLS))
    return int(connection.execute(wanted).scalar_one())
