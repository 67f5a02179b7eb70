"""Problems: what is wrong with a module, kept until it is mended or an operator clears it.

A problem is known by module, kind and subject; the same one again counts up and keeps its first time.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen
from sqlalchemy import Connection, text

from fenbu.values import from_microseconds, to_microseconds

IMPORT = "import"
"""The module's code could not be loaded."""
MIGRATION = "migration"
"""A step of its tables' history failed; nothing of it was kept."""
HOOK = "hook"
"""An implementation raised, is mistyped or has a wrong signature."""
METRIC = "metric"
"""A metric raised when a reading of it was taken."""
ENABLING = "enabling"
"""It could not be enabled for another reason: seed, settings, declarations."""

_RECORD = text(
    "INSERT INTO fenbu_problem (module, kind, subject, detail, hint, first_at, last_at) "
    "VALUES (:module, :kind, :subject, :detail, :hint, :at, :at) "
    "ON CONFLICT (module, kind, subject) DO UPDATE SET detail = excluded.detail, hint = excluded.hint, "
    "last_at = excluded.last_at, count = fenbu_problem.count + 1"
)
_OPEN = text(
    "SELECT module, kind, subject, detail, hint, first_at, last_at, count AS times FROM fenbu_problem "
    "WHERE :module = '' OR module = :module ORDER BY last_at DESC, id DESC"
)
_CLEAR = text(
    "DELETE FROM fenbu_problem WHERE module = :module "
    "AND (:kind = '' OR kind = :kind) AND (:subject = '' OR subject = :subject)"
)


@frozen
class Problem:
    """Something that is wrong with a module."""

    module: str
    kind: str
    subject: str
    """What it is about: a hook, a revision, an entry point."""
    detail: str
    hint: str
    """What to do about it."""
    first_at: datetime
    last_at: datetime
    count: int


def record(
    connection: Connection, module: str, kind: str, subject: str, detail: str, hint: str, *, at: datetime
) -> None:
    """Write a problem down, or count it once more; the caller commits."""
    values = {"module": module, "kind": kind, "subject": subject, "detail": detail, "hint": hint}
    connection.execute(_RECORD, values | {"at": to_microseconds(at)})


def clear(connection: Connection, module: str, kind: str = "", subject: str = "") -> int:
    """Forget the problems of a module, of one kind or about one subject only; return how many there were."""
    return connection.execute(_CLEAR, {"module": module, "kind": kind, "subject": subject}).rowcount


def open_problems(connection: Connection, module: str = "") -> list[Problem]:
    """Return the problems of one module or of all, the latest first."""
    rows = connection.execute(_OPEN, {"module": module})
    return [
        Problem(
            row.module,
            row.kind,
            row.subject,
            row.detail,
            row.hint,
            from_microseconds(row.first_at),
            from_microseconds(row.last_at),
            row.times,
        )
        for row in rows
    ]
