"""What has to be done for stages to stand as a file has them: the difference to what is, step by step.

Modules of a stage belong to it; a setting belongs to the last stage that says what it is. Stages are looked at in the
order of the file, each as if those in front of it had been carried out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from attrs import define, field

from fenbu.engine.catalog import resolver
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.situation import Situation
from fenbu.engine.settings import dumped, secret_names, settings_from
from fenbu.engine.stages.records import Step
from fenbu.settings import Settings

Owned = Mapping[str, Mapping[str, tuple[Any, int]]]
"""Module to setting to its value and the index of the stage to which it belongs."""
S = ModuleState


def owned_settings(rollout: Rollout, members: Collection[int]) -> dict[str, dict[str, tuple[Any, int]]]:
    """Return the settings in force when just these stages stand, each with the stage to which it belongs."""
    found: dict[str, dict[str, tuple[Any, int]]] = {}
    for number in sorted(members):
        stage = rollout.stages[number]
        for module in stage.modules:
            base = rollout.modules[module].settings
            found.setdefault(module, {}).update({name: (value, number) for name, value in base.items()})
        for module, values in stage.settings.items():
            found.setdefault(module, {}).update({name: (value, number) for name, value in values.items()})
    return found


@define
class Course:
    """Walks through the stages and keeps how the enterprise would be by then."""

    rollout: Rollout
    situation: Situation
    on: set[str] = field(init=False)
    settings: dict[str, dict[str, Any]] = field(init=False)
    members: set[int] = field(init=False)
    """Indexes of the stages that stand, or would by then."""

    def __attrs_post_init__(self) -> None:
        self.on = set(self.situation.on)
        self.settings = {name: dict(values) for name, values in self.situation.settings.items()}
        names = self.situation.applied.keys()
        self.members = {number for number, stage in enumerate(self.rollout.stages) if stage.name in names}

    def carry_out(self, number: int) -> tuple[Step, ...]:
        """Return the steps that let a stage stand, and go on as if they were done."""
        self.members.add(number)
        fresh = {name for name in self.rollout.stages[number].modules if name not in self.on}
        steps: list[Step] = []
        for found in (
            self._upgrades(number),
            self._settings(number, fresh),
            self._enables(number, fresh),
            self._disables(number),
        ):
            for step in found:
                self._note(step)
                steps.append(step)
        return tuple(steps)

    def _note(self, step: Step) -> None:
        if step.kind == "enable":
            self.on |= set(step.modules)
        if step.kind == "disable":
            self.on -= set(step.modules)
        if step.settings or step.reset:
            kept = self.settings.setdefault(step.module, {})
            kept.update(step.settings)
            for name in step.reset:
                kept.pop(name, None)

    def _upgrades(self, number: int) -> Iterator[Step]:
        known = self.situation.modules.by_name
        names = self.rollout.stages[number].modules
        waiting = [
            name
            for name in names
            if name in known and name in self.on and known[name].state is S.UPGRADE_PENDING
        ]
        if waiting:
            yield Step(kind="upgrade", modules=tuple(waiting))

    def _enables(self, number: int, fresh: set[str]) -> Iterator[Step]:
        """Yield one step a module, what is needed first; its settings are set in the same transaction."""
        stage = self.rollout.stages[number]
        known = self.situation.modules
        owned = owned_settings(self.rollout, self.members)
        for name in resolver.enabling_order(fresh, known.offers, self.on - fresh, known.broken):
            changed = self._changed(name, {key: value for key, (value, _by) in owned.get(name, {}).items()})
            history = {one: kind for one, kind in stage.history.items() if one.partition(".")[0] == name}
            yield Step(
                kind="enable",
                modules=(name,),
                settings=changed,
                history=history,
                before=self._before(name, changed),
            )

    def _settings(self, number: int, fresh: Collection[str]) -> Iterator[Step]:
        """Yield one step for each module that is on and whose settings change with the stage."""
        owned = owned_settings(self.rollout, self.members)
        gone = self._no_longer_set(number, owned)
        for name in sorted(({*owned, *gone} & self.on) - set(fresh) - set(self._going(number))):
            mine = {key: value for key, (value, by) in owned.get(name, {}).items() if by == number}
            changed = self._changed(name, mine, gone.get(name, ()))
            reset = tuple(sorted(gone.get(name, ())))
            if changed or reset:
                yield Step(
                    kind="set",
                    modules=(name,),
                    settings=changed,
                    reset=reset,
                    before=self._before(name, [*changed, *reset]),
                )

    def _disables(self, number: int) -> Iterator[Step]:
        """Yield the modules that go off with the stage, by what becomes of their work in flight."""
        applied = self.situation.applied.get(self.rollout.stages[number].name)
        if applied is None:
            return
        ways: dict[str, list[str]] = {}
        for name in self._going(number):
            plan = self.rollout.modules.get(name) or applied.rollout.modules[name]
            ways.setdefault(plan.on_disable or "", []).append(name)
        for how, names in ways.items():
            yield Step(kind="disable", modules=tuple(names), how=how)

    def _going(self, number: int) -> list[str]:
        """Return the modules that the stage once had and that no stage which stands has now, the last one first."""
        applied = self.situation.applied.get(self.rollout.stages[number].name)
        kept = {name for member in self.members for name in self.rollout.stages[member].modules}
        going = [name for name in applied.modules if name in self.on - kept] if applied else []
        known = self.situation.modules.by_name
        return sorted(going, key=lambda name: known[name].place(), reverse=True)

    def _no_longer_set(self, number: int, owned: Owned) -> dict[str, set[str]]:
        """Return the settings that the stage once set and that no stage which stands says any more."""
        applied = self.situation.applied.get(self.rollout.stages[number].name)
        found: dict[str, set[str]] = {}
        for module, name in applied.settings if applied else ():
            if name in self.settings.get(module, {}) and name not in owned.get(module, {}):
                found.setdefault(module, set()).add(name)
        return found

    def _changed(self, module: str, wanted: Mapping[str, Any], reset: Collection[str] = ()) -> dict[str, Any]:
        """Return what is wanted and not so yet, in the form in which it is stored."""
        model = settings_model(self.situation, module)
        if not wanted or model is None:
            return {}
        stored = self.settings.get(module, {})
        kept = {name: value for name, value in stored.items() if name not in reset}
        told = dumped(settings_from(module, model, {**kept, **wanted}))
        return {name: told[name] for name in wanted if name not in stored or stored[name] != told[name]}

    def _before(self, module: str, names: Collection[str]) -> dict[str, Any]:
        stored = self.settings.get(module, {})
        return {name: stored[name] for name in names if name in stored}


def settings_model(situation: Situation, module: str) -> type[Settings] | None:
    """Return a module's settings model by its installed code; None when that cannot be loaded.

    Raises:
        ReferenceBroken: Its code cannot be imported.
    """
    known = situation.modules.by_name.get(module)
    if known is None or known.loaded is None:
        return None
    found: type[Settings] = resolve(known.loaded.manifest.settings, module=module)
    return found


def secrets_of(situation: Situation, module: str) -> frozenset[str]:
    """Return the settings of a module that refer to secrets, which are never shown."""
    model = settings_model(situation, module)
    return secret_names(model) if model is not None else frozenset()
