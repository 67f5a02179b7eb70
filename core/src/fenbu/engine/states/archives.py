"""Purging and bringing back, declared as actions of the kernel; rules as in `actions`, `purge` and `unarchive`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from pydantic import Field

from fenbu.actions import Consequence
from fenbu.engine.assembly import ReadyAction
from fenbu.engine.states import purge as purging
from fenbu.engine.states import unarchive as unarchiving
from fenbu.engine.work import EngineWork
from fenbu.i18n import N_
from fenbu.inputs import Input


class PurgeModule(Input):
    """A disabled module whose data are to go."""

    module: str = Field(description=N_("Module; it must be disabled"))
    archive: Path = Field(description=N_("File to write its data to; it must not exist yet"))


class UnarchiveModule(Input):
    """An archive to bring back."""

    archive: Path = Field(description=N_("File that purging has written"))


def purge(work: EngineWork, values: PurgeModule) -> dict[str, Any]:
    """Write a module's data to an archive and delete them."""
    return attrs.asdict(purging.purge(work, values.module, values.archive.absolute()))


def preview_purge(work: EngineWork, values: PurgeModule) -> list[Consequence]:
    """Say what would go, what would stay, and who refers to it."""
    return list(purging.preview(work, values.module))


def unarchive(work: EngineWork, values: UnarchiveModule) -> dict[str, Any]:
    """Bring a module's data back; it is disabled then."""
    return attrs.asdict(unarchiving.unarchive(work, values.archive.absolute()))


def preview_unarchive(work: EngineWork, values: UnarchiveModule) -> list[Consequence]:
    """Say what would come back."""
    return list(unarchiving.preview(work, values.archive.absolute()))


ACTIONS: tuple[ReadyAction, ...] = (
    ReadyAction.of_kernel(
        "module.purge",
        N_("Purge a module"),
        PurgeModule,
        purge,
        preview=preview_purge,
        help=N_(
            "Its data go into an archive, which is checked, and out of the database; its package may be gone."
        ),
        view="fenbu.modules",
        subject="module",
        dangerous=True,
        exclusive=True,
        migrates=True,
    ),
    ReadyAction.of_kernel(
        "module.unarchive",
        N_("Bring a purged module back"),
        UnarchiveModule,
        unarchive,
        preview=preview_unarchive,
        help=N_("Its package must be installed; it is disabled then, and enabling it catches up."),
        view="fenbu.modules",
        exclusive=True,
        migrates=True,
    ),
)
"""The two verbs."""
