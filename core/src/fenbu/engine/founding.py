"""Founding: the database of an enterprise is made, and who makes it becomes the owner."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from fenbu.engine.guard import operators
from fenbu.engine.store.database import Database
from fenbu.engine.store.tables import enterprise
from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.values import is_currency


def found(
    url: str, *, name: str, currency: str, time_zone: str, owner: str, clock: Callable[[], int] | None = None
) -> Database:
    """Make an enterprise's database with its one row and its owner, and commit.

    Raises:
        InputInvalid: The name, the currency or the time zone is none; nothing was made.
        AlreadyExists: There is an enterprise in this database.
    """
    _check(name, currency, time_zone)
    database = Database.create(url)
    with database.write() as connection:
        if (known := connection.execute(select(enterprise.c.name)).scalar()) is not None:
            raise AlreadyExists(_("enterprise"), known)
        at = clock() if clock else database.clock(connection)
        row = {"id": 1, "name": name, "currency": currency, "timezone": time_zone, "created_at": at}
        connection.execute(enterprise.insert(), row)
        operators.add_owner(connection, owner, at)
    return database


def _check(name: str, currency: str, time_zone: str) -> None:
    problems = []
    if not name.strip():
        problems.append(FieldProblem("name", _("an enterprise has a name")))
    if not is_currency(currency):
        told = _("a currency is three capital letters (ISO 4217)")
        problems.append(FieldProblem("currency", told, currency))
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        told = _("a time zone has a name like Europe/London (IANA)")
        problems.append(FieldProblem("time_zone", told, time_zone))
    if problems:
        raise InputInvalid("init", problems)
