"""Idempotency: the same key performs once and answers the same, however often it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import attrs
from attrs import frozen
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, bindparam, select, text

from fenbu.engine.store.tables import performed
from fenbu.errors import KeyReused

if TYPE_CHECKING:
    from attr import AttrsInstance

_FIND = select(performed.c.action, performed.c.input_digest, performed.c.answer).where(
    performed.c.key == bindparam("wanted")
)
_CLAIM = text(
    "INSERT INTO fenbu_performed (key, action, input_digest, answer, at) "
    "VALUES (:key, :action, :input_digest, :answer, :at) ON CONFLICT (key) DO NOTHING"
)
_KEEP = performed.update().where(performed.c.key == bindparam("wanted"))


@frozen
class Performed:
    """What performing an action came to."""

    answer: Mapping[str, Any]
    """JSON-able: numbers of documents, amounts as text."""
    repeated: bool = False
    """True when the key had been performed before and nothing was done now."""
    keys: tuple[str, ...] = ()
    """Keys of the events published, by which one can wait for what follows."""


def claim(connection: Connection, key: str, action: str, input_digest: str, at: int) -> Performed | None:
    """Take a key for this transaction; return what it came to before when it is not new.

    Whoever comes second with a key waits here until the first has committed or gone.

    Raises:
        KeyReused: The key belongs to another action or another input.
    """
    wanted = {"key": key, "action": action, "input_digest": input_digest, "answer": "{}", "at": at}
    if connection.execute(_CLAIM, wanted).rowcount == 1:
        return None
    row = connection.execute(_FIND, {"wanted": key}).one()
    if (row.action, row.input_digest) != (action, input_digest):
        raise KeyReused(key, row.action)
    return Performed(json.loads(row.answer), repeated=True)


def keep(connection: Connection, key: str, answer: Mapping[str, Any]) -> None:
    """Remember what this key came to, in the transaction that did it."""
    told = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    connection.execute(_KEEP, {"wanted": key, "answer": told})


def as_answer(result: object) -> dict[str, Any]:
    """Return what a verb answered as JSON-able mapping: decimals and dates as text."""
    if result is None:
        return {}
    if attrs.has(type(result)):
        result = attrs.asdict(cast("AttrsInstance", result))
    if not isinstance(result, Mapping):
        raise TypeError(f"a verb answers a mapping, an attrs value or None, got {result!r}")
    answer: dict[str, Any] = to_jsonable_python(dict(result), fallback=str)
    return answer
