"""Copies and restored backups: marked, so that no call leaves them, until somebody says that they are the original."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import func, select, update

from fenbu.actions import Consequence
from fenbu.engine.assembly import ReadyAction
from fenbu.engine.store import catalogue
from fenbu.engine.store.tables import OPEN_CALLS, call, enterprise
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound
from fenbu.i18n import N_, _
from fenbu.inputs import Input


class ReleaseCopy(Input):
    """A copy that takes the place of its original."""

    reason: str = Field(
        min_length=1,
        max_length=1000,
        description=N_("Why, and with what it was compared; kept in the audit trail"),
    )


def release(work: EngineWork, wanted: ReleaseCopy) -> dict[str, Any]:  # noqa: ARG001  (kept by the audit trail)
    """Let calls leave a copy; the caller holds the catalogue lock exclusively, so that every process sees it.

    Raises:
        NotFound: It is no copy.
    """
    mark = work.connection.execute(select(enterprise.c.copy_of)).scalar()
    if mark is None:
        raise NotFound(_("mark of a copy on"), work.enterprise.name, _("calls leave it already"))
    work.connection.execute(update(enterprise).values(copy_of=None))
    catalogue.bump(work.connection)
    return {"copy_of": mark, "calls": _waiting(work)}


def preview(work: EngineWork, wanted: ReleaseCopy) -> list[Consequence]:  # noqa: ARG001
    """Say how many calls would be made at once."""
    return [
        Consequence(_("calls to the outside leave it from now on"), str(_waiting(work))),
        Consequence(_("the original must be at rest: what both sent would be sent twice")),
    ]


def _waiting(work: EngineWork) -> int:
    open_ = select(func.count()).select_from(call).where(call.c.state.in_(OPEN_CALLS))
    return int(work.connection.execute(open_).scalar_one())


ACTIONS: tuple[ReadyAction, ...] = (
    ReadyAction.of_kernel(
        "copy.release",
        N_("Let a copy take the place of its original"),
        ReleaseCopy,
        release,
        preview=preview,
        help=N_("After a restored backup was compared with what the outside says: calls leave it again."),
        dangerous=True,
        exclusive=True,
    ),
)
"""The one verb."""
