"""Options made from an action's input model: one declaration, the command follows it.

Values stay texts; the model validates them, so that an amount is exact and every mistake is told the same way in
every face. A list of parts is one repeated option: ``--line item=TEA,quantity=2 --line item=CUP,quantity=1``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fenbu.cli.base import RESERVED
from fenbu.cli.helping import sentences
from fenbu.cli.inputs import parse_json
from fenbu.cli.words import quoted
from fenbu.fields import bare, choices_of, is_mapping, is_model, is_secret, limits, part_of
from fenbu.i18n import _
from fenbu.values import MASK

_METAVARS: Mapping[Any, str] = {
    Decimal: "DECIMAL",
    int: "INTEGER",
    date: "YYYY-MM-DD",
    datetime: "TIME",
    time: "HH:MM",
    str: "TEXT",
}
OF_DO = frozenset({"input", "key", "dry_run", "wait"})
"""Options that ``fenbu do`` has itself."""


def option_name(field: str) -> str:
    """Return the option for a field: ``--business-day``; ``--field-key`` where the name is taken."""
    name = f"field-{field}" if field in RESERVED | OF_DO else field
    return "--" + name.replace("_", "-")


def options_of(model: type[BaseModel]) -> list[click.Option]:
    """Return one option a field, in the model's order, but for secrets."""
    return [_option(name, info) for name, info in model.model_fields.items() if name not in secrets_of(model)]


def secrets_of(model: type[BaseModel]) -> list[str]:
    """Return the fields that no option takes, because a list of processes and a shell's history show options."""
    return [name for name, info in model.model_fields.items() if is_secret(info)]


def values_of(model: type[BaseModel], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input that the options given say; fields that were not given are left to the model.

    Args:
        model: The action's input model.
        given: Field name to what click read.

    Raises:
        BadFile: A part is written as JSON and is none.
        click.UsageError: A part is neither JSON nor ``name=value,…``.
    """
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = given.get(name)
        if value is None or value == ():
            continue
        kind = bare(info.annotation)
        option = option_name(name)
        if part := part_of(kind):
            option = _singular(option)
            values[name] = [one for text in value for one in _entries(part, text, option)]
        elif is_model(kind) or is_mapping(kind):
            values[name] = _part(value, option)
        else:
            values[name] = value
    return values


def typed(model: type[BaseModel], values: Mapping[str, Any]) -> list[str]:
    """Return the words after ``fenbu do ACTION`` that say these values, each as a shell takes it; secrets as ``***``.

    Args:
        model: The action's input model.
        values: As `values_of` would give them.
    """
    secret = secrets_of(model)
    words: list[str] = []
    for name, value in values.items():
        if value is None or name not in model.model_fields:
            continue
        option = option_name(name)
        if bare(model.model_fields[name].annotation) is bool:
            words.append(option if value in (True, "true") else f"--no-{option[2:]}")
        elif part_of(bare(model.model_fields[name].annotation)):
            words += [word for one in value for word in (_singular(option), quoted(_spelled(one)))]
        else:
            words += [option, MASK if name in secret else quoted(_spelled(value))]
    return words


def _spelled(value: Any) -> str:
    """Return a value as an option takes it: parts as ``name=value,name=value``, or JSON where that would not do."""
    if not isinstance(value, Mapping):
        return str(value.value if isinstance(value, Enum) else value)
    told = {name: str(part) for name, part in value.items() if part is not None}
    if any(isinstance(part, Mapping | list) or set(str(part)) & set('",') for part in value.values()):
        return json.dumps(value, ensure_ascii=False, default=str)
    return ",".join(f"{name}={part}" for name, part in told.items())


def _option(name: str, info: FieldInfo) -> click.Option:
    kind = bare(info.annotation)
    long = option_name(name)
    described = _described(info)
    if kind is bool:
        return click.Option([name, f"{long}/--no-{long[2:]}"], default=None, help=described)
    part = part_of(kind)
    names = [name, *dict.fromkeys([_singular(long), long])] if part else [name, long]
    return click.Option(
        names,
        multiple=bool(part),
        metavar=_metavar(part or kind),
        type=_choices(part or kind),
        help=described,
    )


def _described(info: FieldInfo) -> str:
    kind = bare(info.annotation)
    part = part_of(kind)
    told = [
        _(info.description or "").rstrip(".。"),
        _parts(part or kind),
        ", ".join(limits(info)),
    ]
    if info.is_required():
        told.append(_("required"))
    elif info.default not in (None, PydanticUndefined, "", (), False):
        default = info.default.value if isinstance(info.default, Enum) else info.default
        told.append(_("default: {default}").format(default=default))
    if part:
        told.append(_("may be repeated"))
    return sentences(*told)


def _parts(kind: Any) -> str:
    """Say what else a nested part may have beside what its metavar shows."""
    if not is_model(kind):
        return ""
    others = [name for name, info in kind.model_fields.items() if not info.is_required()]
    return _("also: {names}").format(names=", ".join(others)) if others else ""


def _metavar(kind: Any) -> str | None:
    if _choices(kind) is not None:
        return None
    if is_model(kind):
        return (
            ",".join(f"{name}=…" for name, info in kind.model_fields.items() if info.is_required())
            or "name=…"
        )
    return "JSON" if is_mapping(kind) else _METAVARS.get(kind, "TEXT")


def _choices(kind: Any) -> click.Choice[str] | None:
    choices = choices_of(kind)
    return click.Choice(choices) if choices else None


def _singular(option: str) -> str:
    if option.endswith("ies"):
        return f"{option[:-3]}y"
    return option[:-1] if option.endswith("s") and not option.endswith("ss") else option


def _entries(part: Any, text: str, option: str) -> list[Any]:
    """Return what one use of a repeated option says: one entry, or a JSON list of them."""
    if text.lstrip().startswith("["):
        found = parse_json(text, option)
        return found if isinstance(found, list) else [found]
    return [_part(text, option) if is_model(part) or is_mapping(part) else text]


def _part(text: str, option: str) -> Any:
    """Return a nested value, written as JSON or as ``name=value,name=value``."""
    if text.lstrip().startswith(("{", "[")):
        return parse_json(text, option)
    values: dict[str, str] = {}
    for piece in _pieces(text):
        name, sign, value = piece.partition("=")
        if not sign or not name.strip():
            told = _("{option} wants name=value,name=value or JSON, not {piece!r}")
            raise click.UsageError(told.format(option=option, piece=piece))
        if name.strip() in values:
            raise click.UsageError(_("{option} says {name} twice").format(option=option, name=name.strip()))
        values[name.strip()] = value
    return values


def _pieces(text: str) -> list[str]:
    """Split at commas that stand outside double quotes; the quotes themselves go."""
    pieces, piece, inside = [], "", False
    for character in text:
        if character == '"':
            inside = not inside
        elif character == "," and not inside:
            pieces.append(piece)
            piece = ""
        else:
            piece += character
    return [*pieces, piece]
