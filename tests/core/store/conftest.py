"""A database with the kernel's tables, and one more table to play with."""

from collections.abc import Iterator

import pytest

from fenbu.engine.store.database import Database
from fenbu.testing.databases import DatabaseCopy

SHELF = {
    "sqlite": "CREATE TABLE erp_shelf (id INTEGER PRIMARY KEY, label TEXT NOT NULL, pieces INTEGER) STRICT",
    "postgresql": "CREATE TABLE erp_shelf (id BIGSERIAL PRIMARY KEY, label TEXT NOT NULL, pieces BIGINT)",
}


def _with_a_shelf(url: str) -> None:
    database = Database.create(url)
    with database.migrate() as connection:
        connection.exec_driver_sql(SHELF[database.dialect])
    database.dispose()


@pytest.fixture
def url(database_copy: DatabaseCopy) -> str:
    """A database of fenbu with the table `erp_shelf`."""
    return database_copy("store", _with_a_shelf)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    yield opened
    opened.dispose()
