"""Settings of a module: its model, and what is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from fenbu_tui.world.base import Act

if TYPE_CHECKING:
    from pydantic import BaseModel


@frozen(kw_only=True)
class ModuleSettings:
    """The settings of a module, as a form asks for them."""

    module: str
    title: str
    model: type[BaseModel]
    given: Mapping[str, Any]
    """What stands there now, defaults included; secrets by their references."""


class Settings(Protocol):
    """What the form of settings asks and does."""

    def settings(self, module: str) -> ModuleSettings:
        """Return a module's settings.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: The module cannot be loaded, or has none.
        """
        ...

    def set(self, module: str, changed: Mapping[str, Any]) -> Act:
        """Return the act that changes settings: each is a change of its own, in their order.

        Args:
            module: Its name.
            changed: Name to new value, as the form has it; None goes back to the default.
        """
        ...
