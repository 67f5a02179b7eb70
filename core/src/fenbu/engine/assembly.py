"""The assembly: what is enabled at one generation of the catalogue, loaded and ready to run.

Built from the catalogue when the kernel opens and again whenever the generation has moved; never changed.
A work runs from begin to commit with one assembly, so it never asks half of the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from attrs import define, evolve, field, frozen
from pydantic import BaseModel, ValidationError

from fenbu.actions import Action
from fenbu.completeness import Completeness
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.catalog.states import TABLE
from fenbu.engine.guard.permissions import BEYOND, export, personal, show
from fenbu.engine.hooks import Dispatcher
from fenbu.errors import InputInvalid, Unknown
from fenbu.i18n import _
from fenbu.metrics import Check, Metric
from fenbu.settings import Settings
from fenbu.validation import field_problems
from fenbu.views import View
from fenbu.work import Enterprise


@frozen
class ReadyAction:
    """A declared action with the module that declares it; code is resolved when first used."""

    module: str
    action: Action
    exclusive: bool = False
    """Changes what is enabled: runs alone, holding the catalogue lock exclusively."""
    migrates: bool = False
    """Makes or rebuilds tables."""

    @classmethod
    def of_kernel(
        cls,
        name: str,
        title: str,
        model: type[BaseModel],
        run: Callable[[Any, Any], Any],
        *,
        preview: Callable[[Any, Any], Any] | None = None,
        exclusive: bool = False,
        migrates: bool = False,
        **more: Any,
    ) -> ReadyAction:
        """Return a verb of the kernel itself, in the words of a module's.

        Args:
            name: After ``fenbu.``: ``module.enable``.
            title: Marked for translation.
            model: Of the input; it and the functions stand at the top of their files.
            run: Function of ``(work, input)``.
            preview: As ``Action.preview``.
            exclusive: It changes what is enabled.
            migrates: It makes or rebuilds tables.
            **more: As `Action` takes them.
        """
        action = Action(
            name=f"fenbu.{name}",
            title=title,
            input=_reference(model),
            run=_reference(run),
            preview=_reference(preview) if preview is not None else None,
            **more,
        )
        return cls("fenbu", action, exclusive, migrates)

    def accept(self, values: Mapping[str, Any] | BaseModel) -> BaseModel:
        """Validate an input.

        Raises:
            InputInvalid: Names every field that is missing or wrong.
        """
        model = self.input_model
        if isinstance(values, model):
            return values
        if isinstance(values, BaseModel):
            values = values.model_dump()
        try:
            return model.model_validate(values)
        except ValidationError as error:
            problems = field_problems(error)
            if any("SecretStr" in str(field.annotation) for field in model.model_fields.values()):
                problems = [evolve(one, got="") for one in problems]  # a secret may stand in the wrong field
            raise InputInvalid(self.action.name, problems) from None

    @property
    def input_model(self) -> type[BaseModel]:
        """The pydantic model of the input."""
        model: type[BaseModel] = resolve(self.action.input)
        return model

    def run(self, work: Any, values: BaseModel) -> Any:
        """Run the verb."""
        return resolve(self.action.run)(work, values)


def _reference(named: Any) -> str:
    """Return the ``"package.module:name"`` of a class or function."""
    return f"{named.__module__}:{named.__qualname__}"


@define(slots=False, eq=False)
class Assembly:
    """All that is enabled, loaded."""

    generation: int
    enterprise: Enterprise
    copy_of: str | None
    """Set when this is a copy or a restored backup: no call leaves it."""
    modules: Mapping[str, LoadedModule] = field(factory=dict)
    """Enabled and loaded, in the order in which they were enabled."""
    dispatcher: Dispatcher = field(factory=Dispatcher)
    settings: Mapping[str, Settings] = field(factory=dict)
    builtin_actions: tuple[ReadyAction, ...] = ()
    builtin_views: tuple[View, ...] = ()
    builtin_checks: tuple[Check, ...] = ()
    catalog: Catalog = field(factory=Catalog)
    """What this process has loaded; the kernel's own verbs on modules work with it."""
    known: Modules = field(factory=lambda: Modules(0))
    """Every module that takes part or is installed, with its state, as it was read for this assembly."""

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What the enabled modules provide; each provides itself, by its name."""
        provided = {name for module in self.modules.values() for name in module.manifest.provides}
        return frozenset(provided | self.modules.keys())

    @cached_property
    def actions(self) -> Mapping[str, ReadyAction]:
        """All actions by name, the kernel's first."""
        ready = {one.action.name: one for one in self.builtin_actions}
        for name, module in self.modules.items():
            ready |= {action.name: ReadyAction(name, action) for action in module.manifest.actions}
        return ready

    @cached_property
    def views(self) -> Mapping[str, View]:
        """All views by name, the kernel's first."""
        return {view.name: view for view in (*self.builtin_views, *self._declared("views"))}

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """All metrics by name."""
        return {metric.name: metric for metric in self._declared("metrics")}

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """All checks by name, the kernel's first."""
        return {check.name: check for check in (*self.builtin_checks, *self._declared("checks"))}

    @cached_property
    def completeness(self) -> Mapping[str, Completeness]:
        """All questions about the completeness of data, by name."""
        return {one.name: one for one in self._declared("completeness")}

    @cached_property
    def permissions(self) -> frozenset[str]:
        """All permissions that something here asks for."""
        modules = ("fenbu", *self.modules)
        told = {kind(module) for module in modules for kind in (show, personal, export)}
        acts = {ready.action.permission for ready in self.actions.values()}
        return frozenset(told | acts | {view.needs for view in self.views.values()} | BEYOND)

    def action(self, name: str) -> ReadyAction:
        """Return an action by name; `Unknown` names the nearest when there is none."""
        ready = self.actions.get(name)
        if ready is None:
            raise self._unknown(_("action"), name, self.actions)
        return ready

    def view(self, name: str) -> View:
        """Return a view by name; `Unknown` names the nearest when there is none."""
        found = self.views.get(name)
        if found is None:
            raise self._unknown(_("view"), name, self.views)
        return found

    def metric(self, name: str) -> Metric:
        """Return a metric by name; `Unknown` names the nearest when there is none."""
        found = self.metrics.get(name)
        if found is None:
            raise self._unknown(_("metric"), name, self.metrics)
        return found

    def check(self, name: str) -> Check:
        """Return a check by name; `Unknown` names the nearest when there is none."""
        found = self.checks.get(name)
        if found is None:
            raise self._unknown(_("check"), name, self.checks)
        return found

    def module_of(self, name: str) -> str:
        """Return the module to which an action, a view, a metric or a check belongs."""
        return name.partition(".")[0]

    def _unknown(self, kind: str, name: str, known: Iterable[str]) -> Unknown:
        """Return the error for a name: of a module that does not run, how it stands and what to do about that."""
        module = self.known.by_name.get(self.module_of(name))
        if module is None or module.name in self.modules:
            return unknown(kind, name, known)
        return not_running(kind, name, module)

    def _declared(self, part: str) -> Iterable[Any]:
        for module in self.modules.values():
            reference = getattr(module.manifest, part)
            yield from resolve(reference) if reference else ()


def unknown(kind: str, name: str, known: Iterable[str]) -> Unknown:
    """Return the error for a name that nobody declares, with the nearest that somebody does."""
    written = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), list(written), 1)
    return Unknown(kind, name, written[near[0]] if near else "")


def not_running(kind: str, name: str, module: Module) -> Unknown:
    """Return the error for a name of a module that does not run: how it stands and what to do about that."""
    state = _(TABLE[module.state].means)
    because = _("{module} does not run ({state})").format(module=module.name, state=state)
    return Unknown(kind, name, because=because, todo=module.advice)
