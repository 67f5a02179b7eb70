"""Warehouses and locations: where pieces are, and the places outside from which they come and to which they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, insert, select

from fenbu.errors import AlreadyExists, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Title
from fenbu.work import Work
from fenbu_scm.errors import LocationUnsuited
from fenbu_scm.settings import ScmSettings
from fenbu_scm.tables import LOCATION, WAREHOUSE

STOCK_KIND = "stock"
HOLD_KIND = "hold"
INSIDE = (STOCK_KIND, HOLD_KIND)

SUPPLIER = "supplier"
CUSTOMER = "customer"
LOST = "lost"
OPENING = "opening"

MAIN = "MAIN"

_KNOWN = select(LOCATION.c.code, LOCATION.c.kind).where(
    LOCATION.c.code.in_(bindparam("codes", expanding=True))
)
_WAREHOUSE = select(WAREHOUSE.c.code).where(WAREHOUSE.c.code == bindparam("wanted"))
_ADD_WAREHOUSE = insert(WAREHOUSE)
_ADD = insert(LOCATION)


class OpenWarehouse(Input):
    """A new warehouse; its first location has its code."""

    warehouse: Code
    title: Title
    rank: int = Field(0, ge=0, le=9999, description="Pieces are promised from the lowest rank first")


class OpenLocation(Input):
    """A new location in a warehouse."""

    location: Code
    warehouse: Code
    title: Title
    kind: Literal["stock", "hold"] = Field(
        "stock", description="Pieces on hold are ours and counted, and never promised to anybody"
    )
    rank: int = Field(0, ge=0, le=9999, description="Pieces are promised from the lowest rank first")


def open_warehouse(work: Work, wanted: OpenWarehouse) -> dict[str, Any]:
    """Open a warehouse with one location of the same code.

    Raises:
        AlreadyExists: A warehouse or location has this code.
    """
    if work.execute(_WAREHOUSE, {"wanted": wanted.warehouse}).first() is not None:
        raise AlreadyExists(_("warehouse"), wanted.warehouse)
    _refuse_known(work, wanted.warehouse)
    work.execute(_ADD_WAREHOUSE, {"code": wanted.warehouse, "title": wanted.title})
    _add(work, wanted.warehouse, STOCK_KIND, wanted.warehouse, wanted.title, wanted.rank)
    return {"warehouse": wanted.warehouse, "location": wanted.warehouse}


def open_location(work: Work, wanted: OpenLocation) -> dict[str, Any]:
    """Open a location in a warehouse.

    Raises:
        NotFound: No such warehouse.
        AlreadyExists: A location has this code.
    """
    if work.execute(_WAREHOUSE, {"wanted": wanted.warehouse}).first() is None:
        raise NotFound(_("warehouse"), wanted.warehouse, _("fenbu show scm.warehouses lists them"))
    _refuse_known(work, wanted.location)
    _add(work, wanted.location, wanted.kind, wanted.warehouse, wanted.title, wanted.rank)
    return {"location": wanted.location, "warehouse": wanted.warehouse, "kind": wanted.kind}


def inside(work: Work, codes: Collection[str]) -> Mapping[str, bool]:
    """Return location to whether its pieces may be promised; all must lie in a warehouse.

    Raises:
        NotFound: No such location.
        LocationUnsuited: It is one of those outside.
    """
    found: dict[str, Row[Any]] = {row.code: row for row in work.execute(_KNOWN, {"codes": list(set(codes))})}
    for code in codes:
        row = found.get(code)
        if row is None:
            raise NotFound(_("location"), code, _("fenbu show scm.locations lists them"))
        if row.kind not in INSIDE:
            raise LocationUnsuited(code, row.kind)
    return {code: found[code].kind == STOCK_KIND for code in codes}


def usual(work: Work) -> str:
    """Return the location of inputs that name none."""
    return work.settings(ScmSettings).location


def seed(work: Work) -> None:
    """Open the first warehouse and the places outside."""
    work.execute(_ADD_WAREHOUSE, {"code": MAIN, "title": _("Main warehouse")})
    _add(work, MAIN, STOCK_KIND, MAIN, _("Main warehouse"), 0)
    for code, title in (
        (SUPPLIER, _("Suppliers")),
        (CUSTOMER, _("Customers")),
        (LOST, _("Lost and found")),
        (OPENING, _("Opening stock")),
    ):
        _add(work, code, code, None, title, 0)


def _refuse_known(work: Work, code: str) -> None:
    if work.execute(_KNOWN, {"codes": [code]}).first() is not None:
        raise AlreadyExists(_("location"), code)


def _add(work: Work, code: str, kind: str, warehouse: str | None, title: str, rank: int) -> None:
    work.execute(_ADD, {"code": code, "kind": kind, "warehouse": warehouse, "title": title, "rank": rank})
