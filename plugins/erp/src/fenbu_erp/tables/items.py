"""Rows of what is sold: items, prices, and the rates of taxes and currencies."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_erp.lifecycles import ItemState
from fenbu_erp.tables.base import Base


class TaxCategoryRow(Base, table=True):
    """A kind of supply that is taxed alike."""

    __tablename__: ClassVar[Any] = "erp_tax_category"

    code: str = columns.text(key=True)
    title: str = columns.text()


class TaxRateRow(Base, table=True):
    """The rate of a category from a day on."""

    __tablename__: ClassVar[Any] = "erp_tax_rate"
    __table_args__: ClassVar[Any] = (CheckConstraint("rate >= 0", name="rate"), KEYED)

    category: str = columns.text(key=True, references="erp_tax_category.code")
    since: date = columns.day(key=True)
    rate: Decimal = columns.rate()


class ExchangeRateRow(Base, table=True):
    """What one unit of a currency is worth in the own currency from a day on."""

    __tablename__: ClassVar[Any] = "erp_exchange_rate"
    __table_args__: ClassVar[Any] = (CheckConstraint("rate > 0", name="rate"), KEYED)

    currency: str = columns.text(key=True)
    since: date = columns.day(key=True)
    rate: Decimal = columns.rate()


class ItemRow(Base, table=True):
    """What can be sold: goods or a service."""

    __tablename__: ClassVar[Any] = "erp_item"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "goods", "service"),
        one_of("state", *ItemState),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text()
    kind: str = columns.text()
    unit: str = columns.text()
    tax_category: str = columns.text(references="erp_tax_category.code")
    state: str = columns.text(default="active")
    revision: int = columns.whole(default=1)
    registered_at: datetime = columns.moment()


class PriceRow(Base, table=True):
    """The price list: an item's unit price in a currency from a day on, without tax."""

    __tablename__: ClassVar[Any] = "erp_price"
    __table_args__: ClassVar[Any] = (KEYED,)

    item: str = columns.text(key=True, references="erp_item.code")
    currency: str = columns.text(key=True)
    since: date = columns.day(key=True)
    unit_price: Decimal = columns.price()


TAX_CATEGORY = table_of(TaxCategoryRow)
TAX_RATE = table_of(TaxRateRow)
EXCHANGE_RATE = table_of(ExchangeRateRow)
ITEM = table_of(ItemRow)
PRICE = table_of(PriceRow)
