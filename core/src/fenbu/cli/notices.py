"""What every command says at its end: that deliveries wait, and when a worker last beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fenbu.i18n import _

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from fenbu.cli.output import Output


def say_what_waits(out: Output, connection: Connection, now: datetime) -> None:
    """Say on stderr how many deliveries wait and whether a worker runs; nothing when none waits."""
    from fenbu.engine.flows.standing import standing, waits

    found = standing(connection, now)
    if found.waiting:
        told = waits(found)
        out.say(told if found.attended else _("{told}: fenbu worker delivers them").format(told=told), "dim")
