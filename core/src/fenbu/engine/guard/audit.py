"""The audit trail: one row an act, in the act's own transaction; sealed in batches by a hash chain.

A chain inside every transaction would serialise PostgreSQL (1,951 works a second became 536), so rows are
chained afterwards: the sealer waits until no transaction with unseen rows is left, then hashes the rows
after the last seal together with the last seal's hash. `verify` recomputes everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from pydantic import BaseModel, SecretStr
from sqlalchemy import Connection, func, select

from fenbu.engine.store.tables import audit, audit_seal
from fenbu.events import is_personal
from fenbu.values import MASK

_INSERT = audit.insert()
_LAST_SEAL = select(audit_seal.c.last_id, audit_seal.c.hash).order_by(audit_seal.c.id.desc()).limit(1)
_COLUMNS = tuple(audit.c)
_CHUNK = 5_000


@frozen(kw_only=True)
class Act:
    """What is written down of one act."""

    at: int
    actor: str
    action: str
    module: str
    subject: str | None
    input_digest: str
    summary: Mapping[str, Any]
    outcome: str
    """``done``, ``denied``."""
    key: str | None


@frozen
class Verdict:
    """What verifying the chain found."""

    sealed_to: int
    """Id of the last row that is sealed; 0 when none is."""
    unsealed: int
    """Rows written since."""
    broken_at: int | None = None
    """Id of the first seal that does not fit, or None."""
    unsealed_since: int | None = None
    """When the first row that is not sealed was written, UTC microseconds; None when all are."""


def write(connection: Connection, acts: Sequence[Act]) -> None:
    """Write acts in the caller's transaction."""
    connection.execute(
        _INSERT,
        [
            {
                "at": act.at,
                "actor": act.actor,
                "action": act.action,
                "module": act.module,
                "subject": act.subject,
                "input_digest": act.input_digest,
                "summary": json.dumps(act.summary, ensure_ascii=False, separators=(",", ":")),
                "outcome": act.outcome,
                "key": act.key,
            }
            for act in acts
        ],
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def masked(model: BaseModel) -> dict[str, Any]:
    """Return an input as it may be written down: personal fields and secrets masked, long lists counted."""
    summary: dict[str, Any] = {}
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if value is None or value == info.default:
            continue
        secret = isinstance(value, SecretStr)
        hidden = secret or any(map(is_personal, (info.annotation, *info.metadata)))
        summary[name] = MASK if hidden else _short(value)
    return summary


def _short(value: object) -> object:
    if isinstance(value, BaseModel):
        return masked(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{len(value)} entries" if len(value) > 3 else [_short(part) for part in value]
    return value if isinstance(value, int | bool) else str(value)


def seal(connection: Connection, at: int) -> int:
    """Seal the rows written since the last seal; return how many.

    The caller holds the catalogue lock exclusively, so that no row with a lower id can still appear.
    """
    last = connection.execute(_LAST_SEAL).first()
    previous, after = (last.hash, last.last_id) if last else ("", 0)
    sealed = 0
    for rows in _pages(connection, after):
        value = _hash(previous, rows)
        connection.execute(
            audit_seal.insert(),
            {
                "first_id": rows[0].id,
                "last_id": rows[-1].id,
                "hash": value,
                "previous_hash": previous,
                "at": at,
            },
        )
        previous, sealed = value, sealed + len(rows)
    return sealed


def verify(connection: Connection) -> Verdict:
    """Recompute the whole chain."""
    previous, last_id = "", 0
    for one in connection.execute(select(audit_seal).order_by(audit_seal.c.id)):
        wanted = select(*_COLUMNS).where(audit.c.id.between(one.first_id, one.last_id)).order_by(audit.c.id)
        rows = connection.execute(wanted).all()
        follows = one.first_id > last_id and not _between(connection, last_id, one.first_id)
        if not (rows and follows and one.previous_hash == previous and one.hash == _hash(previous, rows)):
            return Verdict(last_id, 0, broken_at=one.id)
        previous, last_id = one.hash, one.last_id
    tail = select(func.count(), func.min(audit.c.at)).where(audit.c.id > last_id)
    unsealed, since = connection.execute(tail).one()
    return Verdict(last_id, unsealed, unsealed_since=since)


def _between(connection: Connection, after: int, before: int) -> bool:
    """Say whether a row stands between two seals, which no seal covers."""
    inside = select(audit.c.id).where(audit.c.id > after, audit.c.id < before).limit(1)
    return connection.execute(inside).first() is not None


def _pages(connection: Connection, after: int) -> Iterator[Sequence[Any]]:
    while rows := connection.execute(
        select(*_COLUMNS).where(audit.c.id > after).order_by(audit.c.id).limit(_CHUNK)
    ).all():
        yield rows
        after = rows[-1].id


def _hash(previous: str, rows: Sequence[Any]) -> str:
    text = json.dumps([previous, [list(row) for row in rows]], ensure_ascii=False, separators=(",", ":"))
    return digest(text)
