"""Runs a module's Alembic history inside a transaction that somebody else has opened.

Each module has a folder of ordinary revision files and a version table of its own,
``fenbu_version_<module>``, so that a module whose scripts are gone breaks nobody else's commands.
There is no Alembic configuration and no environment script: enabling a module is one transaction, tables
and rows together, and it commits or rolls back as one (`Database.migrate` opens it).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from alembic.util.exc import CommandError
from attrs import frozen
from sqlalchemy import Connection, MetaData, inspect

from fenbu.engine.store.errors import MigrationFailed
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.store.triggers import keeping_triggers
from fenbu.engine.store.versions import VERSION_TABLES, version_table
from fenbu.i18n import _

_one_at_a_time = threading.RLock()
"""Alembic's `op` is one for the process."""


@frozen
class Step:
    """One migration of a module's history."""

    revision: str
    title: str
    unsafe: str
    """Why it must not run beside daily work; empty when it may."""
    irreversible: str
    """Why it cannot be undone; empty when it can."""


def current(connection: Connection, module: str) -> str | None:
    """Return the revision at which a module's tables are, None before the first."""
    return _context(connection, module).get_current_revision()


def head(folder: Path) -> str | None:
    """Return the newest revision of a history; None when the folder has none."""
    return _scripts(folder).get_current_head()


def pending(connection: Connection, module: str, folder: Path) -> tuple[Step, ...]:
    """Return the steps that `upgrade` would run, in order."""
    scripts = _scripts(folder)
    at = current(connection, module)
    newest = scripts.get_current_head()
    if newest is None or at == newest:
        return ()
    with _telling(module, newest):
        walked = list(scripts.walk_revisions(at or "base", newest))
    return tuple(_step(script) for script in reversed(walked) if script.revision != at)


def upgrade(connection: Connection, module: str, folder: Path, target: str = "head") -> tuple[str, ...]:
    """Bring a module's tables up to a revision, inside the caller's transaction.

    Args:
        connection: From `Database.migrate`; the caller commits.
        module: Its tables begin with this name.
        folder: Of the revision files.
        target: A revision, or ``head``.

    Returns:
        The revisions that ran, in order; empty when there was nothing to do.

    Raises:
        MigrationFailed: A script raised, or made or dropped a table of somebody else. The caller rolls back.
    """
    scripts = _scripts(folder)

    def steps(at: str, _context: MigrationContext) -> Sequence[Any]:
        return scripts._upgrade_revs(target, at)

    return _run(connection, module, steps)


def downgrade(connection: Connection, module: str, folder: Path, target: str = "base") -> tuple[str, ...]:
    """Take a module's tables back to a revision, or away (``base``); otherwise as `upgrade`.

    Raises:
        MigrationFailed: Also when a step says that it is irreversible.
    """
    scripts = _scripts(folder)
    at = current(connection, module)
    for script in scripts.walk_revisions(target, at or "base") if at else ():
        if script.revision != target and (why := _step(script).irreversible):
            raise MigrationFailed(module, script.revision, _("it cannot be undone: {why}").format(why=why))

    def steps(at: str, _context: MigrationContext) -> Sequence[Any]:
        return scripts._downgrade_revs(target, at)

    return _run(connection, module, steps)


def differences(connection: Connection, metadata: MetaData, module: str) -> list[Any]:
    """Return what Alembic would still have to change to make the database what the tables declare.

    Empty when migrations and declarations agree. Only the module's own tables are looked at; CHECK
    constraints and triggers are not compared by Alembic.
    """
    prefix = f"{module}_"
    own_version = version_table(module)

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        if kind != "table" or name is None:
            return True
        return name.startswith(prefix) and not name.startswith(VERSION_TABLES)

    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": own_version,
            "include_name": ours,
            "compare_type": _types_differ,
            "target_metadata": metadata,
        },
    )
    return list(compare_metadata(context, metadata))


def _types_differ(
    context: MigrationContext, _inspected: object, _declared: object, inspected_type: Any, declared_type: Any
) -> bool | None:
    """SQLite's STRICT tables know five types: what both sides call INTEGER or TEXT there is the same."""
    if context.dialect.name != "sqlite":
        return None
    compile_type = context.dialect.type_compiler_instance.process
    return bool(compile_type(inspected_type) != compile_type(declared_type))


def _run(
    connection: Connection, module: str, steps: Callable[[str, MigrationContext], Sequence[Any]]
) -> tuple[str, ...]:
    ran: list[str] = []
    running = ["?"]

    def noted(at: Any, context: MigrationContext) -> Iterator[MigrationStep]:
        for step in steps(at, context):
            running[0] = step.revision.revision
            with keeping_triggers(connection):
                yield step
            ran.append(running[0])

    before = _tables(connection)
    context = _context(connection, module, fn=noted)
    with _one_at_a_time, _telling(module, running), Operations.context(context):
        context.run_migrations()
    _refuse_foreign_tables(module, running[0], before ^ _tables(connection))
    if ran:
        _refuse_loose_tables(connection, module, running[0])
    return tuple(ran)


def _refuse_foreign_tables(module: str, revision: str, touched: Collection[str]) -> None:
    foreign = sorted(t for t in touched if not t.startswith(f"{module}_") and t != version_table(module))
    if foreign:
        reason = _("it makes or drops {tables}; a module's tables begin with {prefix}").format(
            tables=", ".join(foreign), prefix=f"{module}_"
        )
        raise MigrationFailed(module, revision, reason)


def _refuse_loose_tables(connection: Connection, module: str, revision: str) -> None:
    """SQLite only: without STRICT a column takes any type, and money could come back as a float."""
    if connection.dialect.name != "sqlite":
        return
    listed = connection.exec_driver_sql(
        "SELECT name FROM pragma_table_list WHERE strict = 0 AND type = 'table'"
    )
    if loose := [n for n in listed.scalars() if n.startswith(f"{module}_") and n != version_table(module)]:
        reason = _("{tables} would take any type; create it with sqlite_strict=True").format(
            tables=", ".join(sorted(loose))
        )
        raise MigrationFailed(module, revision, reason)


@contextmanager
def _telling(module: str, revision: str | list[str]) -> Iterator[None]:
    """Turn whatever a script raises into `MigrationFailed`; failures of the machine pass as they are."""
    try:
        yield
    except MigrationFailed:
        raise
    except (Exception, CommandError) as error:
        if infrastructure(error):
            raise
        at = revision if isinstance(revision, str) else revision[0]
        cause = getattr(error, "orig", None) or error  # the driver's words, without SQL and parameters
        reason = next(iter(str(cause).strip().splitlines()), "")
        raise MigrationFailed(module, at, f"{type(cause).__name__}: {reason}") from error


def _context(connection: Connection, module: str, fn: Callable[..., Any] | None = None) -> MigrationContext:
    opts: dict[str, Any] = {"version_table": version_table(module), "version_table_pk": True}
    if fn is not None:
        opts["fn"] = fn
    return MigrationContext.configure(connection, opts=opts)


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(str(folder), version_locations=[str(folder)])


def _step(script: Script) -> Step:
    return Step(
        revision=script.revision,
        title=script.doc or script.revision,
        unsafe=str(getattr(script.module, "unsafe", "")),
        irreversible=str(getattr(script.module, "irreversible", "")),
    )


def _tables(connection: Connection) -> frozenset[str]:
    return frozenset(inspect(connection).get_table_names())
