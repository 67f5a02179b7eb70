"""A module's code may write its own tables only.

Every statement passes one function (`watch_statements`), which counts it and, while a module's code is
running (`owner`), looks at which tables it writes. The answer for a text is worked out once and remembered,
so a statement costs one look-up. It finds mistakes and convenient short cuts; it is not a wall against
an attacker, who has the whole Python process.

A table belongs to the module whose name it begins with: ``erp_order`` to ``erp``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import TracebackType
from typing import Any

from attrs import define
from sqlalchemy import Connection, Engine

from fenbu.engine.store.dialects import raw
from fenbu.engine.store.errors import ForeignTable
from fenbu.i18n import _


@define
class Statistics:
    """What was asked of a database since it was opened, by this process.

    Statements are those sent through SQLAlchemy; beginnings, ends, savepoints and the clock are not among them.
    Commits and rollbacks are of transactions that may write.
    """

    statements: int = 0
    commits: int = 0
    rollbacks: int = 0

    def copy(self) -> Statistics:
        """Return the figures of this moment, to subtract from later ones."""
        return Statistics(self.statements, self.commits, self.rollbacks)

    def since(self, earlier: Statistics) -> Statistics:
        """Return what was added since `earlier`."""
        return Statistics(
            self.statements - earlier.statements,
            self.commits - earlier.commits,
            self.rollbacks - earlier.rollbacks,
        )


class owner:  # noqa: N801  (used as a function in a with statement)
    """While the body runs, statements of this connection are the named module's.

    Args:
        connection: Of a transaction in progress.
        module: Its name; None for the kernel, which may write anything.
        read_only: Refuse every write, as in the hooks that only answer.

    Nested uses restore what was before. Raised by a statement in the body: `ForeignTable`.
    """

    __slots__ = ("_before", "_driver", "_who")

    def __init__(self, connection: Connection, module: str | None, *, read_only: bool = False) -> None:
        self._driver = raw(connection)
        self._who = None if module is None else (module, read_only)

    def __enter__(self) -> None:
        self._before = self._driver.fenbu_owner
        self._driver.fenbu_owner = self._who

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.fenbu_owner = self._before


def watch_statements(engine: Engine, statistics: Statistics) -> None:
    """Count every statement of an engine and hold each to its owner's tables."""

    def execute(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ARG001
        statistics.statements += 1
        who = cursor.connection.fenbu_owner
        if who is not None:
            _check(who, statement)
        cursor.execute(statement, parameters)

    def execute_many(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ARG001
        statistics.statements += 1
        who = cursor.connection.fenbu_owner
        if who is not None:
            _check(who, statement)
        cursor.executemany(statement, parameters)

    def execute_plain(cursor: Any, statement: str, context: Any = None) -> None:  # noqa: ARG001
        statistics.statements += 1
        who = cursor.connection.fenbu_owner
        if who is not None:
            _check(who, statement)
        cursor.execute(statement)  # without parameters % is a character like any other

    # In place of the dialect's own three one-liners: an event listener costs 1-2 µs a statement, this 0.3.
    engine.dialect.do_execute = execute  # type: ignore[method-assign]
    engine.dialect.do_executemany = execute_many  # type: ignore[method-assign]
    engine.dialect.do_execute_no_params = execute_plain  # type: ignore[method-assign]


def _check(who: tuple[str, bool], statement: str) -> None:
    if refused := _refused(who, statement):
        raise ForeignTable(who[0], refused)


@lru_cache(1024)
def _refused(who: tuple[str, bool], statement: str) -> str:
    """Return what of this statement is not the module's to do; empty when nothing."""
    module, read_only = who
    tables = written_tables(statement)
    if tables is None:
        return _("the statement {verb} …").format(verb=statement.split(None, 1)[0].upper())
    prefix = f"{module}_"
    foreign = tables if read_only else {table for table in tables if not table.startswith(prefix)}
    return ", ".join(sorted(foreign))


_NOISE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_VERB = re.compile(r"\s*\(*\s*(\w+)")
_NAME = r'(?:ONLY\s+)?((?:"[^"]+"|\w+)(?:\s*\.\s*(?:"[^"]+"|\w+))?)'
_WRITE = re.compile(
    rf"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|DELETE\s+FROM|MERGE\s+INTO"
    rf"|(?<!DO\s)(?<!FOR\s)(?<!KEY\s)UPDATE(?:\s+OR\s+\w+)?)\s+{_NAME}",
    re.IGNORECASE,
)
_DATA_VERBS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "MERGE"))


def written_tables(statement: str) -> frozenset[str] | None:
    """Return the tables that a statement's text writes to, or None when it is not about rows at all.

    Rows written by triggers and by foreign-key actions are not seen; neither crosses modules, because modules
    share no foreign key and a module's triggers are its own.
    """
    text = _NOISE.sub(" ", statement)
    verb = _VERB.match(text)
    if verb is None or verb.group(1).upper() not in _DATA_VERBS:
        return None
    text = re.sub(r"\s+", " ", text)
    return frozenset(_plain(match.group(1)) for match in _WRITE.finditer(text))


def _plain(name: str) -> str:
    """Return a table's name without schema and quotes, in lower case."""
    return name.rsplit(".", maxsplit=1)[-1].strip().strip('"').lower()
