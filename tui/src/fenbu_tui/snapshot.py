"""The last snapshot: what the screens showed when one left, shown again at the next start until the database answers.

A small file beside the memory, for the eyes of this user of the machine alone. Screens say themselves what may be
kept there: states, counts and figures, nothing that may be about a person, for an erasure does not reach it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from attrs import Factory, asdict, fields_dict, frozen, has

from fenbu_tui.world.base import Head

T = TypeVar("T")
FORMAT = 1
"""Changes when a file is to be read in another way; what the rows are made of tells itself."""


@frozen
class Shown:
    """What one screen showed."""

    at: datetime
    subject: str
    rows: Any
    """As JSON has it; the screen knows what it is."""


@frozen
class Snapshot:
    """What was seen of an enterprise when it was last looked at."""

    head: Head
    screens: Mapping[str, Shown] = Factory(dict)


def beside(memory: Path) -> Path:
    """Return the file of the snapshot that belongs to a memory."""
    return memory.with_suffix(".seen")


def read(file: Path, language: str) -> Snapshot | None:
    """Return what was last seen; None where nothing was, in another language, or as another operator."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["as"] != [FORMAT, language, _who()]:
            return None
        return rebuilt(Snapshot, told["seen"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(file: Path, language: str, snapshot: Snapshot) -> None:
    """Keep it; a disk that is full or read-only is no reason to fail."""
    told = {"as": [FORMAT, language, _who()], "seen": flat(snapshot)}
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as to:
            json.dump(told, to, ensure_ascii=False)
        fresh.replace(file)


def _who() -> str:
    """Return a mark of the session in which one works: another operator sees nothing of this one's."""
    return hashlib.sha256(os.environ.get("FENBU_TOKEN", "").encode()).hexdigest()[:16]


# --- rows as JSON ----------------------------------------------------------------------------------------


def flat(value: Any) -> Any:
    """Return rows as JSON has them."""
    if has(type(value)):
        return asdict(value, value_serializer=lambda _of, _field, one: _plain(one))
    if isinstance(value, (tuple, list)):
        return [flat(one) for one in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    return value.value if isinstance(value, Enum) else value


def rebuilt(kind: type[T], told: Any) -> T:
    """Return the rows that `flat` has made JSON of.

    Raises:
        ValueError, TypeError, KeyError: They are of another kind.
    """
    made: T = _rebuilt(kind, told)
    return made


def _rebuilt(kind: Any, told: Any) -> Any:
    if kind is Any:
        return told
    if has(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _rebuilt(hints[name], told[name]) for name in fields_dict(kind)})
    if (of := get_origin(kind)) is not None:
        return _of_several(of, get_args(kind), told)
    if kind is datetime:
        return datetime.fromisoformat(told)
    if issubclass(kind, Enum):
        return kind(told)
    if not isinstance(told, (int, float) if kind is float else kind):
        raise TypeError(kind, told)
    return told


def _of_several(of: Any, parts: tuple[Any, ...], told: Any) -> Any:
    if of in (Union, UnionType):
        [some] = [part for part in parts if part is not type(None)]
        return None if told is None else _rebuilt(some, told)
    if issubclass(of, Mapping):
        return {key: _rebuilt(parts[1], one) for key, one in told.items()}
    if of is tuple and parts[-1] is not Ellipsis:
        return tuple(_rebuilt(part, one) for part, one in zip(parts, told, strict=True))
    return (frozenset if of is frozenset else tuple)(_rebuilt(parts[0], one) for one in told)
