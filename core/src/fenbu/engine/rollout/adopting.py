"""Adopting: what was changed by hand is written back into the rollout file, and nothing else of it changes.

Modules that were switched on by hand join the last stage that was applied; settings go where the value in force
comes from. Each change is tried alone on the text: one that would bring a fault is left, and the reason is told.
What the plan wants and somebody has taken away (a module switched off) is never adopted: that is for a person to
decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from difflib import unified_diff
from typing import Any

from attrs import define, field, frozen
from pydantic import ValidationError

from fenbu.engine.rollout import lists, writing
from fenbu.engine.rollout.faults import RolloutInvalid
from fenbu.engine.rollout.file import RolloutFile, parse
from fenbu.engine.rollout.fitting import misfits
from fenbu.engine.rollout.installed import Installed
from fenbu.engine.rollout.kept import NoToml, as_toml, kept
from fenbu.engine.rollout.live import Live, LiveModule
from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.positions import Path
from fenbu.engine.rollout.steps import owned_settings
from fenbu.engine.settings import secret_names
from fenbu.i18n import _
from fenbu.values import MASK


@frozen
class Written:
    """One thing that the file says now."""

    what: str
    """``erp.payment_days``, or a module."""
    line: int
    """Where, in the new text."""
    before: Any
    """What the file said, or the module's own; None of a module that it did not have on."""
    after: Any


@frozen
class Left:
    """Something that differs from the file and is not adopted."""

    what: str
    why: str
    way_out: str = ""


@frozen
class Adopted:
    """A rollout file's text with what was changed by hand."""

    path: str
    before: str
    after: str
    written: tuple[Written, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        lines = unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            self.path,
            self.path,
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def adopt(file: RolloutFile, live: Live, there: Installed, applied: Collection[int]) -> Adopted:
    """Return a rollout file's text with what was changed by hand since its stages were applied.

    Args:
        file: As it was read.
        live: What is on now.
        there: What is installed.
        applied: Indexes of the stages that stand.

    Raises:
        RolloutInvalid: The file has faults of its own.
    """
    file.checked()
    work = _Adopting(file, live, there, tuple(sorted(applied)))
    work.modules()
    work.settings()
    return Adopted(file.path, file.text, work.file.text, work.located(), tuple(work.left))


@frozen
class _Change:
    """One thing to write into the text."""

    what: str
    path: Path
    before: Any
    after: Any
    write: Callable[[str], str]


@define
class _Adopting:
    file: RolloutFile
    live: Live
    there: Installed
    applied: tuple[int, ...]
    """Indexes of the stages that stand, in order."""
    written: list[_Change] = field(factory=list)
    left: list[Left] = field(factory=list)

    @property
    def plan(self) -> Rollout:
        return self.file.checked()

    def located(self) -> tuple[Written, ...]:
        """Return what was written with its lines in the text as it is at the end."""
        at = self.file.positions
        return tuple(
            Written(one.what, at.line_and_column(one.path)[0], one.before, one.after) for one in self.written
        )

    # --- modules --------------------------------------------------------------------------------------

    def modules(self) -> None:
        """Let modules that are on and not yet so by the plan join the last stage that was applied."""
        planned = {name for number in self.applied for name in self.plan.stages[number].modules}
        for module in self.live.on:
            if module.name in planned:
                continue
            if not module.usable:
                self._leave(module.name, module.trouble or _("it is being switched off"))
            elif module.name not in self.plan.modules:
                self._bring_in(module)
            elif self.applied:
                self._bring_forward(module.name)
        for name in sorted(planned - {module.name for module in self.live.on}):
            told = _("it was switched off by hand, and the plan has it on")
            way_out = _("apply the plan to switch it on again, or take it out of the file by hand")
            self._leave(name, told, way_out)

    def _bring_in(self, module: LiveModule) -> None:
        """Give a module that the file does not know a table, and a place in a stage."""
        number = self.applied[-1] if self.applied else 0

        def write(text: str) -> str:
            text = writing.set_value(text, ("modules", module.name, "version"), module.range)
            return lists.add_item(text, ("stages", number, "modules"), module.name)

        stage = self.plan.stages[number].name
        self._try(_Change(module.name, ("modules", module.name), None, stage, write))

    def _bring_forward(self, name: str) -> None:
        """Move a module from the stage to come that has it into the last one that was applied."""
        later, stage = next(
            (number, stage) for number, stage in enumerate(self.plan.stages) if name in stage.modules
        )
        if len(stage.modules) == 1:
            told = _("the stage {stage}, which is to switch it on, has no other module")
            way_out = _("apply that stage, or take it out of the file by hand")
            self._leave(name, told.format(stage=stage.name), way_out)
            return
        target = self.applied[-1]

        def write(text: str) -> str:
            text = lists.take_item(text, ("stages", later, "modules"), stage.modules.index(name))
            return lists.add_item(text, ("stages", target, "modules"), name)

        place: Path = ("stages", target, "modules", len(self.plan.stages[target].modules))
        self._try(_Change(name, place, stage.name, self.plan.stages[target].name, write))

    # --- settings -------------------------------------------------------------------------------------

    def settings(self) -> None:
        """Write the settings that differ from what the plan has in force by now."""
        due = {name for number in self.applied for name in self.plan.stages[number].modules}
        due |= {one.what for one in self.written if one.before is None}  # not in the file until now
        for name in self.plan.modules:
            module = self.live.modules.get(name)
            if name in due and module is not None and module.on and not module.draining:
                self._settings(module)

    def _settings(self, module: LiveModule) -> None:
        if module.settings is None:
            self._leave(_("settings of {module}").format(module=module.name), module.trouble)
            return
        owned = owned_settings(self.plan, self.applied).get(module.name, {})
        in_force = {name: value for name, (value, _stage) in owned.items()}
        try:
            planned = kept(type(module.settings).model_validate(in_force))
        except ValidationError:
            told = _("the file sets it otherwise than its code allows")
            self._leave(
                _("settings of {module}").format(module=module.name), told, _("see fenbu rollout check")
            )
            return
        secret = secret_names(type(module.settings))
        changes: list[_Change] = []
        for name, now in kept(module.settings).items():
            if now != planned[name]:
                hide = MASK if name in secret else None
                changes += self._setting(module, name, hide or planned[name], hide or now)
        self._try_all(changes)

    def _setting(self, module: LiveModule, name: str, before: Any, after: Any) -> Iterator[_Change]:
        """Yield the change of one setting; leave it when no file can say it."""
        assert module.settings is not None
        stage = self._stage_that_sets(module.name, name)
        base: Path = ("modules", module.name, "settings")
        if stage is not None:
            base = ("stages", stage, "settings", module.name)
        what = f"{module.name}.{name}"
        try:
            value = as_toml(module.settings, name)
        except NoToml as error:
            self._leave(what, error.why)
            return

        def write(text: str) -> str:
            return writing.set_setting(text, module.name, name, value, stage=stage)

        yield _Change(what, (*base, name), before, after, write)

    def _stage_that_sets(self, module: str, name: str) -> int | None:
        """Return the last stage applied that sets it; None when the module's own table does, or nothing."""
        for number in reversed(self.applied):
            if name in self.plan.stages[number].settings.get(module, {}):
                return number
        return None

    # --- changes --------------------------------------------------------------------------------------

    def _leave(self, what: str, why: str, way_out: str = "") -> None:
        self.left.append(Left(what, why, way_out))

    def _try_all(self, changes: list[_Change]) -> None:
        """Take changes over that may only fit together; alone, in any order, those that do not."""
        if not self._fault(*changes):
            return
        refused = {change.what: fault for change in changes if (fault := self._fault(change))}
        while again := [change for change in changes if change.what in refused]:
            before = len(refused)
            for change in again:
                if not self._fault(change):
                    del refused[change.what]
            if len(refused) == before:
                break
        self.left += refused.values()

    def _try(self, change: _Change) -> None:
        """Take a change over unless it brings a fault."""
        if fault := self._fault(change):
            self.left.append(fault)

    def _fault(self, *changes: _Change) -> Left | None:
        """Take changes over, all or none; return why not."""
        if not changes:
            return None
        try:
            text = self.file.text
            for change in changes:
                text = change.write(text)
            file = parse(text, self.file.path)
        except (writing.CannotWrite, RolloutInvalid) as error:
            return Left(changes[-1].what, str(error), error.hint)
        known = {(one.path, one.problem) for one in misfits(self.file, self.there)}
        fresh = [*file.faults, *misfits(file, self.there)]
        fault = next((one for one in fresh if (one.path, one.problem) not in known), None)
        if fault is not None:
            return Left(changes[-1].what, fault.problem, fault.way_out)
        self.file = file
        self.written += changes
        return None


def stages_reached(plan: Rollout, live: Live) -> range:
    """Return the indexes of the first stages that have all their modules on, of a plan that was never applied."""
    on = {module.name for module in live.on if not module.draining}
    reached = 0
    for stage in plan.stages:
        if not on.issuperset(stage.modules):
            break
        reached += 1
    return range(reached)
