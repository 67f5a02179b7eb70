"""The base of this module's rows, with a MetaData of its own."""

from typing import TYPE_CHECKING

from fenbu.tables import tables

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("crm")

__all__ = ["Base"]
