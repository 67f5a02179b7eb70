"""Exact types of a rollout file: a version range, a condition on a number, a span of time, a dotted name."""

from __future__ import annotations

import operator
import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from attrs import frozen
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from fenbu.i18n import _, ngettext

_CONDITION = r"^(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)$"
_WINDOW = r"^([1-9]\d{0,3})\s+(hour|day|week)s?$"
_UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@frozen
class Condition:
    """What a number must be: ``<= 1.5``."""

    sign: str
    value: Decimal

    def met(self, number: Decimal | int) -> bool:
        """Say whether a number meets it, exactly."""
        return bool(_COMPARE[self.sign](Decimal(number), self.value))

    def __str__(self) -> str:
        return f"{self.sign} {self.value}"


def _range(value: object) -> SpecifierSet:
    if isinstance(value, SpecifierSet):
        return value
    if not isinstance(value, str):
        raise ValueError(_("must be a range of versions as text, as {example}").format(example='">=1,<2"'))
    try:
        return SpecifierSet(value)
    except InvalidSpecifier:
        raise ValueError(_("must be a range of versions, as {example}").format(example='">=1,<2"')) from None


def _condition(value: object) -> Condition:
    if isinstance(value, Condition):
        return value
    match = re.match(_CONDITION, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            _("must be a comparison with a number, as {example}").format(
                example='"<= 1.5" (<, <=, >, >=, ==, !=)'
            )
        )
    return Condition(match[1], Decimal(match[2]))


def _window(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = re.match(_WINDOW, value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            _("must be a span of time, as {example}").format(example='"36 hours", "7 days" or "2 weeks"')
        )
    return int(match[1]) * _UNITS[match[2]]


def window_text(span: timedelta) -> str:
    """Write a span as the file does: ``7 days``."""
    count, unit = _counted(span)
    return f"{count} {unit}{'s' if count != 1 else ''}"


def window_said(span: timedelta) -> str:
    """Say a span in the language of now: ``7 days``."""
    count, unit = _counted(span)
    if unit == "week":
        return ngettext("{count} week", "{count} weeks", count).format(count=count)
    if unit == "day":
        return ngettext("{count} day", "{count} days", count).format(count=count)
    return ngettext("{count} hour", "{count} hours", count).format(count=count)


def _counted(span: timedelta) -> tuple[int, str]:
    """Return a span in the largest unit that divides it."""
    for unit in ("week", "day", "hour"):
        count, rest = divmod(span, _UNITS[unit])
        if not rest:
            break
    return count, unit


def _typed(parse: Any, write: Any, schema: dict[str, Any]) -> tuple[Any, ...]:
    return (
        PlainValidator(parse),
        PlainSerializer(write, return_type=str),
        WithJsonSchema({"type": "string"} | schema),
    )


Range = Annotated[SpecifierSet, *_typed(_range, str, {"examples": [">=1,<2"]})]
"""A PEP 440 range; empty for any version."""
Comparison = Annotated[Condition, *_typed(_condition, str, {"pattern": _CONDITION, "examples": ["<= 1.5"]})]
Window = Annotated[timedelta, *_typed(_window, window_text, {"pattern": _WINDOW, "examples": ["7 days"]})]
