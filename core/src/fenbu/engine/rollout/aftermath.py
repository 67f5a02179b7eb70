"""What is wrong on a copy after a rehearsal that was not before: deliveries, calls, problems, checks, modules."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from sqlalchemy import text

from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.doctor import examine
from fenbu.engine.flows import calls
from fenbu.engine.kernel import Kernel
from fenbu.engine.problems import open_problems
from fenbu.engine.rollout.rehearsal import Trouble
from fenbu.i18n import _, ngettext
from fenbu.metrics import Health

_STUCK = text("""
    SELECT s.name, d.state, count(*) AS many, min(d.error) AS error
    FROM fenbu_delivery d JOIN fenbu_subscription s ON s.id = d.subscription
    WHERE d.state = 'dead' OR (d.state = 'waiting' AND d.attempts > 0)
    GROUP BY s.name, d.state ORDER BY s.name, d.state
""")
_WORKS = frozenset(
    {
        ModuleState.DISCOVERED,
        ModuleState.ENABLED,
        ModuleState.CATCHING_UP,
        ModuleState.DISABLED,
        ModuleState.DRAINING,
        ModuleState.PURGED,
    }
)
_MOST = 10_000

Troubles = Mapping[Hashable, Trouble]


def troubles(kernel: Kernel) -> Troubles:
    """Return what is wrong now, each by what it is recognised by."""
    return dict(_found(kernel))


def _found(kernel: Kernel) -> Iterator[tuple[Hashable, Trouble]]:
    kernel.refresh()
    with kernel.database.read() as connection:
        for row in connection.execute(_STUCK):
            told = _stuck(row.state, row.many, row.error or "")
            yield (
                ("delivery", row.name, row.state, row.many),
                Trouble(kind="delivery", what=row.name, told=told),
            )
        for call in calls.dead(connection, limit=_MOST):
            what = f"{call.operation} {call.subject}"
            yield ("call", call.id), Trouble(kind="call", what=what, told=_first_line(call.error))
        for one in open_problems(connection):
            key = ("problem", one.module, one.kind, one.subject)
            told = _first_line(one.detail)
            yield (
                key,
                Trouble(kind="problem", what=f"{one.module} {one.subject}", told=told, way_out=one.hint),
            )
    for module in kernel.modules(fresh=True).by_name.values():
        if module.state not in _WORKS and module.row is not None:
            told = _("{state}: {reason}").format(state=_(module.state.value), reason=module.reason)
            trouble = Trouble(kind="module", what=module.name, told=told, way_out=module.advice)
            yield ("module", module.name, module.state), trouble
    for found in examine(kernel):
        if found.finding.health is Health.FAILED:
            trouble = Trouble(
                kind="check", what=found.check.name, told=found.finding.detail, way_out=_(found.check.repair)
            )
            yield ("check", found.check.name, found.finding.detail), trouble


def _stuck(state: str, many: int, error: str) -> str:
    if state == "dead":
        told = ngettext("{count} delivery is dead: {error}", "{count} deliveries are dead: {error}", many)
    else:
        told = ngettext("{count} delivery fails: {error}", "{count} deliveries fail: {error}", many)
    return told.format(count=many, error=_first_line(error))


def _first_line(text_: str) -> str:
    return text_.strip().partition("\n")[0]
