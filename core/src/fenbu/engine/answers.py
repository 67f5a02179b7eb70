"""What a hook's specification says that an answer is, held against what a module answered.

A module whose answer is none would otherwise fail in the code of whoever asked, who has done nothing wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from attrs import frozen


@frozen
class _Wanted:
    """What an answer may be."""

    plain: tuple[type, ...]
    each: tuple[type, ...]
    """What the members of a sequence are; empty when no sequence is wanted."""
    said: str


def misfit(specification: Callable[..., Any], answer: Any) -> str:
    """Return what is wrong with an answer, in words; empty when it is as specified, or nobody can tell."""
    wanted = _wanted(specification)
    if wanted is None or isinstance(answer, wanted.plain):
        return ""
    if wanted.each and isinstance(answer, list | tuple):
        strange = next((one for one in answer if not isinstance(one, wanted.each)), _NONE)
        return "" if strange is _NONE else f"{_shown(strange)} is among its answers, not {wanted.said}"
    return f"it answered {_shown(answer)}, not {wanted.said}"


_NONE = object()


@cache
def _wanted(specification: Callable[..., Any]) -> _Wanted | None:
    """Read the annotation of what a hook answers; None when it promises what cannot be looked at."""
    try:
        told = get_type_hints(specification)["return"]
    except Exception:  # names of a stranger's contract that exist for its type checker only
        return None
    plain: list[type] = []
    each: list[type] = []
    for part in get_args(told) if get_origin(told) in (Union, UnionType) else (told,):
        origin = get_origin(part)
        members = get_args(part)
        if isinstance(part, type) and origin is None:
            plain.append(part)
        elif (
            isinstance(origin, type) and issubclass(tuple, origin) and all(_is_plain(one) for one in members)
        ):
            each += members[:1]
        else:
            return None
    return _Wanted(tuple(plain), tuple(each), _named([*plain, *each], bool(each)))


def _is_plain(part: Any) -> bool:
    return isinstance(part, type) and get_origin(part) is None


def _named(types: list[type], several: bool) -> str:
    names = " or ".join("None" if one is NoneType else one.__name__ for one in types)
    return f"a sequence of {names}" if several else names


def _shown(answer: Any) -> str:
    try:
        return f"{answer!r:.80} ({type(answer).__name__})"
    except Exception:
        return f"a {type(answer).__name__}"
