"""What is wrong on a copy after a rehearsal that was not before: deliveries, calls, problems, checks, modules."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from sqlalchemy import text

from fenbu.engine import readings
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import calls
from fenbu.engine.kernel import Kernel
from fenbu.engine.problems import open_problems
from fenbu.engine.readings import NotMeasured
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
    yield from _checks(kernel)


def _checks(kernel: Kernel) -> Iterator[tuple[Hashable, Trouble]]:
    with kernel.read() as work:
        for name, check in work.transaction.assembly.checks.items():
            try:
                found = readings.answer(work, name, check.run)
            except NotMeasured:
                continue  # nobody can say, which a problem of its module tells
            if found.health is Health.FAILED:
                told = Trouble(kind="check", what=name, told=found.detail, way_out=_(check.repair))
                yield ("check", name, found.detail), told


def _stuck(state: str, many: int, error: str) -> str:
    if state == "dead":
        told = ngettext("{count} delivery is dead: {error}", "{count} deliveries are dead: {error}", many)
    else:
        told = ngettext("{count} delivery fails: {error}", "{count} deliveries fail: {error}", many)
    return told.format(count=many, error=_first_line(error))


def _first_line(text_: str) -> str:
    return text_.strip().partition("\n")[0]
