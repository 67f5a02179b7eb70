"""What must hold between the parts of a rollout file, whatever is installed.

The rules read the parsed document and pass over what has the wrong shape, which `shape` tells: so a file with ten
faults of both sorts is told of all ten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from fenbu.engine.rollout.faults import Finding, nearest
from fenbu.engine.rollout.positions import Path
from fenbu.engine.rollout.secrets import in_clear
from fenbu.i18n import _

KERNEL = "fenbu"


@frozen
class _Step:
    """A stage as far as it can be read."""

    number: int
    name: str
    table: Mapping[str, Any]
    modules: tuple[str, ...]
    on: frozenset[str]
    """Modules of this stage and of those in front of it."""
    on_before: frozenset[str]

    @property
    def path(self) -> Path:
        return ("stages", self.number)

    @property
    def readable(self) -> bool:
        """It lists modules, and nothing else."""
        listed = self.table.get("modules")
        return isinstance(listed, list) and 0 < len(listed) == len(self.modules)


def broken_rules(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield everything in which the parts of a document contradict each other."""
    planned = _table(document, "modules")
    steps = list(_steps(document))
    yield from _secrets(document, steps)
    yield from _doubles(steps)
    if not planned or not all(step.readable for step in steps):
        return  # what is on by when cannot be said; `shape` tells why
    for step in steps:
        yield from _unplanned(step, planned)
        yield from _settings(step, planned)
        yield from _history(step, planned)
        yield from _gates(step, planned)
    for name in planned:
        if steps and not any(name in step.modules for step in steps):
            told = _("no stage switches {module} on").format(module=name)
            yield Finding(
                ("modules", name), told, _("add it to the modules of a stage, or take it out of the plan")
            )


def _steps(document: Mapping[str, Any]) -> Iterator[_Step]:
    before: frozenset[str] = frozenset()
    stages = document.get("stages")
    for number, table in enumerate(stages if isinstance(stages, list) else ()):
        if isinstance(table, dict):
            listed = table.get("modules")
            modules = tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
            on = before | set(modules)
            yield _Step(number, str(table.get("name", "")), table, modules, on, before)
            before = on


def _secrets(document: Mapping[str, Any], steps: list[_Step]) -> Iterator[Finding]:
    for name, module in _table(document, "modules").items():
        if isinstance(module, dict):
            yield from in_clear(module.get("settings"), ("modules", name, "settings"))
    for step in steps:
        yield from in_clear(step.table.get("settings"), (*step.path, "settings"))


def _doubles(steps: list[_Step]) -> Iterator[Finding]:
    names: dict[str, int] = {}
    stage_of: dict[str, _Step] = {}
    for step in steps:
        if step.name and step.name in names:
            told = _("two stages are named {name}: the {first}. and the {second}.")
            told = told.format(name=step.name, first=names[step.name] + 1, second=step.number + 1)
            yield Finding((*step.path, "name"), told, _("give one of them another name"))
        names.setdefault(step.name, step.number)
        for place, module in enumerate(step.modules):
            if module in stage_of:
                told = _("{module} is switched on by the stage {stage} already").format(
                    module=module, stage=stage_of[module].name or stage_of[module].number + 1
                )
                yield Finding((*step.path, "modules", place), told, _("name each module once in all stages"))
            stage_of.setdefault(module, step)


def _unplanned(step: _Step, planned: Mapping[str, Any]) -> Iterator[Finding]:
    for place, module in enumerate(step.modules):
        if module not in planned:
            told = _("the module {module} has no table [modules.{module}]").format(module=module)
            way_out = nearest(module, planned) or _("write one, with its range of versions")
            yield Finding((*step.path, "modules", place), told, way_out)


def _settings(step: _Step, planned: Mapping[str, Any]) -> Iterator[Finding]:
    for module in _table(step.table, "settings"):
        if module not in step.on:
            told = _("the stage {stage} sets what {module} does, which is not on by then").format(
                stage=step.name, module=module
            )
            yield Finding((*step.path, "settings", module), told, _remedy(module, step.on, planned))


def _history(step: _Step, planned: Mapping[str, Any]) -> Iterator[Finding]:
    for subscription in _table(step.table, "history"):
        module = subscription.partition(".")[0]
        if module not in step.modules and "." in subscription:
            told = _(
                "{subscription} begins with {module}, which the stage {stage} does not switch on"
            ).format(subscription=subscription, module=module, stage=step.name)
            yield Finding((*step.path, "history", subscription), told, _remedy(module, step.modules, planned))


def _gates(step: _Step, planned: Mapping[str, Any]) -> Iterator[Finding]:
    for side, on in (("before", step.on_before), ("after", step.on)):
        gates = step.table.get(side)
        for place, gate in enumerate(gates if isinstance(gates, list) else ()):
            if isinstance(gate, dict) and gate.get("samples", 1) != 1 and "window" not in gate:
                told = _("samples are counted in a window, and this gate has none")
                yield Finding((*step.path, side, place, "samples"), told, 'window = "7 days"')
            for kind in ("metric", "check"):
                name = gate.get(kind) if isinstance(gate, dict) else None
                module = name.partition(".")[0] if isinstance(name, str) and "." in name else KERNEL
                if module != KERNEL and module not in on:
                    told = _("{name} is measured by {module}, which no stage has switched on by then").format(
                        name=name, module=module
                    )
                    yield Finding((*step.path, side, place, kind), told, _remedy(module, on, planned))


def _remedy(module: str, on: Any, planned: Mapping[str, Any]) -> str:
    """Say what to do about a module that is not on: a later stage has it, or its name is mistyped."""
    if module in planned:
        return _("ask it of a later stage, or switch {module} on earlier").format(module=module)
    return nearest(module, on)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}
