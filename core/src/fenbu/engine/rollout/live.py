"""What is on in a running enterprise and how it is set, as a rollout file can say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from attrs import field, frozen
from packaging.version import InvalidVersion, Version
from pydantic import ValidationError
from sqlalchemy import select

from fenbu.engine.catalog.errors import ReferenceBroken
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.guard import operators
from fenbu.engine.guard.permissions import LAYERS
from fenbu.engine.kernel import Kernel
from fenbu.engine.settings import stored
from fenbu.engine.store.tables import operator, operator_grant
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.settings import Settings
from fenbu.validation import field_problems

_DECIDING = (
    select(operator.c.name)
    .join(operator_grant, operator_grant.c.operator == operator.c.name)
    .where(operator_grant.c.what == next(iter(LAYERS)), operator.c.disabled_at.is_(None))
    .order_by(operator.c.name)
)


@frozen
class LiveModule:
    """A module that is installed or takes part."""

    name: str
    title: str
    version: str
    """Of the installed code; empty when it is gone."""
    data_version: str
    """Of the code that was enabled; empty when it never was."""
    state: str
    on: bool
    draining: bool
    trouble: str = ""
    """Why a rollout file cannot have it; empty when it can."""
    settings: Settings | None = None
    """As they are now; None with a trouble, or when it never took part."""

    @property
    def usable(self) -> bool:
        """It takes part, and a rollout file can say so."""
        return self.on and not self.draining and not self.trouble

    @property
    def range(self) -> str:
        """Versions that a plan may well allow, from what there is up to the next major one; empty for any."""
        try:
            known = [Version(text) for text in (self.version, self.data_version) if text]
        except InvalidVersion:
            return ""
        lowest, highest = min(known), max(known)
        epoch = f"{highest.epoch}!" if highest.epoch else ""
        return f">={lowest.public},<{epoch}{highest.major + 1}"


@frozen
class Live:
    """An enterprise at one moment."""

    name: str
    day: date
    """Today, in the enterprise's time zone."""
    owner: str
    """An operator who owns it; empty when nobody does."""
    decides: str
    """An operator of the layer that decides; empty when nobody was named."""
    modules: Mapping[str, LiveModule] = field(factory=dict)
    """By name: those that take part first, in the order in which they were enabled."""

    @property
    def on(self) -> list[LiveModule]:
        """Those that take part."""
        return [module for module in self.modules.values() if module.on]


def look(kernel: Kernel, permission: str) -> Live:
    """Return what is on and how it is set.

    Args:
        kernel: Of the enterprise.
        permission: What the actor needs to hold; settings are told with the references of secrets.

    Raises:
        NotPermitted: The actor does not hold it.
    """
    with kernel.read() as work:
        work.require(permission)
        modules = kernel.catalog.read(work.connection, look_at_all=True, fresh=True)
        ordered = sorted(modules.by_name.values(), key=lambda module: (not module.on, module.place()))
        return Live(
            name=work.enterprise.name,
            day=work.now.astimezone(work.enterprise.zone).date(),
            owner=next(iter(operators.owners(work.connection)), ""),
            decides=work.connection.execute(_DECIDING).scalars().first() or "",
            modules={module.name: _live(work, module) for module in ordered},
        )


def _live(work: EngineWork, module: Module) -> LiveModule:
    settings, trouble = _settings(module, stored(work.connection, module.name)) if module.on else (None, "")
    return LiveModule(
        name=module.name,
        title=_(module.title) or module.name,
        version=module.version,
        data_version=module.row.version if module.row else "",
        state=module.state.value,
        on=module.on,
        draining=module.draining,
        trouble=trouble,
        settings=settings,
    )


def _settings(module: Module, values: Mapping[str, Any]) -> tuple[Settings | None, str]:
    """Return how a module is set, or why nobody can say."""
    if module.loaded is None:
        return None, module.reason or _("its package is gone")
    try:
        model: type[Settings] = resolve(module.loaded.manifest.settings, module=module.name)
        return model.model_validate(values), ""
    except ReferenceBroken as error:
        return None, str(error)
    except ValidationError as error:
        first = field_problems(error)[0]
        return None, _("its setting {name} is wrong: {problem}").format(
            name=first.field, problem=first.problem
        )
