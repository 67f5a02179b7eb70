"""Numbers without gaps: invoices, credit notes, journal entries.

Invariant: the numbers of a series that were committed are 1, 2, 3 … without a gap and without a double.
A number belongs to the transaction that took it: when that rolls back, the next one takes it again. The
price is that others who want a number of the same series wait until it ends, so it is taken last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, text

_TAKE = text(
    "INSERT INTO fenbu_number_series (name, next) VALUES (:name, 2) "
    "ON CONFLICT (name) DO UPDATE SET next = fenbu_number_series.next + 1 RETURNING next"
)
_HOLD = text(
    "INSERT INTO fenbu_number_series (name, next) VALUES (:name, 1) "
    "ON CONFLICT (name) DO UPDATE SET next = fenbu_number_series.next RETURNING next"
)
_WRITE = text("UPDATE fenbu_number_series SET next = :next WHERE name = :name")


def next_number(connection: Connection, series: str) -> int:
    """Take the next number of a series; the series begins with 1 when it is first asked.

    Lock order: after every other row that the transaction changes.
    """
    following: int = connection.execute(_TAKE, {"name": series}).scalar_one()
    return following - 1


def hold(connection: Connection, series: Iterable[str]) -> dict[str, int]:
    """Let nobody else take numbers of several series until the transaction ends; locked in the order of their names.

    Two batches that take of both, each in the order in which its events came, would wait for each other for ever.

    Returns:
        The number of each that comes next.
    """
    return {name: connection.execute(_HOLD, {"name": name}).scalar_one() for name in sorted(series)}


def write(connection: Connection, following: Mapping[str, int]) -> None:
    """Write which number comes next in series that this transaction holds, having taken those before."""
    connection.execute(_WRITE, [{"name": name, "next": next_} for name, next_ in following.items()])
