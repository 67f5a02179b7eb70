"""Tables: named after the module, strict, exact, and joined to nobody else's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Index,
    Interval,
    Numeric,
    Table,
    Time,
    inspect,
)

from fenbu.engine.catalog.snapshot import migration_folder
from fenbu.engine.store import migrations
from fenbu.engine.store.errors import MigrationFailed
from fenbu.testing.conformance.faults import Fault
from fenbu.testing.conformance.subject import Subject

_INSTEAD: tuple[tuple[Any, str], ...] = (
    (Numeric, "SQLite keeps it as a float; use fenbu.columns.money, quantity, price or rate"),
    (Float, "it is not exact; use fenbu.columns.money, quantity, price or rate"),
    (DateTime, "it loses its zone; use fenbu.columns.moment"),
    (Interval, "keep the number of seconds or days in fenbu.columns.whole"),
    (Time, "it has no day and no zone; use fenbu.columns.moment, or text"),
    (Date, "use fenbu.columns.day, which both databases keep alike"),
    (Boolean, "use fenbu.columns.flag, which both databases compare alike"),
)


def tables_are_sound(subject: Subject) -> Iterator[Fault]:
    """Yield tables and columns that break a rule of the store."""
    for table in subject.metadata.tables.values() if subject.metadata is not None else ():
        if not table.name.startswith(f"{subject.name}_"):
            yield Fault(table.name, "is not called after its module", f"call it {subject.name}_{table.name}")
        if not table.dialect_options["sqlite"].get("strict"):
            yield Fault(
                table.name,
                "is not STRICT on SQLite, so a column would take any type",
                "end its __table_args__ with fenbu.tables.STRICT (the base has it)",
            )
        if not table.primary_key.columns:
            yield Fault(
                table.name, "has no primary key", "give a column key=True, as columns.serial(key=True)"
            )
        yield from _columns(table)
        yield from _foreign_keys(subject, table)


def history_is_sound(subject: Subject, connection: Connection) -> Iterator[Fault]:
    """Yield what the migrations leave different from the tables, and steps that neither go back nor say why.

    Args:
        subject: The module.
        connection: Of a database without the module's tables, from `Database.migrate`.
    """
    if (folder := migration_folder(subject.manifest)) is None:
        return
    try:
        steps = migrations.pending(connection, subject.name, folder)
        migrations.upgrade(connection, subject.name, folder)
    except MigrationFailed as error:
        yield Fault(f"migration {error.revision}", error.reason, "mend the script; nothing of it was kept")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLite cannot tell what an index over an expression is
        differences = migrations.differences(connection, subject.metadata, subject.name)
    for difference in _real(differences):
        yield Fault(
            "migrations",
            f"leave this to be done: {_plain(difference)}",
            "write it into a new revision, or into the first while nobody has it yet; or take it from the tables",
        )
    yield from _checks(subject, connection)
    yield from _goes_back(subject, connection, folder, {step.revision: step.irreversible for step in steps})


def _checks(subject: Subject, connection: Connection) -> Iterator[Fault]:
    """Yield CHECKs that only one side has, or that say other things: Alembic does not look at them."""
    there = inspect(connection)
    for table in subject.metadata.sorted_tables if subject.metadata is not None else ():
        if not there.has_table(table.name):
            continue  # told as a difference
        declared = {
            _named(one, connection): str(one.sqltext)
            for one in table.constraints
            if isinstance(one, CheckConstraint)
        }
        made = {str(one["name"]): one["sqltext"] for one in there.get_check_constraints(table.name)}
        for name in sorted(declared.keys() | made.keys()):
            if name not in made or name not in declared:
                where = "the tables" if name in declared else "the migrations"
                yield Fault(table.name, f"only {where} have the CHECK {name}", "write it on both sides")
            elif connection.dialect.name == "sqlite" and _said(declared[name]) != _said(made[name]):
                yield Fault(
                    table.name,
                    f"the CHECK {name} is {declared[name]!r} in the tables and {made[name]!r} in the migrations",
                    "say the same on both sides; a change of it is a revision of its own",
                )


def _named(constraint: CheckConstraint, connection: Connection) -> str:
    """Return a constraint's name as the database knows it, by the naming convention."""
    return str(connection.dialect.identifier_preparer.format_constraint(constraint)).strip('"')


def _said(condition: str) -> str:
    """Return a condition as it is to be compared: the words that a column knows in any order."""
    words = sorted(re.findall(r"'[^']*'", condition))
    return " ".join([re.sub(r"\s+", "", re.sub(r"'[^']*'", "", condition)).rstrip(","), *words])


def _goes_back(
    subject: Subject, connection: Connection, folder: Path, irreversible: Mapping[str, str]
) -> Iterator[Fault]:
    try:
        migrations.downgrade(connection, subject.name, folder)
    except MigrationFailed as error:
        if not irreversible.get(error.revision):
            yield Fault(
                f"migration {error.revision}",
                f"cannot be undone: {error.reason}",
                'write its downgrade, or say irreversible = "why" in the script',
            )
        return
    prefix = f"{subject.name}_"
    if left := [name for name in inspect(connection).get_table_names() if name.startswith(prefix)]:
        yield Fault(
            "migrations", f"downgrade leaves {', '.join(sorted(left))}", "drop what the step has made"
        )
        return
    try:
        migrations.upgrade(connection, subject.name, folder)
    except MigrationFailed as error:
        yield Fault(
            f"migration {error.revision}",
            f"does not run again: {error.reason}",
            "let downgrade undo all of it",
        )


def _real(differences: Sequence[Any]) -> list[Any]:
    """Leave out indexes over expressions that are there by name: the database writes expressions its own way."""
    indexes: dict[str, set[str]] = {"add_index": set(), "remove_index": set()}
    for verb, *parts in (one for one in differences if not isinstance(one, list)):
        if verb in indexes:
            indexes[verb].add(parts[0].name)
    rewritten = indexes["add_index"] & indexes["remove_index"]
    return [
        one
        for one in differences
        if isinstance(one, list)
        or one[0] not in indexes
        or one[1].name not in rewritten
        or _over_columns(one[1])
    ]


def _over_columns(index: Index) -> bool:
    return (
        all(isinstance(expression, Column) for expression in index.expressions) and not index.dialect_kwargs
    )


def _columns(table: Table) -> Iterator[Fault]:
    for column in table.columns:
        for kind, instead in _INSTEAD:
            if isinstance(column.type, kind):
                yield Fault(f"{table.name}.{column.name}", f"is {column.type!r}", instead)
                break


def _foreign_keys(subject: Subject, table: Table) -> Iterator[Fault]:
    for key in table.foreign_keys:
        where = f"{table.name}.{key.parent.name}"
        if key.ondelete and key.ondelete.upper() == "CASCADE":
            yield Fault(
                where,
                "is ON DELETE CASCADE: rebuilding a table on SQLite would delete its rows",
                "delete by hand",
            )
        target = key.target_fullname.partition(".")[0]
        if not target.startswith(f"{subject.name}_"):
            yield Fault(
                where,
                f"points at {target} of another module",
                "keep the number as text, and ask its owner by hook",
            )


def _plain(difference: Any) -> str:
    """Say an entry of Alembic's list in words."""
    if isinstance(difference, list):
        return "; ".join(map(_plain, difference))
    verb, *parts = difference
    names = [str(getattr(part, "fullname", None) or getattr(part, "name", None) or part) for part in parts]
    return " ".join([verb.replace("_", " "), *(name for name in names if name not in ("None", "{}"))])
