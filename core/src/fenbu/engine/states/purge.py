"""Purging: a disabled module's data go into an archive and out of the database; and come back from it.

The archive is on the disk, read back and checked, before anything is deleted; deleting is one transaction. Whoever is
killed on the way leaves the module whole (perhaps beside an archive that nobody needs) or purged with its archive.

Purging needs no code of the module, so that it works when the package is gone. Bringing back needs the package: its
migrations make the tables, at the very step at which the archive was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, func, select

from fenbu.actions import Consequence
from fenbu.contracts.module import module_in_flight
from fenbu.engine import problems
from fenbu.engine.assembly import unknown
from fenbu.engine.catalog import resolver, states
from fenbu.engine.catalog.errors import ArchiveUnfit
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.snapshot import migration_folder
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import admin
from fenbu.engine.states import belongings, rows
from fenbu.engine.store import archive, catalogue
from fenbu.engine.store import history as kernel_history
from fenbu.engine.store.archive import Header
from fenbu.engine.store.tables import enterprise, event
from fenbu.engine.store.tables import module as module_table
from fenbu.engine.work import EngineWork
from fenbu.i18n import _

S = ModuleState

_ENTERPRISE = select(enterprise.c.name, enterprise.c.currency, enterprise.c.created_at)
_NEWEST = select(event.c.seq, event.c.id).order_by(event.c.seq.desc()).limit(1)
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


@frozen
class Unarchived:
    """What bringing back came to."""

    module: str
    version: str
    tables: int
    rows: int
    gathered: int
    """Events that a parked module has missed while it was away; they wait for it."""


# --- away -----------------------------------------------------------------------------------------------


def preview(work: EngineWork, name: str) -> Iterator[Consequence]:
    """Yield what purging a module would take away, what stays, and who still refers to it.

    Raises:
        Unknown: There is no module of this name.
        StateRefused: It is not disabled.
    """
    modules = _look(work)
    _purgeable(modules, name)
    for table, count in _tables(work.connection, modules, name).items():
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
    from fenbu.engine.store import purge as store

    modules, connection = _look(work), work.connection
    module = _purgeable(modules, name)
    tables = _tables(connection, modules, name)

    def sections() -> Iterator[archive.Section]:
        yield from store.contents(connection, tables)
        yield from belongings.contents(connection, name)

    dry = work.transaction.dry_run
    written = archive.write(path, _header(work, module), sections(), keep=not dry)
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


# --- back -----------------------------------------------------------------------------------------------


def preview_back(work: EngineWork, path: Path) -> Iterator[Consequence]:
    """Yield what an archive would bring back.

    Raises:
        BadFile, ArchiveDamaged, ArchiveUnfit: As `unarchive`.
    """
    found = archive.read(path)
    _fitting(work, path, found.header)
    for table, count in found.rows.items():
        if count or table not in belongings.TABLES:
            yield Consequence(_("rows of {table} come back").format(table=table), str(count))
    newest = work.connection.execute(_NEWEST).first()
    missed = (newest.seq if newest else 0) - found.header.event
    told = _("events since {module} was purged; enabled, it reads what it needs of them")
    yield Consequence(told.format(module=found.header.module), str(missed))


def unarchive(work: EngineWork, path: Path) -> Unarchived:
    """Bring a purged module's data back from its archive; it is disabled then, as it was.

    Args:
        work: As for `purge`.
        path: Of the archive.

    Raises:
        BadFile: There is no such file, or it is no archive.
        ArchiveDamaged: It is cut off or was changed.
        ArchiveUnfit: Of another enterprise, database or version; the module's package is not there; it has data.
    """
    from fenbu.engine.store import purge as store

    found, connection = archive.read(path), work.connection
    header = found.header
    _make_tables(work, path, header)
    filled = _tables(connection, _look(work), header.module)
    own = {table for table in found.rows if table not in belongings.TABLES}
    if own != filled.keys():
        differing = ", ".join(sorted(own ^ filled.keys()))
        raise _unfit(
            path,
            header,
            _("its tables are not those of the code that is installed ({tables})").format(tables=differing),
        )
    restoring, back = belongings.Restoring(connection), dict[str, int]()
    with store.being_filled(connection, filled):
        for section in archive.sections(path):
            here = section.table in belongings.TABLES
            back[section.table] = restoring.fill(section) if here else store.fill(connection, section)
    if back != dict(found.rows):
        raise RuntimeError(f"{path} has {found.rows}, and {back} came back")
    gathered = belongings.gather(connection, header.module, header.event, work.transaction.at)
    rows.restored(
        connection,
        header.module,
        header.version,
        json.dumps(header.snapshot, ensure_ascii=False),
        work.transaction.at,
        header.how,
    )
    problems.clear(connection, header.module)
    catalogue.bump(connection)
    return Unarchived(header.module, header.version, len(own), found.total, gathered)


def _make_tables(work: EngineWork, path: Path, header: Header) -> None:
    """Let the module's own history make its tables, up to the step at which the archive was written."""
    module = _fitting(work, path, header)
    folder = migration_folder(module.loaded.manifest) if module.loaded else None
    if folder is None or not header.revision:
        return
    from fenbu.engine.store import migrations

    migrations.upgrade(work.connection, header.module, folder, header.revision)


# --- what fits ------------------------------------------------------------------------------------------


def _fitting(work: EngineWork, path: Path, header: Header) -> Module:
    """Return the module that an archive is of, when it can be brought back here and now."""
    connection = work.connection
    _same_enterprise(work, path, header)
    modules = work.transaction.assembly.catalog.read(connection, look_at_all=True, fresh=True)
    module = modules.by_name.get(header.module)
    kept = module is not None and module.row is not None and module.row.state is not S.PURGED
    if kept or _tables(connection, modules, header.module):
        state = _(module.state.value) if module else ""
        told = _("{module} has data here (it is {state})").format(module=header.module, state=state)
        raise _unfit(path, header, told, _("purge it first, into an archive of its own"))
    package = f"{header.distribution} {header.version}"
    if module is None or not module.version:
        told = _("its package is not installed, and its tables are made by it")
        raise _unfit(path, header, told, _("install {package}, then try again").format(package=package))
    if module.loaded is None:
        raise _unfit(path, header, module.reason, module.advice)
    known = _revisions(module)
    if header.revision and header.revision not in known:
        told = _(
            "the archive is of version {archived}, and {installed} is installed, which does not know its tables"
        )
        raise _unfit(
            path,
            header,
            told.format(archived=header.version, installed=module.version),
            _("install {package} or newer").format(package=package),
        )
    return module


def _same_enterprise(work: EngineWork, path: Path, header: Header) -> None:
    """Refuse an archive of another enterprise or database, or of a log that has never been this one's."""
    connection = work.connection
    here, there = _enterprise(connection), dict(header.enterprise)
    if here != there:
        told = _("it is of {there}, and this is {here}").format(there=_named(there), here=_named(here))
        raise _unfit(path, header, told, _("name the enterprise that it is of: fenbu --database"))
    if header.dialect != connection.dialect.name:
        told = _("it was written on {there}, and this database is on {here}")
        raise _unfit(path, header, told.format(there=header.dialect, here=connection.dialect.name))
    if header.kernel > kernel_history.newest():
        told = _("it was written by a newer fenbu (its own tables at step {step})").format(step=header.kernel)
        raise _unfit(path, header, told, _("install the newer fenbu"))
    same = select(event.c.id).where(event.c.seq == header.event)
    if header.event and connection.execute(same).scalar() != header.event_id:
        told = _(
            "this database does not know what had happened when it was written: "
            "it is an older copy, or went another way"
        )
        raise _unfit(
            path, header, told, _("use the database in which the module was purged, or a later backup of it")
        )


def _revisions(module: Module) -> frozenset[str]:
    """Return the steps of a module's history that its installed code knows."""
    from alembic.script import ScriptDirectory

    folder = migration_folder(module.loaded.manifest) if module.loaded else None
    if folder is None:
        return frozenset()
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    return frozenset(script.revision for script in scripts.walk_revisions())


def _unfit(path: Path, header: Header, problem: str, way_out: str = "") -> ArchiveUnfit:
    return ArchiveUnfit(str(path), header.module, problem, way_out)


def _enterprise(connection: Connection) -> dict[str, Any]:
    return {str(name): value for name, value in connection.execute(_ENTERPRISE).one()._mapping.items()}


def _named(of: Mapping[str, Any]) -> str:
    return f"{of['name']} ({of['currency']})"


# --- what is known --------------------------------------------------------------------------------------


def _look(work: EngineWork) -> Modules:
    return work.transaction.assembly.catalog.read(work.connection)


def _purgeable(modules: Modules, name: str) -> Module:
    module = modules.by_name.get(name)
    if module is None:
        raise unknown("module", name, modules.by_name)
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


def _tables(connection: Connection, modules: Modules, name: str) -> dict[str, int]:
    from fenbu.engine.store.purge import module_tables

    return module_tables(connection, name, modules.by_name)


def _header(work: EngineWork, module: Module) -> Header:
    from fenbu.engine.store.migrations import current

    row, connection = module.row, work.connection
    assert row is not None
    stored = select(module_table.c.snapshot).where(module_table.c.name == module.name)
    snapshot = json.loads(connection.execute(stored).scalar() or "{}")
    newest = connection.execute(_NEWEST).first()
    return Header(
        module=module.name,
        version=row.version,
        distribution=module.distribution,
        revision=current(connection, module.name) or "",
        kernel=kernel_history.newest(),
        dialect=connection.dialect.name,
        enterprise=_enterprise(connection),
        event=newest.seq if newest else 0,
        event_id=newest.id if newest else "",
        at=work.transaction.at,
        how=row.reason,
        snapshot=snapshot,
    )
