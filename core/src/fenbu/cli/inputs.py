"""JSON from people and scripts, read exactly: decimals as decimals, nothing twice, nothing bottomless.

The standard reader takes ``NaN``, lets the last of two equal keys win and turns 0.1 into something else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from fenbu.errors import BadFile
from fenbu.i18n import _

DEEPEST = 32
LARGEST = 32 * 1024 * 1024
_DIGITS = 64
STDIN = "-"


def read_json(place: str) -> Any:
    """Return what a file holds, or stdin for ``-``.

    Raises:
        BadFile: It cannot be read; names line and column.
    """
    name = _("stdin") if place == STDIN else place
    try:
        if place == STDIN:
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(place).open("rb") as file:
                data = file.read(LARGEST + 1)
    except OSError as error:
        raise BadFile(name, error.strerror or str(error)) from None
    if len(data) > LARGEST:
        raise BadFile(name, _("it is larger than {most} MB").format(most=LARGEST // 1024 // 1024))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(name, _("it is not UTF-8: {error}").format(error=error)) from None
    return parse_json(text, name)


def parse_json(text: str, name: str) -> Any:
    """Return what a JSON text says; numbers with a point are `Decimal`.

    Raises:
        BadFile: It is no JSON, holds NaN or Infinity, says a key twice, or is nested too deeply.
    """
    try:
        value = json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_no_key_twice,
        )
        _check_depth(value, 1)
    except json.JSONDecodeError as error:
        raise BadFile(name, error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno) from None
    except RecursionError:
        raise BadFile(name, _too_deep()) from None
    except _Refused as error:
        raise BadFile(name, str(error)) from None
    return value


class _Refused(ValueError):
    """JSON that Python would take and we do not."""


def _decimal(text: str) -> Decimal:
    if len(text) > _DIGITS:
        raise _Refused(_("a number with more than {most} digits").format(most=_DIGITS))
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Refused(_("{text} is no number").format(text=text)) from None


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise _Refused(_("a number with more than {most} digits").format(most=_DIGITS))
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise _Refused(_("{text} is no number that could be kept").format(text=text))


def _no_key_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(_("the key {key!r} is there twice").format(key=key))
        found[key] = value
    return found


def _check_depth(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise _Refused(_too_deep())
    parts: Sequence[Any] = ()
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    for part in parts:
        _check_depth(part, depth + 1)


def _too_deep() -> str:
    return _("it is nested deeper than {most} levels").format(most=DEEPEST)
