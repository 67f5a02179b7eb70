"""Settings of modules: stored per field as JSON, read through the module's own pydantic model.

Only what somebody has set stands in the database; everything else is the model's default. A secret
stands here by reference only (`fenbu.settings.Secret`), because the model refuses anything else.
Setting one moves the catalogue's generation, so that every process reads them anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from attrs import frozen
from pydantic import ValidationError
from sqlalchemy import Connection, text

from fenbu.engine.store import catalogue
from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.settings import Settings
from fenbu.validation import field_problems
from fenbu.values import MASK

SettingsT = TypeVar("SettingsT", bound=Settings)

_READ = text("SELECT name, value FROM fenbu_setting WHERE module = :module")
_WRITE = text(
    "INSERT INTO fenbu_setting (module, name, value) VALUES (:module, :name, :value) "
    "ON CONFLICT (module, name) DO UPDATE SET value = excluded.value"
)
_RESET = text("DELETE FROM fenbu_setting WHERE module = :module AND name = :name")


@frozen(eq=False)
class SettingInvalid(Refused):
    """A setting does not fit the module's model."""

    exit_code = 64
    module: str
    name: str
    problem: str
    got: str = ""

    def __str__(self) -> str:
        if not self.name:
            return _("the settings of {module} do not fit each other: {problem}").format(
                module=self.module, problem=self.problem
            )
        got = _(" (got {got})").format(got=self.got) if self.got else ""
        return _("the setting {module}.{name} is wrong: {problem}{got}").format(
            module=self.module, name=self.name, problem=self.problem, got=got
        )

    @property
    def hint(self) -> str:
        return _("fenbu settings get {module} shows each with its type").format(module=self.module)

    @property
    def where(self) -> str:
        return f"{self.module}.{self.name}".rstrip(".")


def settings_of(connection: Connection, module: str, model: type[SettingsT]) -> SettingsT:
    """Return a module's settings: what is stored, over the model's defaults.

    Raises:
        SettingInvalid: What is stored does not fit the model, as after an upgrade; names field, got, wanted.
    """
    return _validated(module, model, stored(connection, module))


def settings_from(module: str, model: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
    """Return the settings that these values come to, over the model's defaults; otherwise as `settings_of`."""
    return _validated(module, model, values)


def stored(connection: Connection, module: str) -> dict[str, Any]:
    """Return what somebody has set of a module, by name."""
    return {row.name: json.loads(row.value) for row in connection.execute(_READ, {"module": module})}


def set_setting(
    connection: Connection, module: str, model: type[SettingsT], name: str, value: object
) -> SettingsT:
    """Store one setting and return all of them; the caller holds the catalogue lock exclusively and commits.

    Args:
        connection: In a writing transaction.
        module: Its name.
        model: Its settings model.
        name: Of the field.
        value: JSON-able, or text as typed by a person: ``12``, ``true``, ``["a"]`` are read as the field wants.

    Raises:
        SettingInvalid: There is no such field, or the value does not fit it.
    """
    if name not in model.model_fields:
        raise _no_such(module, model, name)
    before = stored(connection, module)
    try:
        settings = _validated(module, model, before | {name: value})
    except SettingInvalid:
        if not isinstance(value, str) or (read := _as_json(value)) is value:
            raise
        settings = _validated(module, model, before | {name: read})
    kept = dumped(settings)[name]
    connection.execute(
        _WRITE, {"module": module, "name": name, "value": json.dumps(kept, ensure_ascii=False)}
    )
    catalogue.bump(connection)
    return settings


def set_settings(
    connection: Connection,
    module: str,
    model: type[SettingsT],
    values: Mapping[str, Any],
    reset: Collection[str] = (),
) -> SettingsT:
    """Store several settings together, which fit each other only so, and take others back to their defaults.

    Args:
        connection: As for `set_setting`.
        module: Its name; it need not be enabled yet.
        model: Its settings model.
        values: JSON-able, by field.
        reset: Fields that go back to their defaults.

    Raises:
        SettingInvalid: There is no such field, or what is stored then does not fit.
    """
    for name in values:
        if name not in model.model_fields:
            raise _no_such(module, model, name)
    before = {name: value for name, value in stored(connection, module).items() if name not in reset}
    kept = _validated(module, model, {**before, **values})
    for name in reset:
        connection.execute(_RESET, {"module": module, "name": name})
    told = dumped(kept)
    for name in values:
        row = {"module": module, "name": name, "value": json.dumps(told[name], ensure_ascii=False)}
        connection.execute(_WRITE, row)
    if values or reset:
        catalogue.bump(connection)
    return kept


def reset_setting(connection: Connection, module: str, name: str) -> None:
    """Go back to a setting's default; otherwise as `set_setting`."""
    connection.execute(_RESET, {"module": module, "name": name})
    catalogue.bump(connection)


def dumped(settings: Settings) -> dict[str, Any]:
    """Return settings as they are stored, JSON-able; what is a set has one order, so that the same is told the same."""
    plain: dict[str, Any] = settings.model_dump(mode="json")
    return {
        name: _in_order(value, plain[name]) for name, value in settings.model_dump().items() if name in plain
    }


def secret_names(model: type[Settings]) -> frozenset[str]:
    """Return the settings that refer to secrets: never shown, not even the reference."""
    return frozenset(name for name, told in model.model_fields.items() if "secret" in told.metadata)


def shown(settings: Settings) -> Mapping[str, Any]:
    """Return settings as they may be shown: secrets as `MASK`."""
    secret = secret_names(type(settings))
    return {name: MASK if name in secret and value else value for name, value in dumped(settings).items()}


def _validated(module: str, model: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = field_problems(error)[0]
        secret = first.field.partition(".")[0] in secret_names(model)
        raise SettingInvalid(module, first.field, first.problem, MASK if secret else first.got) from None


def _in_order(value: Any, plain: Any) -> Any:
    """Return what a value is in JSON, with the members of its sets in order, however deep they are."""
    if isinstance(value, set | frozenset) and isinstance(plain, list):
        return sorted(plain, key=lambda one: json.dumps(one, ensure_ascii=False, sort_keys=True))
    if isinstance(value, Mapping) and isinstance(plain, Mapping) and len(value) == len(plain):
        pairs = zip(value.values(), plain.items(), strict=True)
        return {name: _in_order(inner, told) for inner, (name, told) in pairs}
    if isinstance(value, list | tuple) and isinstance(plain, list) and len(value) == len(plain):
        return [_in_order(inner, told) for inner, told in zip(value, plain, strict=True)]
    return plain


def _no_such(module: str, model: type[Settings], name: str) -> SettingInvalid:
    known = ", ".join(sorted(model.model_fields)) or _("none")
    return SettingInvalid(module, name, _("there is no such setting; there are: {known}").format(known=known))


def _as_json(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
