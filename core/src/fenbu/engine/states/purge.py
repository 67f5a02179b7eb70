"""Purging: a disabled module's data go into an archive and out of the database; `unarchive` brings them back.

The archive is on the disk, read back and checked, before anything is deleted; deleting is one transaction. Whoever is
killed on the way leaves the module whole (perhaps beside an archive that nobody needs) or purged with its archive.

Purging needs no code of the module, so that it works when the package is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from sqlalchemy import func, select

from fenbu.actions import Consequence
from fenbu.contracts.module import module_in_flight
from fenbu.engine.assembly import unknown
from fenbu.engine.catalog import resolver, states
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import admin
from fenbu.engine.states import belongings, rows
from fenbu.engine.states.headers import header_of
from fenbu.engine.store import archive, catalogue
from fenbu.engine.store import purge as store
from fenbu.engine.store.tables import event
from fenbu.engine.work import EngineWork
from fenbu.i18n import _

S = ModuleState

_PUBLISHED = select(func.count()).select_from(event)


@frozen
class Purged:
    """What purging came to."""

    module: str
    archive: str
    tables: int
    rows: int
    """Of all tables, those of the kernel included."""
    size: int
    """Bytes of the archive."""
    checksum: str


def preview(work: EngineWork, name: str) -> Iterator[Consequence]:
    """Yield what purging a module would take away, what stays, and who still refers to it.

    Raises:
        Unknown: There is no module of this name.
        StateRefused: It is not disabled.
    """
    modules = _look(work)
    _purgeable(modules, name)
    for table, count in store.module_tables(work.connection, name, modules.by_name).items():
        yield Consequence(_("rows of {table} go").format(table=table), str(count))
    for table, count in belongings.count(work.connection, name).items():
        if count:
            yield Consequence(_("rows of {table} go").format(table=table), str(count))
    if dead := admin.count_dead(work.connection, module=name):
        yield Consequence(_("dead deliveries that nobody has settled go with them"), str(dead))
    published = work.connection.execute(_PUBLISHED.where(event.c.module == name)).scalar_one()
    yield Consequence(_("events that {module} has published stay").format(module=name), str(published))
    for answer in work.ask(module_in_flight, module=name):
        for one in answer:
            named = ", ".join(one.examples)
            yield Consequence(
                _("others still have {what}: {named}").format(what=one.kind, named=named), str(one.count)
            )
    for needs in _who_needs(modules, name):
        yield Consequence(needs)


def purge(work: EngineWork, name: str, path: Path) -> Purged:
    """Write a module's data to an archive and take them out of the database.

    Args:
        work: Of the kernel, in a transaction that holds the catalogue lock exclusively and may drop tables.
        name: Of a disabled module, installed or not.
        path: Where the archive shall be; nothing may be there.

    Raises:
        Unknown: There is no module of this name.
        StateRefused: It is not disabled.
        AlreadyExists, BadFile: The file exists, or cannot be written.
        NotArchivable: A table of it has a value that no archive can hold.
    """
    modules, connection = _look(work), work.connection
    module = _purgeable(modules, name)
    tables = store.module_tables(connection, name, modules.by_name)

    def sections() -> Iterator[archive.Section]:
        yield from store.contents(connection, tables)
        yield from belongings.contents(connection, name)

    dry = work.transaction.dry_run
    written = archive.write(path, header_of(work, module), sections(), keep=not dry)
    try:
        store.drop_module(connection, name, tables)
        belongings.remove(connection, name)
        reason = _("its data are in {path}").format(path=path)
        rows.purged(connection, name, work.transaction.at, reason)
        catalogue.bump(connection)
    except BaseException:
        if not dry:
            path.unlink(missing_ok=True)  # nothing was purged, and the next try may want this name
        raise
    return Purged(name, str(path), len(tables), written.total, written.size, written.checksum)


def _look(work: EngineWork) -> Modules:
    return work.transaction.assembly.catalog.read(work.connection)


def _purgeable(modules: Modules, name: str) -> Module:
    module = modules.by_name.get(name)
    if module is None:
        raise unknown(_("module"), name, modules.by_name)
    row = module.row
    if row is None or row.state is not S.DISABLED:
        state = S.DISCOVERED if row is None else row.state
        runs = module.on and row is not None and row.state is not S.DRAINING
        told = _("disable it first: fenbu disable {module}").format(module=name) if runs else module.advice
        states.require("purge", name, state, told)
    return module


def _who_needs(modules: Modules, name: str) -> Iterator[str]:
    """Yield who could not be enabled without a module, in words."""
    away = {other for other, module in modules.by_name.items() if module.row is not None and not module.on}
    needed = resolver.still_needed({name}, modules.offers, modules.on | away)
    for other, told in needed.items():
        if other != name:
            yield told
