"""Settings of modules: read through the module's own model, changed by the kernel's action."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from fenbu.engine.catalog.errors import ModuleBroken
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.guard.permissions import show
from fenbu.engine.settings import secret_names, stored
from fenbu.errors import FenbuError, NotFound
from fenbu.i18n import _
from fenbu.values import MASK
from fenbu_tui.gateway.acting import ActingPart
from fenbu_tui.world.base import Act
from fenbu_tui.world.settings import ModuleSettings


@frozen
class PartlySet(FenbuError):
    """A setting was refused after others were set."""

    module: str
    done: tuple[str, ...]
    why: str
    way_out: str

    def __str__(self) -> str:
        names = ", ".join(f"{self.module}.{name}" for name in self.done)
        return _("{names} is set, then: {why}").format(names=names, why=self.why)

    @property
    def hint(self) -> str:
        return self.way_out


class SettingsPart(ActingPart):
    """Answers the form of settings."""

    def settings(self, module: str) -> ModuleSettings:
        with self._reading() as work:
            work.require(show("fenbu"))
            model, title = self._model(module)
            given = {name: _default(model, name) for name in model.model_fields} | stored(
                work.connection, module
            )
            return ModuleSettings(module=module, title=title, model=model, given=given)

    def set(self, module: str, changed: Mapping[str, Any]) -> Act:
        with self._reaching():
            model, _title = self._model(module)
        values = {name: _value(model, name, value) for name, value in changed.items()}
        secret = secret_names(model)
        shown = {name: MASK if name in secret else value for name, value in values.items()}
        commands = [
            shlex.join(("fenbu", "settings", "set", f"{module}.{name}", _word(value)))
            for name, value in shown.items()
        ]

        def run() -> str:
            done: list[str] = []
            for name, value in values.items():
                try:
                    with self._reaching():
                        self._kernel.perform(
                            "fenbu.setting.set", {"module": module, "name": name, "value": value}
                        )
                except FenbuError as error:
                    if not done:
                        raise
                    raise PartlySet(module, tuple(done), str(error), error.hint) from error
                done.append(name)
            return _("set: {names}").format(names=", ".join(f"{module}.{name}" for name in done))

        return Act(command=" && ".join(commands), run=run)

    def _model(self, module: str) -> tuple[Any, str]:
        """Return a module's settings model and its title."""
        found = self._kernel.modules().by_name.get(module)
        if found is None or found.loaded is None:
            reason = found.reason if found else _("it is not installed")
            raise ModuleBroken(
                module, found.distribution if found else "", reason, found.advice if found else ""
            )
        if not found.loaded.manifest.settings:
            raise NotFound(_("setting of"), module)
        return resolve(found.loaded.manifest.settings, module=module), _(found.title)


def _value(model: type[BaseModel], name: str, value: Any) -> Any:
    """Return a value as JSON has it; the model's default for None where None is no value of its own."""
    if value is None:
        value = _default(model, name)
    return to_jsonable_python(value)


def _default(model: type[BaseModel], name: str) -> Any:
    return model.model_fields[name].get_default(call_default_factory=True)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
