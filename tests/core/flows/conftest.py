"""A shop on each kind of database."""

from collections.abc import Iterator

import pytest

from fenbu.engine.store.database import Database
from fenbu.testing.databases import DatabaseCopy
from tests.core.flows.shop import Shop, build


@pytest.fixture
def url(database_copy: DatabaseCopy) -> str:
    return database_copy("shop", build)


@pytest.fixture
def shop(url: str) -> Iterator[Shop]:
    database = Database.open(url)
    yield Shop(database)
    database.dispose()
