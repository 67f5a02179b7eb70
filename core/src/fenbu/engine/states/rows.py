"""Writing a module's row."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from fenbu.engine.catalog.snapshot import Snapshot
from fenbu.engine.catalog.states import TABLE, ModuleState
from fenbu.engine.store.tables import module as rows


def keep(connection: Connection, snapshot: Snapshot, state: ModuleState, at: int) -> None:
    """Write that a module is on, with what was enabled; one that is on already keeps its place in the order."""
    values: dict[str, object] = {"state": state.value, "version": snapshot.version, "reason": None}
    values |= {"snapshot": snapshot.to_json()}
    known = connection.execute(select(rows.c.position).where(rows.c.name == snapshot.name)).first()
    position = known.position if known and known.position is not None else _next_position(connection)
    if known is None:
        row = {"name": snapshot.name, "position": position, "changed_at": at}
        connection.execute(rows.insert(), values | row)
    else:
        change = rows.update().where(rows.c.name == snapshot.name)
        connection.execute(change.values(**values, position=position, changed_at=at))


def move(connection: Connection, name: str, state: ModuleState, at: int, reason: str = "") -> None:
    """Write that a module is in another state; one that is no longer on loses its place in the order."""
    values: dict[str, object] = {"state": state.value, "reason": reason or None, "changed_at": at}
    if not TABLE[state].on:
        values["position"] = None
    connection.execute(rows.update().where(rows.c.name == name).values(values))


def purged(connection: Connection, name: str, at: int, reason: str) -> None:
    """Write that a module's data are gone; nothing of it is known any more but its name, version and why."""
    values = {"state": ModuleState.PURGED.value, "position": None, "snapshot": None, "reason": reason}
    connection.execute(rows.update().where(rows.c.name == name).values(**values, changed_at=at))


def restored(connection: Connection, name: str, version: str, snapshot: str, at: int, reason: str) -> None:
    """Write that a module is disabled, with what it was when it was purged."""
    values: dict[str, object] = {
        "state": ModuleState.DISABLED.value,
        "version": version,
        "snapshot": snapshot,
    }
    values |= {"position": None, "reason": reason or None, "changed_at": at}
    if connection.execute(rows.update().where(rows.c.name == name).values(values)).rowcount == 0:
        connection.execute(rows.insert(), values | {"name": name})


def _next_position(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(rows.c.position), 0) + 1)).scalar_one())
