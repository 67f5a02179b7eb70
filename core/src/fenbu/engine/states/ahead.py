"""What enabling a module would bring, before it is done: tables, migrations, history to catch up with."""

from __future__ import annotations

from collections.abc import Iterator

from fenbu.engine.assembly import unknown
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.snapshot import declared
from fenbu.engine.flows.history import Missed
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.manifest import CATCH_UP, FROM_NOW


def ahead(work: EngineWork, name: str, history: str) -> Iterator[tuple[str, str]]:
    """Yield what enabling a module would bring, as text and number.

    Args:
        work: Reading or writing.
        name: Of an installed module.
        history: ``from_now`` when nothing is to be caught up with, else as declared.
    """
    modules = work.transaction.assembly.catalog.read(work.connection, look_at_all=True)
    module = modules.by_name.get(name)
    if module is None:
        raise unknown(_("module"), name, modules.by_name)
    if module.reason:
        yield module.reason, ""
    yield from _steps(module)
    if module.loaded is None or history == FROM_NOW:
        return
    missed = Missed(work.connection)
    for subscription in module.loaded.manifest.subscriptions:
        if subscription.history == CATCH_UP and (events := missed.by(subscription)) is not None:
            yield _("events that {name} would catch up with").format(name=subscription.name), str(events)


def _steps(module: Module) -> Iterator[tuple[str, str]]:
    if module.loaded is None:
        return
    stored = module.row.snapshot.migrations if module.row and module.row.snapshot else ()
    fresh = [step for step in declared(module.loaded).migrations if step not in stored]
    yield _("migrations of {module} to run").format(module=module.name), str(len(fresh))
