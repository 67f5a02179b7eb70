"""Settings as they are kept and as a rollout file says them: the same values in two ways of writing.

Kept is JSON, as the module's model dumps it; a file has TOML, which knows days and exact numbers and no null. What a
file says is right when it is kept as what it was made from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from attrs import frozen
from pydantic import TypeAdapter

from fenbu.engine.rollout.secrets import in_clear
from fenbu.engine.settings import dumped
from fenbu.i18n import _
from fenbu.settings import Settings

_PYTHON: TypeAdapter[Any] = TypeAdapter(Any)


@frozen(eq=False)
class NoToml(Exception):
    """A setting cannot be said in a rollout file; the text says why."""

    why: str

    def __str__(self) -> str:
        return self.why


def kept(settings: Settings) -> dict[str, Any]:
    """Return settings as the database keeps them, defaults included."""
    return dumped(settings)


def changed_names(settings: Settings) -> tuple[str, ...]:
    """Return the settings that differ from the module's defaults, in the model's order."""
    at_first = kept(type(settings)())
    return tuple(name for name, value in kept(settings).items() if value != at_first[name])


def as_toml(settings: Settings, name: str) -> Any:
    """Return one setting as a rollout file says it, without what is as its type has it anyway.

    Raises:
        NoToml: It has no value, or one that TOML cannot say or that would be read otherwise; or it is a secret.
    """
    value = _plain(_PYTHON.dump_python(getattr(settings, name), exclude_defaults=True))
    if next(in_clear(value, (name,)), None) is not None:
        raise NoToml(_("it is a secret, and a rollout file says only where one is kept"))
    others = settings.model_dump(mode="python")
    try:
        again = type(settings).model_validate(others | {name: value})
    except ValueError:
        raise NoToml(_("it cannot be written so that it is read as the same")) from None
    if kept(again) != kept(settings):
        raise NoToml(_("it cannot be written so that it is read as the same"))
    return value


def _plain(value: Any) -> Any:
    """Return a value in the types of TOML."""
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(inner) for inner in value)
    return _scalar(value.value if isinstance(value, Enum) else value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, datetime):
        raise NoToml(_("TOML has no word for no value, and none here for a time of day"))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NoToml(_("it is not a number that can be written"))
        return Decimal(repr(value))
    return value if isinstance(value, bool | int | str | Decimal | date) else str(value)
