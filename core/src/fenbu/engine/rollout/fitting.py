"""Whether a rollout file fits the modules that are installed: names, versions, settings, requirements.

Separate from `rules`, because a file may be written and reviewed where its modules are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen
from pydantic import ValidationError

from fenbu import API_VERSION
from fenbu.engine.catalog import resolver
from fenbu.engine.catalog.errors import ReferenceBroken, RequirementsUnmet
from fenbu.engine.rollout.faults import Fault, Finding, located, nearest
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.installed import Installed
from fenbu.engine.rollout.model import CheckGate, MetricGate, Rollout, Stage
from fenbu.engine.rollout.positions import Path
from fenbu.engine.settings import secret_names
from fenbu.i18n import _
from fenbu.validation import field_problems
from fenbu.values import MASK


def misfits(file: RolloutFile, there: Installed) -> list[Fault]:
    """Return where a file does not fit what is installed, by line; nothing while its shape is wrong."""
    if file.rollout is None:
        return []
    plan = _Plan(file.rollout, there)
    findings = [*plan.kernel(), *plan.modules(), *plan.settings(), *plan.gates(), *plan.history()]
    findings += plan.requirements()
    if not findings:
        return []  # where everything stands need not be known
    told = {fault.path for fault in file.faults}
    return [fault for fault in located(findings, file.positions) if fault.path not in told]


@frozen
class _Plan:
    rollout: Rollout
    there: Installed

    def kernel(self) -> Iterator[Finding]:
        """The API version of this fenbu is within the range."""
        if not self.rollout.kernel.contains(API_VERSION, prereleases=True):
            told = _("this fenbu has API version {version}, which {range} leaves out")
            told = told.format(version=API_VERSION, range=self.rollout.kernel)
            yield Finding(("kernel",), told, _("install a fenbu of that range, or widen it"))

    def modules(self) -> Iterator[Finding]:
        """Every module is installed, can be loaded, and is within its range."""
        for name, module in self.rollout.modules.items():
            path: Path = ("modules", name)
            if name in self.there.broken:
                broken = self.there.broken[name]
                told = _("the module {module} cannot be loaded: {error}").format(
                    module=name, error=broken.error
                )
                yield Finding(path, told, broken.remedy)
            elif name not in self.there.modules:
                told = _("no module {module} is installed").format(module=name)
                yield Finding(path, told, nearest(name, self.there.names) or _("install its package"))
            elif not module.version.contains(version := self.there.modules[name].version, prereleases=True):
                told = _("{module} {version} is installed, and the plan wants {range}")
                told = told.format(module=name, version=version, range=module.version)
                yield Finding((*path, "version"), told, _("install a version of that range, or widen it"))

    def settings(self) -> Iterator[Finding]:
        """Every setting is known to its module's model, and fits it together with those set by then."""
        for name, module in self.rollout.modules.items():
            yield from self._settings(name, module.settings, module.settings, ("modules", name, "settings"))
        for number, stage in enumerate(self.rollout.stages):
            inherited = self.rollout.settings_through(number)
            for name, values in stage.settings.items():
                path: Path = ("stages", number, "settings", name)
                yield from self._settings(name, values, inherited.get(name, values), path)

    def gates(self) -> Iterator[Finding]:
        """Every metric and check is declared by its module."""
        for path, gate in _gates(self.rollout):
            if isinstance(gate, MetricGate):
                metrics = self.there.metrics
                yield from self._declared(gate.metric, metrics, _("metric"), (*path, "metric"))
            elif isinstance(gate, CheckGate):
                yield from self._declared(gate.check, self.there.checks, _("check"), (*path, "check"))

    def history(self) -> Iterator[Finding]:
        """Every subscription is declared by its module."""
        for number, stage in enumerate(self.rollout.stages):
            for name in stage.history:
                path: Path = ("stages", number, "history", name)
                yield from self._declared(name, self.there.subscriptions, _("subscription"), path)

    def requirements(self) -> Iterator[Finding]:
        """What each stage's modules need is on by then, and they do not need each other in a circle."""
        offers = self.there.offers
        through = _on_through(self.rollout)
        for number, stage in enumerate(self.rollout.stages):
            before = through[number - 1] if number else frozenset()
            gaps = [
                Finding(
                    ("stages", number, "modules", place),
                    told,
                    self._way_out(name, number, offers, fillable=fillable),
                )
                for place, name in enumerate(stage.modules)
                for told, fillable in [resolver.unmet(name, offers, through[number])]
                if told
            ]
            yield from gaps
            wanted = [name for name in stage.modules if name in offers]
            if not gaps:
                try:
                    resolver.enabling_order(wanted, offers, before)
                except RequirementsUnmet as error:
                    yield Finding(("stages", number, "modules"), str(error), error.hint)

    def _settings(
        self, module: str, own: Mapping[str, Any], all_by_then: Mapping[str, Any], path: Path
    ) -> Iterator[Finding]:
        """Judge what one table sets; what it inherits is judged where it stands."""
        if module not in self.there.modules or not own:
            return
        try:
            model = self.there.settings(module)
        except ReferenceBroken as error:
            yield Finding(path, str(error), error.hint)
            return
        if stray := [name for name in own if name not in model.model_fields]:
            for name in stray:
                told = _("{module} has no setting {name}").format(module=module, name=name)
                yield Finding((*path, name), told, nearest(name, model.model_fields))
        known = {name: value for name, value in all_by_then.items() if name in model.model_fields}
        try:
            model.model_validate(known)
        except ValidationError as error:
            secret = secret_names(model)
            for problem in field_problems(error):
                place = _place(problem.field, own)
                first = str(place[0]) if place else ""
                if place and first not in own:
                    continue
                got = MASK if first in secret and problem.got else problem.got
                told = _("{name}: {problem}").format(name=first or module, problem=problem.problem)
                yield Finding(
                    (*path, *place),
                    told + (_(" (got {got})").format(got=got) if got else ""),
                    _help(model, first),
                )

    def _declared(
        self, name: str, known: Callable[[str], frozenset[str]], kind: str, path: Path
    ) -> Iterator[Finding]:
        module = name.partition(".")[0]
        if module not in self.there.modules and module != resolver.KERNEL:
            return  # told where the module stands
        try:
            names = known(module)
        except ReferenceBroken as error:
            yield Finding(path, str(error), error.hint)
            return
        if name not in names:
            told = _("{module} declares no {kind} {name}").format(module=module, kind=kind, name=name)
            yield Finding(path, told, nearest(name, names))

    def _way_out(
        self, name: str, number: int, offers: Mapping[str, resolver.Offer], *, fillable: bool
    ) -> str:
        """Say what would meet what a module needs: a later stage, another module, another package."""
        through = _on_through(self.rollout)
        for later, stage in enumerate(self.rollout.stages[number + 1 :], number + 1):
            if not resolver.unmet(name, offers, through[later])[0]:
                told = _(
                    "the later stage {stage} would meet it: bring its modules forward, or put {module} after it"
                )
                return told.format(stage=stage.name, module=name)
        if fillable:
            return _(
                "add what would provide it to [modules] and to the modules of this stage or an earlier one"
            )
        return _("install a package that provides it, or take {module} out of the plan").format(module=name)


def _gates(rollout: Rollout) -> Iterator[tuple[Path, object]]:
    for number, stage in enumerate(rollout.stages):
        for side, gates in (("before", stage.before), ("after", stage.after)):
            for place, gate in enumerate(gates):
                yield ("stages", number, side, place), gate


def _on_through(rollout: Rollout) -> list[frozenset[str]]:
    """Return for each stage the modules that are on when it is applied."""
    found: list[frozenset[str]] = []
    stages: tuple[Stage, ...] = rollout.stages
    for stage in stages:
        found.append(frozenset(stage.modules) | (found[-1] if found else frozenset()))
    return found


def _place(field: str, own: Mapping[str, Any]) -> Path:
    """Return pydantic's dotted field as a path within a table of settings."""
    if not field:
        return ()
    parts = field.split(".")
    return (
        parts[0],
        *(
            int(part) if part.isdigit() and isinstance(own.get(parts[0]), list) else part
            for part in parts[1:]
        ),
    )


def _help(model: Any, name: str) -> str:
    field = model.model_fields.get(name)
    return f"{name}: {_(field.description)}" if field is not None and field.description else ""
