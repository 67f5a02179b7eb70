"""Doing what was chosen, in a worker's thread: nothing where one only looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from textual.app import App

from fenbu.errors import FenbuError
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu_tui.world.base import Act


@frozen(eq=False)
class LookingOnly(FenbuError):
    """Something would be changed, and the terminal UI was opened read-only."""

    def __str__(self) -> str:
        return _("nothing can be changed here: it was opened read-only")


def refuse_read_only(app: App[object]) -> None:
    """Refuse to change anything where one only looks.

    Raises:
        LookingOnly: One does.
    """
    if getattr(app, "read_only", False):
        raise LookingOnly


def perform(app: App[object], act: Act) -> str:
    """Do it, and return what was done in one sentence; raises what it raises.

    Raises:
        LookingOnly: The app was opened read-only.
    """
    refuse_read_only(app)
    return act.run()
