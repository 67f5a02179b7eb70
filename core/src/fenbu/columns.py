"""Columns of a module's rows, one function a kind of value.

A row says what each column means, and the store follows on both databases::

    from fenbu import columns

    class ReceiptRow(Base, table=True):
        __tablename__: ClassVar[Any] = "erp_receipt"

        number: str = columns.text(key=True)
        account: str = columns.text(references="erp_account.number")
        day: date = columns.day()
        amount: Decimal = columns.money()
        payer: str = columns.text(default="", personal=True)

Every function takes the same arguments: ``key`` (part of the primary key), ``null``, ``default``,
``references`` (a column of this module's own tables), ``unique``, ``personal`` (tells of a person: masked,
exported and erased by subject). Columns do not allow null unless they say so.
"""

from __future__ import annotations

from typing import Any, Protocol

from pydantic_core import PydanticUndefined
from sqlalchemy import Integer, Text
from sqlmodel import Field

from fenbu.column_types import Day, Flag, Id, Json, MoneyType, PriceType, QuantityType, RateType, UtcTime


class Maker(Protocol):
    """Makes the field of one column."""

    def __call__(
        self,
        *,
        key: bool = False,
        null: bool = False,
        default: Any = PydanticUndefined,
        references: str | None = None,
        unique: bool = False,
        personal: bool = False,
    ) -> Any:
        """Return what SQLModel wants on the right-hand side of a field."""
        ...


def _maker(kind: Any, doc: str) -> Maker:
    def make(
        *,
        key: bool = False,
        null: bool = False,
        default: Any = PydanticUndefined,
        references: str | None = None,
        unique: bool = False,
        personal: bool = False,
    ) -> Any:
        options: dict[str, Any] = {"info": {"personal": True}} if personal else {}
        if null and default is PydanticUndefined:
            default = None
        return Field(
            default=default,
            sa_type=kind,
            primary_key=key,
            nullable=null,
            foreign_key=references if references is not None else PydanticUndefined,
            unique=unique,
            sa_column_kwargs=options,
        )

    make.__doc__ = doc
    return make


text = _maker(Text, "Text of any length, ``str``.")
whole = _maker(Integer, "A whole number, ``int``.")
serial = _maker(Id, "A surrogate key that the database counts, ``int | None`` before it is stored.")
flag = _maker(Flag, "Yes or no, ``bool``, kept as 1 or 0.")
money = _maker(MoneyType, "An amount of money, ``Decimal`` with 4 decimals.")
quantity = _maker(QuantityType, "A quantity in the item's unit, ``Decimal`` with 4 decimals.")
price = _maker(PriceType, "A unit price, ``Decimal`` with 6 decimals.")
rate = _maker(RateType, "A rate of tax or exchange, ``Decimal`` with 8 decimals.")
moment = _maker(UtcTime, "A moment, ``datetime`` in UTC with zone.")
day = _maker(Day, "A business date, ``date``.")
json = _maker(Json, "A mapping or list, kept as JSON text.")
