"""The tail of the calls to the outside: those of every state as one list, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import Connection, RowMapping

from fenbu.engine.flows.errors import NoSuchCall
from fenbu.engine.flows.filters import Filters
from fenbu.engine.flows.sql import statement
from fenbu.engine.flows.wanted import CALL_STATES, Wanted

LOOKED = 5_000
"""Over how many calls one page looks at most; each costs more, for they do not lie in the order of time."""
FIRST = 1_000
"""Over how many it looks at first; four times as many each further time."""
_CALLS = """
    SELECT id, module, operation, subject, key, state, attempts, not_before, at, cause, error, amount, currency
    FROM fenbu_call c WHERE (at, id) < (:at, :id) AND (at, id) >= (:low, :low_id) AND {filters}
    ORDER BY at DESC, id DESC LIMIT :limit
"""
_CALL = """
    SELECT id, module, operation, subject, key, state, attempts, not_before, at, cause, error, amount, currency
    FROM fenbu_call WHERE id = :id
"""
_LOW = "SELECT at, id FROM fenbu_call WHERE (at, id) < (:at, :id) ORDER BY at DESC, id DESC LIMIT 1 OFFSET :width"
_CALL_COLUMNS = {
    "": ("c.operation", "c.subject", "c.key", "c.error"),
    "topic": ("c.operation",),
    "subscription": ("c.operation",),
    "key": ("c.key",),
    "module": ("c.module",),
}
_FOREVER = 2**63 - 1


@frozen(kw_only=True)
class OutsideCall:
    """One call to the outside, wherever it stands."""

    id: str
    module: str
    operation: str
    subject: str
    key: str
    state: str
    """One of `wanted.CALL_STATES`."""
    attempts: int
    not_before: int
    at: int
    """When it was recorded, UTC microseconds."""
    cause: int | None
    amount: int | None
    """Scaled as in the store."""
    currency: str | None
    detail: str


@frozen
class Page:
    """Calls, newest first."""

    rows: Sequence[OutsideCall]
    next: tuple[int, str] | None
    """Given as `before` it continues here; None when nothing is older."""


def call(connection: Connection, identity: str) -> OutsideCall:
    """Return one call to the outside.

    Raises:
        NoSuchCall: There is none with this key.
    """
    row = connection.execute(statement(_CALL, connection.dialect.name), {"id": identity}).mappings().first()
    if row is None:
        raise NoSuchCall(identity)
    return _outside(row)


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    before: tuple[int, str] | None = None,
    limit: int = 200,
    looked: int = LOOKED,
) -> Page:
    """Return calls to the outside, newest first; ``topic:`` means their operation.

    Args:
        connection: A reading transaction.
        wanted: Which.
        before: `Page.next` of the page before.
        limit: Calls wanted.
        looked: How many it looks at.

    Raises:
        NoSuchState: The filter asks for a state that there is not.
    """
    filters = _of_calls(wanted, connection.dialect.name)
    rows: list[OutsideCall] = []
    place: tuple[int, str] | None = before or (_FOREVER, "")
    width = FIRST
    while place is not None and len(rows) < limit and looked > 0:
        low = _further_back(connection, place, min(width, looked))
        found = _calls_between(connection, filters, place, low, limit - len(rows))
        rows += found
        place = (rows[-1].at, rows[-1].id) if len(rows) == limit else low
        looked, width = looked - width, width * 4
    return Page(rows, place)


def _further_back(connection: Connection, place: tuple[int, str], width: int) -> tuple[int, str] | None:
    """Return the call that is so many before another; None when there are not so many."""
    values = {"at": place[0], "id": place[1], "width": width - 1}
    row = connection.execute(statement(_LOW, connection.dialect.name), values).first()
    return None if row is None else (row.at, row.id)


def _calls_between(
    connection: Connection, filters: Filters, high: tuple[int, str], low: tuple[int, str] | None, limit: int
) -> list[OutsideCall]:
    first = low or (-1, "")
    values = filters.values | {
        "at": high[0],
        "id": high[1],
        "low": first[0],
        "low_id": first[1],
        "limit": limit,
    }
    template = _CALLS.replace("{filters}", filters.condition)
    rows = connection.execute(statement(template, connection.dialect.name), values).mappings()
    return list(map(_outside, rows))


def _outside(row: RowMapping) -> OutsideCall:
    told = dict(row)
    return OutsideCall(detail=told.pop("error") or "", **told)


def _of_calls(wanted: Wanted, dialect: str) -> Filters:
    filters = Filters(dialect)
    filters.one_of("c.state", wanted.states(CALL_STATES))
    for term in wanted.terms:
        if term.field != "state":
            filters.texts(term, _CALL_COLUMNS[term.field])
    return filters
