"""Tables of a module, with the column types in which business values are kept exactly (`fenbu.column_types`).

``tables("erp")`` gives a module its own base class with its own MetaData, so that a module whose
import failed half-way can be mended and loaded again, and modules cannot join each other's tables by
accident. Rows are SQLModel classes with ``table=True``: columns, keys, indexes and CHECKs, no rules
(a table model does not validate; input models and values do).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from fenbu.column_types import (
    KEYED,
    NAMING,
    STRICT,
    Day,
    Flag,
    Id,
    Json,
    MoneyType,
    PriceType,
    QuantityType,
    RateType,
    Scaled,
    UtcTime,
    one_of,
    partial,
)

__all__ = [
    "KEYED",
    "NAMING",
    "STRICT",
    "Day",
    "Flag",
    "Id",
    "Json",
    "ModuleTable",
    "MoneyType",
    "PriceType",
    "QuantityType",
    "RateType",
    "Scaled",
    "UtcTime",
    "forget_tables",
    "one_of",
    "partial",
    "table_of",
    "tables",
]


class ModuleTable(SQLModel):
    """Base of all modules' rows; a module's own base comes from ``tables``.

    A row's validator is built when something is validated by it, which rows seldom are: building them all takes a
    tenth of loading the tables.
    """

    model_config = {"defer_build": True}
    metadata: ClassVar[MetaData]
    module_name: ClassVar[str]
    __table_args__: ClassVar[Any] = STRICT


_bases: dict[str, type[ModuleTable]] = {}


def tables(module: str) -> type[ModuleTable]:
    """Return the base class of a module's rows, with a MetaData and a registry of its own.

    Args:
        module: The module's name; every table's name starts with it and an underscore.
    """
    if module in _bases:
        return _bases[module]
    own = registry(metadata=MetaData(naming_convention=NAMING))
    namespace: Mapping[str, Any] = {"__module__": __name__, "metadata": own.metadata, "module_name": module}
    kind: Any = type(SQLModel)
    base: type[ModuleTable] = kind(f"{module.title()}Table", (ModuleTable,), dict(namespace), registry=own)
    _bases[module] = base
    return base


def forget_tables(module: str) -> None:
    """Let a module whose import failed half-way, or whose code was unloaded, declare those tables anew.

    What was declared by code that is still imported stays as it is.
    """
    base = _bases.get(module)
    if base is None:
        return
    mappers = list(base._sa_registry.mappers)
    gone = [mapper for mapper in mappers if mapper.class_.__module__ not in sys.modules]
    if len(gone) == len(mappers):
        del _bases[module]
    for mapper in gone:
        base.metadata.remove(mapper.class_.__table__)


def table_of(row: type[ModuleTable]) -> Table:
    """Return the Core table of a row class, for statements that are built once."""
    found: Table = row.__table__  # type: ignore[attr-defined]
    return found
