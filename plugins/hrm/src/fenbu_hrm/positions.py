"""Positions: what somebody works as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, insert, select

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Title
from fenbu.work import Work
from fenbu_hrm.tables import POSITION

_KNOWN = select(POSITION.c.code).where(POSITION.c.code.in_(bindparam("wanted", expanding=True)))
_INSERT = insert(POSITION)


class Position(Input):
    """What somebody works as."""

    position: Code = Field(description="Its own code")
    title: Title | None = Field(None, description="What people call it; its code unless given")


class RegisterPositions(Input):
    """Positions."""

    positions: Sequence[Position] = Field(min_length=1, max_length=10_000)


def register(work: Work, wanted: RegisterPositions) -> dict[str, Any]:
    """Enter positions; those that are known are left as they are."""
    known = set(work.execute(_KNOWN, {"wanted": [one.position for one in wanted.positions]}).scalars())
    fresh = {
        one.position: {"code": one.position, "title": one.title or one.position}
        for one in reversed(wanted.positions)
        if one.position not in known
    }
    if fresh:
        work.execute(_INSERT, list(fresh.values()))
    return {"registered": len(fresh), "known": len(wanted.positions) - len(fresh)}


def require(work: Work, position: str) -> None:
    """Refuse a position that nobody has entered.

    Raises:
        NotFound: No such position.
    """
    if work.execute(_KNOWN, {"wanted": [position]}).first() is None:
        raise NotFound(_("position"), position, _("fenbu do hrm.position.register enters one"))
