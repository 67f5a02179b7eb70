"""What a form asks, made from a pydantic model: one field for each of the model's, in its order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum, auto
from functools import reduce
from typing import Any, get_args

from attrs import evolve, frozen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fenbu.fields import bare, choices_of, is_mapping, is_model, is_secret, limits, optional, part_of
from fenbu.i18n import N_, _


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    DAY = auto()
    TIME = auto()
    YES_NO = auto()
    CHOICE = auto()
    SECRET = auto()
    """The secret itself: never shown."""
    REFERENCE = auto()
    """Where a secret is kept; shown once it reads like one."""
    SECTION = auto()
    """Has fields of its own."""
    ROWS = auto()
    """Any number of entries with fields of their own."""
    VALUES = auto()
    """Any number of values."""
    PAIRS = auto()
    """Any number of names, each with its value."""
    JSON = auto()
    """Anything else, written as JSON."""


@frozen(kw_only=True)
class FormField:
    """One field of a form."""

    name: str
    kind: FieldKind
    label: str = ""
    help: str = ""
    """What it means, its limits and its default, in sentences; may be empty."""
    required: bool = False
    optional: bool = False
    """It may be left empty, which is not the same as an empty text."""
    default: str = ""
    """What is taken when nothing is filled in, as it would be written."""
    shape: str = ""
    """How a value is written: ``2026-01-31``."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and how it reads."""
    parts: tuple[FormField, ...] = ()
    """Fields of each entry."""


_PLAIN: Mapping[Any, FieldKind] = {
    str: FieldKind.TEXT,
    int: FieldKind.WHOLE,
    float: FieldKind.NUMBER,
    Decimal: FieldKind.NUMBER,
    date: FieldKind.DAY,
    datetime: FieldKind.TIME,
    time: FieldKind.TIME,
    bool: FieldKind.YES_NO,
}
_SHAPES: Mapping[Any, str] = {
    date: N_("2026-01-31"),
    datetime: N_("2026-01-31T12:00Z"),
    time: N_("12:00"),
}
_YES_NO = (("true", N_("yes")), ("false", N_("no")))
_MASKED = "secret"
"""Mark of `fenbu.settings.Secret`."""


def fields_of(model: type[BaseModel]) -> tuple[FormField, ...]:
    """Return the fields of a form for a model."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def written(value: Any) -> str:
    """Return a value as it would be typed into its field: exact numbers, ISO days, JSON for what has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value.value if isinstance(value, Enum) else value)


def joined(*sentences: str) -> str:
    """Return sentences one after the other, as the language of now writes them."""
    said = [one for one in sentences if one]
    return reduce(
        lambda before, after: _("{before} {after}").format(before=before, after=after), said or [""]
    )


def _field(name: str, info: FieldInfo) -> FormField:
    kind = bare(info.annotation)
    found = _kind(kind, info)
    return FormField(
        name=name,
        kind=found,
        label=_(info.title or name.replace("_", " ")),
        help=_help(info),
        required=info.is_required(),
        optional=optional(info.annotation),
        default=_default(info),
        shape=_(_SHAPES.get(kind, "")),
        choices=_choices(kind, found),
        parts=_parts(kind, found),
    )


def _kind(kind: Any, info: FieldInfo) -> FieldKind:
    if is_secret(info):
        return FieldKind.SECRET
    if kind is str and _MASKED in info.metadata:
        return FieldKind.REFERENCE
    if is_model(kind):
        return FieldKind.SECTION
    if part := part_of(kind):
        return FieldKind.ROWS if is_model(part) else FieldKind.VALUES if _is_plain(part) else FieldKind.JSON
    if is_mapping(kind) and _is_plain(_value_of(kind)):
        return FieldKind.PAIRS
    return FieldKind.CHOICE if choices_of(kind) else _PLAIN.get(kind, FieldKind.JSON)


def _parts(kind: Any, found: FieldKind) -> tuple[FormField, ...]:
    """Return the fields of each entry of what has entries."""
    if found is FieldKind.SECTION:
        return fields_of(kind)
    if found is FieldKind.ROWS:
        return fields_of(part_of(kind))
    if found is FieldKind.VALUES:
        return (_entry("", part_of(kind)),)
    if found is FieldKind.PAIRS:
        return (FormField(name="name", kind=FieldKind.TEXT, label=_("name")), _value(kind))
    return ()


def _entry(name: str, kind: Any) -> FormField:
    found = FieldKind.CHOICE if choices_of(kind) else _PLAIN[kind]
    return FormField(
        name=name,
        kind=found,
        label=_(name),
        shape=_(_SHAPES.get(kind, "")),
        choices=_choices(kind, found),
    )


def _value(kind: Any) -> FormField:
    """Return the field of a mapping's values; a secret stays one."""
    entry = _entry("value", _value_of(kind))
    secret = any(_MASKED in getattr(part, "__metadata__", ()) for part in get_args(kind))
    return evolve(entry, kind=FieldKind.REFERENCE) if secret else entry


def _value_of(kind: Any) -> Any:
    names = get_args(kind)
    return bare(names[1]) if len(names) == 2 else None


def _is_plain(kind: Any) -> bool:
    return bool(choices_of(kind)) or kind in _PLAIN


def _choices(kind: Any, found: FieldKind) -> tuple[tuple[str, str], ...]:
    if found is FieldKind.YES_NO:
        return tuple((value, _(told)) for value, told in _YES_NO)
    return tuple((value, _(value.replace("_", " "))) for value in choices_of(kind))


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple | list | set | frozenset | Mapping):
        return ""
    return written(value)


def _help(info: FieldInfo) -> str:
    told = [_(info.description or "").rstrip("."), ", ".join(limits(info))]
    said = (f"{text[:1].upper()}{text[1:]}" for text in told if text)
    return joined(*(_("{sentence}.").format(sentence=one) for one in said))
