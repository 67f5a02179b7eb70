"""Money, quantities and times come back as they were written."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, func, insert, select
from sqlalchemy.exc import DBAPIError, StatementError

from fenbu.engine.store.database import Database
from fenbu.tables import Day, Id, Json, MoneyType, PriceType, QuantityType, RateType, UtcTime

VALUES = Table(
    "erp_value",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("money", MoneyType()),
    Column("quantity", QuantityType()),
    Column("price", PriceType()),
    Column("rate", RateType()),
    Column("at", UtcTime()),
    Column("day", Day()),
    Column("about", Json()),
    sqlite_strict=True,
)


@pytest.fixture
def values(database: Database) -> Database:
    with database.migrate() as connection:
        VALUES.create(connection)
    return database


def kept(database: Database, **row: Any) -> Any:
    """Write one value and read it back."""
    (name,) = row
    with database.write() as connection:
        connection.execute(insert(VALUES).values(**row))
    with database.read() as connection:
        return connection.execute(select(VALUES.c[name])).scalar_one()


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("money", "99999999999999.9999"),
        ("money", "-99999999999999.9999"),
        ("money", "0.0001"),
        ("money", "409.93"),
        ("quantity", "99999999999999.9999"),
        ("price", "999999999999.000001"),
        ("rate", "9999999999.00000001"),
        ("rate", "0.07250000"),
    ],
)
def test_a_decimal_comes_back_to_the_last_place(values: Database, column: str, written: str) -> None:
    read = kept(values, **{column: Decimal(written)})
    assert isinstance(read, Decimal)
    assert read == Decimal(written)


def test_a_sum_in_the_database_is_exact(values: Database) -> None:
    amounts = [Decimal("99999999999.9999"), Decimal("0.0001"), Decimal("-0.0003")]
    with values.write() as connection:
        connection.execute(insert(VALUES), [{"money": amount} for amount in amounts])
    with values.read() as connection:
        total = connection.execute(select(func.sum(VALUES.c.money, type_=MoneyType()))).scalar_one()
    assert total == Decimal("99999999999.9997") + Decimal("0.0000")


def test_what_does_not_fit_is_refused_and_not_rounded(values: Database) -> None:
    with pytest.raises((StatementError, ValueError)):
        kept(values, money=Decimal("0.00001"))


def test_what_is_too_large_for_the_database_is_refused(values: Database) -> None:
    with pytest.raises((StatementError, DBAPIError, OverflowError, ValueError)):
        kept(values, money=Decimal("999999999999999999.9999"))


def test_a_time_comes_back_as_the_same_moment_in_utc(values: Database) -> None:
    shanghai = timezone(timedelta(hours=8))
    read = kept(values, at=datetime(2026, 3, 31, 7, 30, 0, 123456, tzinfo=shanghai))
    assert read == datetime(2026, 3, 30, 23, 30, 0, 123456, tzinfo=UTC)
    assert read.tzinfo is UTC


def test_a_time_without_zone_is_refused(values: Database) -> None:
    with pytest.raises((StatementError, ValueError), match="zone"):
        kept(values, at=datetime(2026, 3, 31))


def test_days_and_json_come_back(values: Database) -> None:
    assert kept(values, day=date(2026, 3, 31)) == date(2026, 3, 31)


def test_chinese_text_in_json_comes_back(values: Database) -> None:
    assert kept(values, about={"item": "退款", "lines": [1, 2]}) == {"item": "退款", "lines": [1, 2]}


@pytest.mark.parametrize("wrong", ["'ten'", "1.5"])
def test_a_column_of_money_takes_no_other_type(values: Database, wrong: str) -> None:
    if values.dialect == "postgresql" and wrong == "1.5":
        wrong = "'1.5'"  # a numeric literal would be rounded by the server's own assignment cast
    with pytest.raises(DBAPIError), values.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO erp_value (money) VALUES ({wrong})")
