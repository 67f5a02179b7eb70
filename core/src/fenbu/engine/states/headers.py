"""What an archive says of its origin: the module, its enterprise, and up to which event everything had happened."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select

from fenbu.engine.catalog.modules import Module
from fenbu.engine.store import history as kernel_history
from fenbu.engine.store.archive import Header
from fenbu.engine.store.tables import enterprise, event
from fenbu.engine.store.tables import module as module_table
from fenbu.engine.work import EngineWork

_ENTERPRISE = select(enterprise.c.name, enterprise.c.currency, enterprise.c.created_at)
_NEWEST = select(event.c.seq, event.c.id).order_by(event.c.seq.desc()).limit(1)


def header_of(work: EngineWork, module: Module) -> Header:
    """Return the header of an archive of a module that is disabled, written now."""
    from fenbu.engine.store.migrations import current

    row, connection = module.row, work.connection
    assert row is not None
    stored = select(module_table.c.snapshot).where(module_table.c.name == module.name)
    newest = newest_event(connection)
    return Header(
        module=module.name,
        version=row.version,
        distribution=module.distribution,
        revision=current(connection, module.name) or "",
        kernel=kernel_history.newest(),
        dialect=connection.dialect.name,
        enterprise=enterprise_of(connection),
        event=newest.seq if newest else 0,
        event_id=newest.id if newest else "",
        at=work.transaction.at,
        how=row.reason,
        snapshot=json.loads(connection.execute(stored).scalar() or "{}"),
    )


def enterprise_of(connection: Connection) -> dict[str, Any]:
    """Return what tells one enterprise from another: name, currency and moment of founding."""
    return {str(name): value for name, value in connection.execute(_ENTERPRISE).one()._mapping.items()}


def newest_event(connection: Connection) -> Any:
    """Return number and id (``seq``, ``id``) of the newest event; None before the first."""
    return connection.execute(_NEWEST).first()
