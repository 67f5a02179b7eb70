"""What the fields of an input or settings model hold, as every face must know it: options, forms, documentation.

Only the type counts here; whether a value fits, the model says itself.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from fenbu.i18n import _


def bare(kind: Any) -> Any:
    """Return a type without ``Annotated`` and ``| None``; of a union the first that is not None."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, types.UnionType):
            kind = next(part for part in get_args(kind) if part is not type(None))
        else:
            return kind


def optional(kind: Any) -> bool:
    """Say whether a field may hold None."""
    if get_origin(kind) is Annotated:
        return optional(get_args(kind)[0])
    return get_origin(kind) in (Union, types.UnionType) and any(
        part is type(None) or optional(part) for part in get_args(kind)
    )


def part_of(kind: Any) -> Any:
    """Return what a list, tuple or sequence holds; None for anything else."""
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset):
        return bare(get_args(kind)[0])
    return None


def is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    """Say whether a type is a model of its own."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def is_mapping(kind: Any) -> bool:
    """Say whether a type maps names to values."""
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, Mapping)


def choices_of(kind: Any) -> tuple[str, ...]:
    """Return the texts among which a type lets one choose, in its order; none for anything else."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(member.value) for member in kind)
    if get_origin(kind) is Literal:
        return tuple(str(value) for value in get_args(kind))
    return ()


def is_secret(info: FieldInfo) -> bool:
    """Say whether a field takes a secret itself, which is shown and written down nowhere."""
    return bare(info.annotation) is SecretStr


def limits(info: FieldInfo) -> list[str]:
    """Return the limits of a field in words: ``> 0``, ``at most 64 characters``."""
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    found = [
        f"{sign} {limit}"
        for mark in info.metadata
        for name, sign in signs.items()
        if (limit := getattr(mark, name, None)) is not None
    ]
    longest = [limit for mark in info.metadata if (limit := getattr(mark, "max_length", None)) is not None]
    if longest:
        listed = part_of(bare(info.annotation)) is not None
        told = _("at most {count:,} of them") if listed else _("at most {count:,} characters")
        found.append(told.format(count=min(longest)))
    return found
