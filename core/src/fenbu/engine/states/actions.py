"""The kernel's own verbs on modules, settings and problems, declared as a module declares its actions.

Seam to the kernel: `ACTIONS` are `ReadyAction` of the module ``fenbu``; their functions take an `EngineWork` and
find the catalogue in ``work.transaction.assembly``. The exclusive ones run in `Database.migrate` holding the
catalogue lock alone, and the kernel assembles anew after the commit.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from fenbu.actions import Consequence
from fenbu.engine import problems
from fenbu.engine.assembly import ReadyAction, unknown
from fenbu.engine.catalog.errors import ModuleBroken
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.settings import set_setting, shown
from fenbu.engine.states import disable as disabling
from fenbu.engine.states import enable as enabling
from fenbu.engine.states.ahead import ahead
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound
from fenbu.i18n import N_, _
from fenbu.inputs import TYPED_NAMES, Input

Names = Annotated[tuple[str, ...], TYPED_NAMES]


class EnableModules(Input):
    """Which modules to enable."""

    modules: Names = Field(
        min_length=1,
        validation_alias=AliasChoices("modules", "module"),
        description=N_("Modules to enable together; what needs what decides the order"),
    )
    history: Literal["declared", "from_now"] = Field(
        default="declared",
        description=N_("from_now leaves out the history that the modules would catch up with"),
    )


class DisableModules(Input):
    """Which modules to disable, and what becomes of what waits for them."""

    modules: Names = Field(
        min_length=1,
        validation_alias=AliasChoices("modules", "module"),
        description=N_("Modules to disable together"),
    )
    how: Literal["drain", "park", "waive"] = Field(
        default="drain",
        description=N_("drain: finish what waits. park: keep it for later. waive: give it up"),
    )
    reason: str = Field(default="", description=N_("Why; kept with what is waived"))


class UpgradeModules(Input):
    """Which modules to bring up to their installed code."""

    modules: Names = Field(
        default=(),
        validation_alias=AliasChoices("modules", "module"),
        description=N_("Modules to upgrade; all that wait for it when none is named"),
    )


class SetSetting(Input):
    """One setting of a module."""

    module: str = Field(description=N_("Module"))
    name: str = Field(description=N_("Setting"))
    value: Any = Field(
        description=N_("New value; lists and yes/no as JSON; a secret only as env:NAME, file:PATH")
    )


class ClearProblems(Input):
    """Which problems to forget."""

    module: str = Field(description=N_("Module"))
    kind: str = Field(default="", description=N_("Only problems of this kind"))
    subject: str = Field(default="", description=N_("Only problems about this"))


def enable_modules(work: EngineWork, values: EnableModules) -> dict[str, Any]:
    """Enable modules in one transaction."""
    begin = None if values.history == "declared" else values.history
    done = enabling.enable(work, values.modules, begin=begin)
    return {"enabled": done.enabled, "already": done.already, "catching_up": done.catching_up}


def preview_enable(work: EngineWork, values: EnableModules) -> list[Consequence]:
    """Say in which order modules would be enabled, which tables they bring and what they would catch up with."""
    return [
        Consequence(text, number)
        for name in values.modules
        for text, number in ahead(work, name, values.history)
    ]


def disable_modules(work: EngineWork, values: DisableModules) -> dict[str, Any]:
    """Disable modules in one transaction, or let them drain."""
    done = disabling.disable(work, values.modules, values.how, reason=values.reason)
    return {
        "disabled": done.disabled,
        "draining": done.draining,
        "already": done.already,
        "waived": done.waived,
    }


def preview_disable(work: EngineWork, values: DisableModules) -> list[Consequence]:
    """Say what waits for the modules."""
    return [line for found in disabling.preview(work, values.modules) for line in _told(found)]


def upgrade_modules(work: EngineWork, values: UpgradeModules) -> dict[str, Any]:
    """Bring modules up to their installed code."""
    return {"upgraded": enabling.upgrade(work, values.modules)}


def change_setting(work: EngineWork, values: SetSetting) -> dict[str, Any]:
    """Set one setting of a module."""
    model = resolve(_loaded(work, values.module).manifest.settings, module=values.module)
    settings = set_setting(work.connection, values.module, model, values.name, values.value)
    return {"module": values.module, "name": values.name, "value": shown(settings)[values.name]}


def clear_problems(work: EngineWork, values: ClearProblems) -> dict[str, Any]:
    """Forget problems of a module."""
    cleared = problems.clear(work.connection, values.module, values.kind, values.subject)
    if not cleared:
        way_out = _("fenbu modules {module} lists them").format(module=values.module)
        raise NotFound(_("open problem of"), values.module, way_out)
    return {"cleared": cleared}


def _loaded(work: EngineWork, name: str) -> LoadedModule:
    modules = work.transaction.assembly.catalog.read(work.connection, look_at_all=True)
    module = modules.by_name.get(name)
    if module is None:
        raise unknown(_("module"), name, modules.by_name)
    if module.loaded is None:
        raise ModuleBroken(name, module.distribution, module.reason, module.advice)
    return module.loaded


def _told(found: disabling.Waiting) -> list[Consequence]:
    lines = [Consequence(one.kind, str(one.count)) for one in found.in_flight if one.count]
    for name, counted in found.deliveries.items():
        lines += [
            Consequence(_("{state} deliveries of {name}").format(state=state, name=name), str(count))
            for state, count in counted.items()
        ]
    if found.unread:
        lines.append(
            Consequence(_("events {module} has still to read").format(module=found.module), str(found.unread))
        )
    if found.calls:
        lines.append(Consequence(_("open calls of {module}").format(module=found.module), str(found.calls)))
    lines += [Consequence(_("needed: {what}").format(what=what)) for what in found.needed_by.values()]
    lines += [
        Consequence(_("{module} could not say what it has in hand").format(module=name))
        for name in found.silent
    ]
    return lines or [Consequence(_("nothing waits for {module}").format(module=found.module))]


ACTIONS: tuple[ReadyAction, ...] = (
    ReadyAction.of_kernel(
        "module.enable",
        N_("Enable modules"),
        EnableModules,
        enable_modules,
        preview=preview_enable,
        exclusive=True,
        migrates=True,
    ),
    ReadyAction.of_kernel(
        "module.disable",
        N_("Disable modules"),
        DisableModules,
        disable_modules,
        preview=preview_disable,
        dangerous=True,
        exclusive=True,
    ),
    ReadyAction.of_kernel(
        "module.upgrade",
        N_("Upgrade modules"),
        UpgradeModules,
        upgrade_modules,
        exclusive=True,
        migrates=True,
    ),
    ReadyAction.of_kernel(
        "setting.set", N_("Set a setting"), SetSetting, change_setting, subject="module", exclusive=True
    ),
    ReadyAction.of_kernel(
        "problem.clear", N_("Forget problems of a module"), ClearProblems, clear_problems, subject="module"
    ),
)
"""What the kernel can do to modules, settings and problems."""
