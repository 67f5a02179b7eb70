"""References: which documents of a source were imported, with what content.

Invariant: a document's row is written in the transaction of its steps, so it is imported once, however
often its file is read, by however many processes, killed wherever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from fenbu.engine.importing.documents import Gathered
from fenbu.engine.importing.errors import AlreadyImported
from fenbu.engine.store.tables import import_reference, import_run
from fenbu.engine.work import EngineWork

IMPORTED = "imported"
LEFT = "left"
"""Left out by the reader; looked at again in later runs, because it may belong to a module that comes."""

_T = import_reference
_FIND = select(_T.c.reference, _T.c.digest, _T.c.outcome, _T.c.detail).where(
    _T.c.profile == bindparam("of"), _T.c.reference.in_(bindparam("references", expanding=True))
)


def _keep(insert: Any) -> Any:
    """Write a row, or make an imported one of a row that was left; an imported one stays as it is."""
    return insert.on_conflict_do_update(
        index_elements=[_T.c.profile, _T.c.reference],
        set_={name: insert.excluded[name] for name in ("digest", "at", "outcome", "detail")},
        where=_T.c.outcome == LEFT,
    )


_KEEP = {"sqlite": _keep(sqlite.insert(_T)), "postgresql": _keep(postgresql.insert(_T))}

_START = import_run.insert().returning(import_run.c.id)
_PROGRESS = import_run.update().where(import_run.c.id == bindparam("run"))


@frozen
class Known:
    """A document of which a run has said something before."""

    digest: str
    imported: bool
    kind: str
    where: str
    """File and lines, for people."""


def find(connection: Connection, profile: str, references: Sequence[str]) -> dict[str, Known]:
    """Return what is known of these references, in one query."""
    rows = connection.execute(_FIND, {"of": profile, "references": list(references)})
    return {row.reference: _known(row.digest, row.outcome, row.detail) for row in rows}


def keep_imported(
    work: EngineWork, profile: str, document: Gathered, file: str, kind: str, gave: Mapping[str, Any]
) -> None:
    """Write down that a document was imported, in the transaction of its steps.

    Raises:
        AlreadyImported: Another run was faster; the transaction must be rolled back.
    """
    row = _row(profile, document, file, kind, IMPORTED, work.transaction.at, gave)
    if work.connection.execute(_KEEP[work.dialect], row).rowcount == 0:
        raise AlreadyImported


def keep_left(work: EngineWork, profile: str, file: str, left: Iterable[tuple[Gathered, str]]) -> None:
    """Write down which documents were left out, so that their references are not taken for new ones."""
    rows = [_row(profile, document, file, kind, LEFT, work.transaction.at, {}) for document, kind in left]
    work.connection.execute(_KEEP[work.dialect], rows)


def start_run(work: EngineWork, profile: str, file: str) -> int:
    """Write down that a run has begun; return its id."""
    row = {"profile": profile, "file": file, "digest": "", "started_at": work.transaction.at}
    return int(work.connection.execute(_START, row).scalar_one())


def note_run(work: EngineWork, run: int, **values: Any) -> None:
    """Write down how far a run is."""
    work.connection.execute(_PROGRESS.values(**values), {"run": run})


def _row(
    profile: str, document: Gathered, file: str, kind: str, outcome: str, at: int, gave: Mapping[str, Any]
) -> dict[str, Any]:
    detail = {"kind": kind, "file": file, "lines": [document.first_line, document.last_line], **gave}
    return {
        "profile": profile,
        "reference": document.reference,
        "digest": document.digest,
        "at": at,
        "outcome": outcome,
        "detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
    }


def _known(digest: str, outcome: str, detail: str | None) -> Known:
    told = json.loads(detail or "{}")
    first, last = told.get("lines", (0, 0))
    return Known(digest, outcome == IMPORTED, told.get("kind", ""), f"{told.get('file', '')}:{first}-{last}")
