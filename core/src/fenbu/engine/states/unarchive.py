"""Bringing back: a purged module's data come out of their archive; it is disabled then, as it was.

The package is needed: its migrations make the tables, at the very step at which the archive was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from sqlalchemy import select

from fenbu.actions import Consequence
from fenbu.engine import problems
from fenbu.engine.catalog.errors import ArchiveUnfit
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.snapshot import migration_folder
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.states import belongings, rows
from fenbu.engine.states.headers import enterprise_of, newest_event
from fenbu.engine.store import archive, catalogue
from fenbu.engine.store import history as kernel_history
from fenbu.engine.store import purge as store
from fenbu.engine.store.archive import Header
from fenbu.engine.store.tables import event
from fenbu.engine.work import EngineWork
from fenbu.i18n import _

S = ModuleState


@frozen
class Unarchived:
    """What bringing back came to."""

    module: str
    version: str
    tables: int
    rows: int
    gathered: int
    """Events that a parked module has missed while it was away; they wait for it."""


def preview(work: EngineWork, path: Path) -> Iterator[Consequence]:
    """Yield what an archive would bring back.

    Raises:
        BadFile, ArchiveDamaged, ArchiveUnfit: As `unarchive`.
    """
    found = archive.read(path)
    _fitting(work, path, found.header)
    for table, count in found.rows.items():
        if count or table not in belongings.TABLES:
            yield Consequence(_("rows of {table} come back").format(table=table), str(count))
    newest = newest_event(work.connection)
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
    found, connection = archive.read(path), work.connection
    header = found.header
    _make_tables(work, path, header)
    known = work.transaction.assembly.catalog.read(connection)
    filled = store.module_tables(connection, header.module, known.by_name)
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
    if kept or store.module_tables(connection, header.module, modules.by_name):
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
    here, there = enterprise_of(connection), dict(header.enterprise)
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


def _named(of: Mapping[str, Any]) -> str:
    return f"{of['name']} ({of['currency']})"
